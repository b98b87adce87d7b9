package io.caregrid.dicom.web;

import io.caregrid.dicom.data.DataSet;
import io.caregrid.dicom.data.DataSetWriter;
import io.caregrid.dicom.data.Element;
import io.caregrid.dicom.data.Part10;
import io.caregrid.dicom.data.Tag;
import io.caregrid.dicom.data.TransferSyntax;
import io.caregrid.dicom.data.Value;
import io.caregrid.dicom.data.Vr;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Random;

/** Pictures for tests: 16 columns of 8 bits, as many rows as wanted, filled with noise from the instance's number. */
final class Slices {
  static final String CT = "1.2.840.10008.5.1.4.1.1.2";
  static final String SECONDARY = "1.2.840.10008.5.1.4.1.1.7";
  static final String ROOT = "1.2.826.0.1.3680043.10.544.";
  static final int COLUMNS = 16;

  private Slices() {}

  static String study(int study) {
    return ROOT + study;
  }

  static String series(int study) {
    return study(study) + ".1";
  }

  static String instance(int study, int n) {
    return series(study) + "." + n;
  }

  static String path(int study, int n) {
    return "/studies/" + study(study) + "/series/" + series(study) + "/instances/" + instance(study, n);
  }

  static DataSet attributes(int study, int n) {
    return new DataSet(TransferSyntax.EXPLICIT_LE).putText(Tag.SPECIFIC_CHARACTER_SET, "ISO_IR 192")
        .putText(Tag.SOP_CLASS_UID, CT)
        .putText(Tag.SOP_INSTANCE_UID, instance(study, n))
        .putText(Tag.STUDY_INSTANCE_UID, study(study))
        .putText(Tag.SERIES_INSTANCE_UID, series(study))
        .putText(Tag.PATIENT_NAME, "Müller^Jörg")
        .putText(Tag.PATIENT_ID, "W-" + study)
        .putText(Tag.MODALITY, "CT")
        .putText(Tag.STUDY_DATE, "20260102")
        .putNumbers(Tag.SERIES_NUMBER, 1)
        .putNumbers(Tag.INSTANCE_NUMBER, n);
  }

  static DataSet picture(int study, int n, int rows, int frames) {
    DataSet set = attributes(study, n).putNumbers(Tag.SAMPLES_PER_PIXEL, 1)
        .putText(Tag.PHOTOMETRIC_INTERPRETATION, "MONOCHROME2")
        .putNumbers(Tag.ROWS, rows)
        .putNumbers(Tag.COLUMNS, COLUMNS)
        .putNumbers(Tag.BITS_ALLOCATED, 8)
        .putNumbers(Tag.BITS_STORED, 8)
        .putNumbers(Tag.HIGH_BIT, 7)
        .putNumbers(Tag.PIXEL_REPRESENTATION, 0);
    if (frames > 1) set.putNumbers(Tag.NUMBER_OF_FRAMES, frames);
    return set.put(new Element(Tag.PIXEL_DATA, Vr.OB, new Value.Bytes(pixels(n, rows * frames))));
  }

  /** One frame of so many columns. */
  static DataSet wide(int study, int n, int rows, int columns) {
    byte[] pixels = new byte[rows * columns];
    new Random(n).nextBytes(pixels);
    return picture(study, n, 1, 1).putNumbers(Tag.ROWS, rows)
        .putNumbers(Tag.COLUMNS, columns)
        .put(new Element(Tag.PIXEL_DATA, Vr.OB, new Value.Bytes(pixels)));
  }

  /** Private attributes of 16-bit numbers, {@code count} of 30 000 each. */
  static DataSet numbers(int study, int n, int count) {
    DataSet set = picture(study, n, 16, 1).put(new Element(0x00290010, Vr.LO, new Value.Bytes("TEST".getBytes(
        StandardCharsets.US_ASCII))));
    byte[] numbers = pixels(n, 60_000 / COLUMNS);
    for (int i = 0; i < count; i++) set.put(new Element(0x00291000 + i, Vr.US, new Value.Bytes(numbers)));
    return set;
  }

