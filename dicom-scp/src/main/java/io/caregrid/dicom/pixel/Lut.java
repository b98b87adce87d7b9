package io.caregrid.dicom.pixel;

import io.caregrid.dicom.data.DataSet;
import io.caregrid.dicom.data.Element;
import io.caregrid.dicom.data.Source;
import io.caregrid.dicom.data.Tag;
import java.util.Arrays;

/**
 * A lookup table (PS3.3 C.11.1.1, C.7.6.3.1.5).
 *
 * @param first   the stored value that meets the first entry; below it the first, above the last counts
 * @param bits    of an entry
 * @param entries unsigned
 */
record Lut(int first, int bits, int[] entries) {

  private static final int MOST_ENTRIES = 65536;
  private static final int DESCRIPTOR_BYTES = 6;

  /** @param signed whether the first mapped value of the descriptor is, which VRs US and SS of the wild do not say reliably */
  static Lut of(DataSet set, int descriptorTag, int dataTag, boolean signed, Source source) {
    byte[] three = raw(set, descriptorTag, DESCRIPTOR_BYTES, source);
    if (three.length != DESCRIPTOR_BYTES)
      throw PixelException.broken(Tag.text(descriptorTag) + " has " + three.length + " bytes, not 3 words");
    int[] descriptor = words(set, three);
    int count = descriptor[0] == 0 ? MOST_ENTRIES : descriptor[0];
    int bits = descriptor[2];
    if (bits < 8 || bits > 16)
      throw PixelException.broken(Tag.text(descriptorTag) + " says " + bits + " bits an entry");
    return new Lut(signed ? (short) descriptor[1] : descriptor[1], bits, entries(set, dataTag, count, source));
  }

  int at(int stored) {
    return entries[Math.max(0, Math.min(entries.length - 1, stored - first))];
  }

  int largest() {
    return (1 << bits) - 1;
  }

  /** One word an entry; tables of 8 bits are packed two a word by some writers, which shows in their length. */
  private static int[] entries(DataSet set, int tag, int count, Source source) {
    byte[] raw = raw(set, tag, 2 * MOST_ENTRIES, source);
    if (raw.length >= 2 * count) return Arrays.copyOf(words(set, raw), count);
    if (raw.length < count) throw PixelException.broken(Tag.text(tag) + " is shorter than its descriptor says");
    if (set.syntax().bigEndian()) NativeFrames.swap(raw = raw.clone(), 2);
    int[] entries = new int[count];
    for (int i = 0; i < count; i++) entries[i] = raw[i] & 0xFF;
    return entries;
  }

  private static int[] words(DataSet set, byte[] raw) {
    int high = set.syntax().bigEndian() ? 0 : 1;
    int[] words = new int[raw.length / 2];
    for (int i = 0; i < words.length; i++) words[i] = (raw[2 * i + high] & 0xFF) << 8 | raw[2 * i + 1 - high] & 0xFF;
    return words;
  }

  /** The bytes of a value as encoded, wherever they are; none when absent. BROKEN, before it is read, when there are more than {@code most}. */
  private static byte[] raw(DataSet set, int tag, int most, Source source) {
    Element element = set.get(tag);
    if (element == null) return new byte[0];
    if (Frames.length(element) > most)
      throw PixelException.broken(Tag.text(tag) + " has more than " + most + " bytes");
    return Frames.plain(element, source);
  }
}
