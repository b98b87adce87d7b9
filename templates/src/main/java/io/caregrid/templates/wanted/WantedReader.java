package io.caregrid.templates.wanted;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * Reads of a JSON text what is wanted, and checks that the rest is JSON too. It reads what is plainly right and gives up on everything else, whoever else may
 * be able to read it: so what it gives, Jackson gives too, or would, were it not for
 * a message of names made to collide in its table of them. Immutable, safe for any number of threads.
 *
 * <p>It gives up on what is no JSON text of RFC 8259 in UTF-8 or has bytes behind it, on a single value, on more than {@link #MOST_BYTES}, on what is nested more
 * than {@link #DEEPEST} deep, on long names and numbers, and on escapes in names among which one is wanted.
 */
public final class WantedReader {
  /** Of one text. Below it, no text in it is too long for Jackson. */
  public static final int MOST_BYTES = 1 << 20;
  /** Containers inside each other; Jackson reads 1,000. */
  public static final int DEEPEST = 100;
  private final Shape shape;
  private final String notHere;

  /**
   * @param wanted  of the whole text
   * @param notHere the member of the outermost object that it gives up on, because the text is then something else; null when there is none such
   */
  public WantedReader(Wanted wanted, String notHere) {
    this.shape = wanted.shape();
    this.notHere = notHere;
  }

  /**
   * What is wanted: members that are not, are left out; an array of which no items are wanted is empty. As everywhere, the last of several members with one name
   * counts.
   *
   * @return null when it gives up
   */
  public JsonNode read(byte[] text) {
    if (text.length > MOST_BYTES) return null;
    try {
      return new Scan(text, notHere).document(shape);
    } catch (Scan.Unsure unsure) {
      return null;
    }
  }
}
