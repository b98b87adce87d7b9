package io.caregrid.dicom.pixel;

/**
 * What a JPEG stream says before its first scan (ITU-T T.81 annex B).
 *
 * @param process    the low byte of the SOF marker: 0xC0 baseline, 0xC1 extended, 0xC3 lossless; 0xF7 for JPEG-LS
 * @param precision  bits a sample
 * @param components 1 to 4
 * @param subsampled the components differ in their sampling factors
 * @param jfif       an APP0 segment says JFIF: three components are YCbCr
 * @param adobe      transform of an APP14 segment: 0 none, 1 YCbCr, 2 YCCK; -1 when there is none
 */
record JpegHeader(int process, int precision, int rows, int columns, int components, boolean subsampled, boolean jfif,
    int adobe) {

  private static final int SOI = 0xD8;
  private static final int SOS = 0xDA;
  private static final int EOI = 0xD9;
  private static final int APP0 = 0xE0;
  private static final int APP14 = 0xEE;
  private static final int JPEG_LS = 0xF7;

  static boolean looksLike(byte[] stream) {
    return stream.length > 3 && (stream[0] & 0xFF) == 0xFF && (stream[1] & 0xFF) == SOI && (stream[2] & 0xFF) == 0xFF;
  }

  /** BROKEN when it is no JPEG stream or ends before its frame header. */
  static JpegHeader of(byte[] stream) {
    if (!looksLike(stream)) throw PixelException.broken("a frame that is no JPEG stream");
    boolean jfif = false;
    int adobe = -1;
    int at = 2;
    while (at + 3 < stream.length) {
      if ((stream[at] & 0xFF) != 0xFF) throw PixelException.broken("no JPEG marker at byte " + at + " of a frame");
      int marker = stream[at + 1] & 0xFF;
      if (marker == 0xFF) {
        at++;
        continue;
      }
      if (marker == SOS || marker == EOI) break;
      int length = word(stream, at + 2);
      if (length < 2 || at + 2 + length > stream.length) break;
      if (marker == APP0) jfif |= says(stream, at, length, "JFIF\0");
      if (marker == APP14 && length >= 14 && says(stream, at, length, "Adobe")) adobe = stream[at + 15] & 0xFF;
      if (isFrame(marker)) return frame(stream, at, length, jfif, adobe);
      at += 2 + length;
    }
    throw PixelException.broken("a JPEG stream without a frame header");
  }

  /** T.81 table B.1: SOF0 to SOF15 but for DHT, JPG and DAC. */
  private static boolean isFrame(int marker) {
    return marker == JPEG_LS || marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
  }

  private static JpegHeader frame(byte[] stream, int at, int length, boolean jfif, int adobe) {
    int components = length < 8 ? 0 : stream[at + 9] & 0xFF;
    if (components < 1 || components > 4 || length < 8 + 3 * components)
      throw PixelException.broken("a JPEG frame header of " + components + " components");
    boolean subsampled = false;
    for (int i = 1; i < components; i++) subsampled |= stream[at + 11] != stream[at + 11 + 3 * i];
    return new JpegHeader(stream[at + 1] & 0xFF, stream[at + 4] & 0xFF, word(stream, at + 5), word(stream, at + 7),
        components, subsampled, jfif, adobe);
  }

  private static boolean says(byte[] stream, int at, int length, String name) {
    if (length < 2 + name.length()) return false;
    for (int i = 0; i < name.length(); i++) if (stream[at + 4 + i] != name.charAt(i)) return false;
    return true;
  }

  private static int word(byte[] stream, int at) {
    return (stream[at] & 0xFF) << 8 | stream[at + 1] & 0xFF;
  }

  boolean isLossless() {
    return process == 0xC3;
  }

  /**
   * Whether its three components are YCbCr. (0028,0004) decides; where it says RGB and the stream says otherwise (an Adobe or JFIF segment, or colour
   * differences of their own resolution, which red, green and blue never have), the stream is right: such files are common.
   */
  boolean isYbr(Photometric photometric) {
    if (components != 3) return false;
    if (photometric.isYbr()) return true;
    if (adobe >= 0) return adobe == 1;
    return jfif || subsampled;
  }
}