  /** All of a file up to its pixels, of which there are {@code rows * frames * COLUMNS} bytes, an even number. */
  static byte[] head(int study, int n, int rows, int frames) {
    DataSet set = picture(study, n, 1, 2).remove(Tag.PIXEL_DATA)
        .putNumbers(Tag.ROWS, rows)
        .putNumbers(Tag.NUMBER_OF_FRAMES, frames);
    ByteBuffer pixels = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN);
    pixels.putShort((short) 0x7FE0).putShort((short) 0x10).put((byte) 'O').put((byte) 'B').putShort((short) 0);
    pixels.putInt(rows * frames * COLUMNS);
    return joined(header(set, TransferSyntax.EXPLICIT_LE), DataSetWriter.bytes(set, TransferSyntax.EXPLICIT_LE),
        pixels.array());
  }

  static byte[] pixels(int n, int rows) {
    byte[] pixels = new byte[rows * COLUMNS];
    new Random(n).nextBytes(pixels);
    return pixels;
  }

  static byte[] file(int study, int n) {
    return file(picture(study, n, 16, 1));
  }

  static byte[] file(DataSet set) {
    return file(set, TransferSyntax.EXPLICIT_LE);
  }

  static byte[] file(DataSet set, TransferSyntax syntax) {
    return joined(header(set, syntax), DataSetWriter.bytes(set, syntax));
  }

  private static byte[] header(DataSet set, TransferSyntax syntax) {
    ByteBuffer header = Part10.header(set.text(Tag.SOP_CLASS_UID), String.valueOf(set.text(Tag.SOP_INSTANCE_UID)),
        syntax, "TEST");
    byte[] bytes = new byte[header.remaining()];
    header.get(bytes);
    return bytes;
  }

  /** Compressed pixel data that nobody can decode: one fragment of four bytes. */
  static byte[] opaque(int study, int n, String syntaxUid) {
    return opaque(study, n, syntaxUid, 1, 16);
  }

  static byte[] opaque(int study, int n, String syntaxUid, int frames) {
    return opaque(study, n, syntaxUid, frames, 16);
  }

  /** @param side rows and columns */
  static byte[] opaque(int study, int n, String syntaxUid, int frames, int side) {
    TransferSyntax syntax = TransferSyntax.of(syntaxUid);
    DataSet set = picture(study, n, 1, 1).remove(Tag.PIXEL_DATA)
        .putNumbers(Tag.ROWS, side)
        .putNumbers(Tag.COLUMNS, side)
        .putNumbers(Tag.NUMBER_OF_FRAMES, frames);
    byte[] pixels = {(byte) 0xE0, 0x7F, 0x10, 0, 'O', 'B', 0, 0, -1, -1, -1, -1, (byte) 0xFE, -1, 0, (byte) 0xE0, 0, 0,
      0, 0,
      (byte) 0xFE, -1, 0, (byte) 0xE0, 4, 0, 0, 0, 1, 2, 3, 4, (byte) 0xFE, -1, (byte) 0xDD, (byte) 0xE0, 0, 0, 0, 0};
    return joined(header(set, syntax), DataSetWriter.bytes(set, syntax), pixels);
  }

  static byte[] multipart(String boundary, byte[]... files) {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    for (byte[] file : files) {
      body.writeBytes(
          ("--" + boundary + "\r\nContent-Type: application/dicom\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
      body.writeBytes(file);
      body.writeBytes("\r\n".getBytes(StandardCharsets.US_ASCII));
    }
    body.writeBytes(("--" + boundary + "--\r\n").getBytes(StandardCharsets.US_ASCII));
    return body.toByteArray();
  }

  static byte[] joined(byte[]... pieces) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] piece : pieces) all.writeBytes(piece);
    return all.toByteArray();
  }
}
