package io.caregrid.templates.sets;

import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * By which mapping a reading was normalised. Travels with it.
 *
 * @param name    of the set
 * @param version of it, from 1; 0: the files a node was started with
 * @param hash    of its texts, 16 hex digits, since a database that went back gives out a version again with another text; empty for files
 */
public record MappingMark(String name, long version, String hash) {

  /** Header of a record in topic {@code measurements}; a record without it came by {@link #FILES}. */
  public static final String HEADER = "caregrid-mapping-version";
  /** Header of a message on its way in: the name of the mapping it is for. Templates do not see it. */
  public static final String NAME_HEADER = "caregrid-mapping";
  /** Header of what was set aside before and is sent again, in either topic. Templates do not see it. */
  public static final String AGAIN_HEADER = "caregrid-again";
  public static final MappingMark FILES = new MappingMark(MappingSets.DEFAULT, 0);
  private static final Pattern TEXT = Pattern.compile("([^@]+)@(\\d{1,10})(?:@([0-9a-f]{16}))?");

  public MappingMark {
    if (name == null || !MappingSet.isName(name)) throw new IllegalArgumentException("a mapping's mark names none");
    if (version < 0 || version > Integer.MAX_VALUE)
      throw new IllegalArgumentException("a mapping's mark has no version that a mapping can have");
    if (!hash.matches("|[0-9a-f]{16}")) throw new IllegalArgumentException("a mapping's mark has 16 hex digits");
  }

  /** Of files. */
  public MappingMark(String name, long version) {
    this(name, version, "");
  }

  /** {@code name@version} or {@code name@version@hash}, UTF-8. */
  public byte[] toBytes() {
    return toString().getBytes(StandardCharsets.UTF_8);
  }

  /** @throws IllegalArgumentException when these bytes are no mark, or null; the message tells nothing of them */
  public static MappingMark fromBytes(byte[] bytes) {
    Matcher text = TEXT.matcher(bytes == null ? "" : new String(bytes, StandardCharsets.UTF_8));
    if (!text.matches()) throw new IllegalArgumentException("a mapping's mark is written name@version@hash");
    return new MappingMark(text.group(1), Long.parseLong(text.group(2)), text.group(3) == null ? "" : text.group(3));
  }

  @Override
  public String toString() {
    return name + "@" + version + (hash.isEmpty() ? "" : "@" + hash);
  }
}
