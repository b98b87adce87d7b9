package io.caregrid.dicom.data;

/**
 * What stands before a value (PS3.5 7.1).
 *
 * @param vr         as written, or the dictionary's
 * @param length     bytes, or {@link #UNDEFINED}
 * @param size       bytes of the head itself, 8 or 12
 * @param isImplicit no VR was written
 */
record Head(int tag, Vr vr, long length, int size, boolean isImplicit) {

  static final long UNDEFINED = 0xFFFFFFFFL;

  static Head read(Window window, long position, long end, TransferSyntax syntax) {
    if (end - position < 8) throw new DicomException("the data ends within an element at " + position);
    int at = window.at(position, 8);
    byte[] bytes = window.bytes();
    boolean big = syntax.bigEndian();
    int tag = tag(bytes, at, big);
    if (!syntax.explicit()) return implicit(tag, bytes, at, big);
    Vr vr = Vr.of(bytes[at + 4], bytes[at + 5]);
    if (vr == null) return unknown(tag, window, position, end, big);
    if (vr.isLong()) return extended(tag, vr, window, position, end, big);
    return new Head(tag, vr, Values.u16(bytes, at + 6, big), 8, false);
  }

  static int tag(byte[] bytes, int at, boolean bigEndian) {
    return Values.u16(bytes, at, bigEndian) << 16 | Values.u16(bytes, at + 2, bigEndian);
  }

  static long length(byte[] bytes, int at, boolean bigEndian) {
    return Values.i32(bytes, at, bigEndian) & 0xFFFFFFFFL;
  }

  boolean isUndefined() {
    return length == UNDEFINED;
  }

  private static Head implicit(int tag, byte[] bytes, int at, boolean big) {
    return new Head(tag, Dictionary.vr(tag), length(bytes, at + 4, big), 8, true);
  }

  private static Head extended(int tag, Vr vr, Window window, long position, long end, boolean big) {
    if (end - position < 12) throw new DicomException("the data ends within an element at " + position);
    int at = window.at(position, 12);
    return new Head(tag, vr, length(window.bytes(), at + 8, big), 12, false);
  }

  /**
   * Two letters: a VR of a later edition, whose bytes are kept as UN; those have 32 bits of length behind two zeros (PS3.5 6.2 note). Other
   * printable signs, such as "??": a writer that did not know the VR, 16 bits of length. Else the element is implicit, as some writers do in private
   * sequences.
   */
  private static Head unknown(int tag, Window window, long position, long end, boolean big) {
    int at = window.at(position, 8);
    byte[] bytes = window.bytes();
    int first = bytes[at + 4];
    int second = bytes[at + 5];
    boolean reserved = bytes[at + 6] == 0 && bytes[at + 7] == 0;
    if (isLetter(first) && isLetter(second)) {
      if (reserved) return extended(tag, Vr.UN, window, position, end, big);
      return new Head(tag, Vr.UN, Values.u16(bytes, at + 6, big), 8, false);
    }
    if (isPrintable(first) && isPrintable(second) && !reserved)
      return new Head(tag, Dictionary.vr(tag), Values.u16(bytes, at + 6, big), 8, false);
    return implicit(tag, bytes, at, big);
  }

  private static boolean isLetter(int one) {
    return one >= 'A' && one <= 'Z';
  }

  private static boolean isPrintable(int one) {
    return one >= 0x20 && one <= 0x7E;
  }
}
