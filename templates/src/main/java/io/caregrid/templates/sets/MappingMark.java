package io.caregrid.templates.sets;

import java.nio.charset.StandardCharsets;

/**
 * By which mapping a reading was normalised. Travels with it.
 *
 * @param name    of the set
 * @param version of it, from 1; 0: the files a node was started with
 */
public record MappingMark(String name, long version) {
  /** Header of a record in topic {@code measurements}; a record without it came by {@link #FILES}. */
  public static final String HEADER = "caregrid-mapping-version";
  /** Header of a message on its way in: the name of the mapping it is for. Templates do not see it. */
  public static final String NAME_HEADER = "caregrid-mapping";
  public static final MappingMark FILES = new MappingMark(MappingSets.DEFAULT, 0);

  /** {@code name@version}, UTF-8. */
  public byte[] toBytes() {
    return toString().getBytes(StandardCharsets.UTF_8);
  }

  /** @throws IllegalArgumentException when these bytes are no mark */
  public static MappingMark fromBytes(byte[] bytes) {
    String text = new String(bytes, StandardCharsets.UTF_8);
    int at = text.lastIndexOf('@');
    if (at < 1) throw new IllegalArgumentException("a mapping's mark is written name@version");
    return new MappingMark(text.substring(0, at), Long.parseLong(text.substring(at + 1)));
  }

  @Override
  public String toString() {
    return name + "@" + version;
  }
}
