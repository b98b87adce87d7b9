package io.caregrid.dicom.data;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/** The data elements of PS3.6, with the commands of PS3.7: what a tag is called and how its values are written. */
public final class Dictionary {
  private static final String TABLE = "dictionary.txt";

  /** @param mask which bits of a tag decide; all, but for repeating groups */
  private record Entry(int tag, int mask, Vr vr, char open, boolean multiple, String keyword) {
    boolean covers(int other) {
      return (other & mask) == tag;
    }
  }

  private static final Entry[] EXACT;
  /** Signed tags in EXACT's order, for the search. */
  private static final int[] TAGS;
  private static final List<Entry> REPEATING = new ArrayList<>();
  private static final Map<String, Integer> KEYWORDS = new HashMap<>();

  static {
    List<Entry> exact = new ArrayList<>();
    for (String line : lines()) {
      Entry entry = entry(line.split(" "));
      (entry.mask == -1 ? exact : REPEATING).add(entry);
      KEYWORDS.put(entry.keyword, entry.tag);
    }
    exact.sort((one, other) -> Integer.compare(one.tag, other.tag));
    EXACT = exact.toArray(Entry[]::new);
    TAGS = exact.stream().mapToInt(Entry::tag).toArray();
  }

  private Dictionary() {}

  /**
   * PS3.6's; where it leaves a choice US, OW, or OW. Group lengths are UL, private creators LO (PS3.5 7.2, 7.8.1), whatever is unknown is UN.
   */
  public static Vr vr(int tag) {
    Entry entry = find(tag);
    if (entry != null) return entry.vr;
    if ((tag & 0xFFFF) == 0) return Vr.UL;
    return isPrivateCreator(tag) ? Vr.LO : Vr.UN;
  }

  /** Null when unknown; of a repeating group the one that all its groups share. */
  public static String keyword(int tag) {
    Entry entry = find(tag);
    return entry == null ? null : entry.keyword;
  }

  /** From a keyword, or from eight hexadecimal digits, which need not be known. Of a repeating group the first. */
  public static OptionalInt tag(String keywordOrHex) {
    Integer known = KEYWORDS.get(keywordOrHex);
    if (known != null) return OptionalInt.of(known);
    if (keywordOrHex.length() != 8 || !keywordOrHex.chars().allMatch(HexFormat::isHexDigit)) return OptionalInt.empty();
    return OptionalInt.of(HexFormat.fromHexDigits(keywordOrHex));
  }

  /** More than one value is allowed. */
  public static boolean isMultiple(int tag) {
    Entry entry = find(tag);
    return entry != null && entry.multiple;
  }

  /** US or SS: Pixel Representation (0028,0103) decides. */
  static boolean isSignedByPixels(int tag) {
    Entry entry = find(tag);
    return entry != null && entry.open == 'S';
  }

  /** Whether this VR is that of the element, or one of those that the standard leaves open. */
  static boolean allows(int tag, Vr vr) {
    Entry entry = find(tag);
    if (entry == null || entry.vr == vr) return vr == vr(tag);
    return switch (entry.open) {
      case 'S' -> vr == Vr.SS;
      case 'X' -> vr == Vr.OB;
      case 'L' -> vr == Vr.US || vr == Vr.SS;
      default -> false;
    };
  }

  /** (gggg,0010-00FF), g odd (PS3.5 7.8.1). */
  static boolean isPrivateCreator(int tag) {
    return (tag & 0x10000) != 0 && (tag & 0xFFFF) >= 0x10 && (tag & 0xFFFF) <= 0xFF;
  }

  private static Entry find(int tag) {
    int at = Arrays.binarySearch(TAGS, tag);
    if (at >= 0) return EXACT[at];
    if ((tag & 0x10000) != 0) return null;
    for (Entry entry : REPEATING)
      if (entry.covers(tag)) return entry;
    return null;
  }

  private static Entry entry(String[] columns) {
    String tag = columns[0];
    int mask = HexFormat.fromHexDigits(tag.replaceAll("[0-9A-F]", "F").replace('x', '0'));
    String vr = columns[1];
    char open = vr.equals("XS") ? 'S' : vr.equals("OX") ? 'X' : vr.equals("LX") ? 'L' : ' ';
    Vr first = open == ' ' ? Vr.of(vr) : open == 'S' ? Vr.US : Vr.OW;
    return new Entry(HexFormat.fromHexDigits(tag.replace('x', '0')), mask, first, open, !columns[2].equals("1"),
        columns[3]);
  }

  private static List<String> lines() {
    try (InputStream table = Dictionary.class.getResourceAsStream(TABLE);
        BufferedReader lines = new BufferedReader(new InputStreamReader(table, StandardCharsets.US_ASCII))) {
      return lines.lines().filter(line -> !line.startsWith("#")).toList();
    } catch (IOException unreadable) {
      throw new UncheckedIOException(unreadable);
    }
  }
}
