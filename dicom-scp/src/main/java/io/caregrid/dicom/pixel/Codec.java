package io.caregrid.dicom.pixel;

import io.caregrid.dicom.data.TransferSyntax;
import java.util.Map;

/** Which compressed frames are understood, by Transfer Syntax UID (PS3.6 table A-1). */
enum Codec {
  RLE {
    @Override
    byte[] decode(byte[] frame, PixelFormat format) {
      return Rle.decode(frame, format);
    }

    /** The segments are what (0028,0006) and (0028,0004) say they are. */
    @Override
    PixelFormat decoded(PixelFormat format) {
      return format;
    }

    @Override
    long working(long stored, PixelFormat decoded) {
      return stored + decoded.frameBytes();
    }
  },
  JPEG {
    @Override
    byte[] decode(byte[] frame, PixelFormat format) {
      return Jpeg.decode(frame, format);
    }

    @Override
    void check(byte[] frame, PixelFormat format) {
      Jpeg.check(JpegHeader.of(frame));
    }

    /** The stream twice, what the reader gives and what becomes of it. */
    @Override
    long working(long stored, PixelFormat decoded) {
      return 2 * stored + 2 * decoded.frameBytes();
    }
  },
  JPEG_2000 {
    @Override
    byte[] decode(byte[] frame, PixelFormat format) {
      return Jpeg2000.decode(frame, format);
    }

    @Override
    void check(byte[] frame, PixelFormat format) {
      Jpeg2000.check(frame, format);
    }

    /** Wavelet coefficients of four bytes a sample, twice and a half, and the records of a stream's pieces besides: Jpeg2000NeedIT proves it. */
    @Override
    long working(long stored, PixelFormat decoded) {
      return 3 * stored + 2 * decoded.frameBytes() + Jpeg2000Structure.BYTES
          + (10 + Jpeg2000Structure.BYTES_PER_SAMPLE) * decoded.pixels() * decoded.samples();
    }
  };

  private static final Map<String, Codec> BY_SYNTAX = Map.of("1.2.840.10008.1.2.5", RLE, "1.2.840.10008.1.2.4.50", JPEG,
      "1.2.840.10008.1.2.4.51", JPEG, "1.2.840.10008.1.2.4.57", JPEG, "1.2.840.10008.1.2.4.70", JPEG,
      "1.2.840.10008.1.2.4.90", JPEG_2000, "1.2.840.10008.1.2.4.91", JPEG_2000);

  /** Null: nothing here decodes it. */
  static Codec of(TransferSyntax syntax) {
    return BY_SYNTAX.get(syntax.uid());
  }

  /** A frame as native little endian, laid out as {@link #decoded} says. */
  abstract byte[] decode(byte[] frame, PixelFormat format);

  /** Bytes of memory that decoding takes at most, the stream's and the result's among them. */
  abstract long working(long stored, PixelFormat decoded);

  /** UNSUPPORTED or BROKEN when the frame's own header already says that it will not be decoded. */
  void check(byte[] frame, PixelFormat format) {}

  /** The format after decoding: one sample stays what it is, colour is RGB pixel after pixel. */
  PixelFormat decoded(PixelFormat format) {
    return format.samples() == 1 ? format : format.with(Photometric.RGB, false);
  }
}
