package io.caregrid.store;

import java.util.List;

/**
 * A search in the image archive (QIDO-RS, PS3.18 section 10.6; later C-FIND). Every key must match. Strings match without regard to case, person
 * names also without regard to accents. Newest first.
 *
 * @param level  what is asked for; keys of this level and those above count, a key of a level below finds what has at least one such child only
 *               for Modality (as ModalitiesInStudy (0008,0061))
 * @param fuzzy  person names: every word asked for begins some part of the name (PS3.18 8.3.4.2, fuzzymatching)
 * @param limit  most rows, at least 1
 * @param offset rows left out in front, at least 0
 * @param tagged keys of extended query tags, which are of this level or of one above
 * @param shown  extended query tags whose values come with what is found, of these levels too
 */
public record ImageQuery(Level level, List<Key> keys, boolean fuzzy, int limit, int offset, List<TagKey> tagged,
    List<ImageTags.Tag> shown) {

  public ImageQuery {
    if (limit < 1 || offset < 0) throw new IllegalArgumentException("limit " + limit + ", offset " + offset);
    keys = List.copyOf(keys);
    tagged = List.copyOf(tagged);
    shown = List.copyOf(shown);
  }

  /** Without extended query tags. */
  public ImageQuery(Level level, List<Key> keys, boolean fuzzy, int limit, int offset) {
    this(level, keys, fuzzy, limit, offset, List.of(), List.of());
  }

  public enum Level {
    STUDY, SERIES, INSTANCE
  }

  /** @param tag group in the upper 16 bits, element in the lower: of an attribute the level or one above keeps; no sequence */
  public record Key(int tag, Match match) {}

  /** @param match of a tag that is a number: {@link Match.Exact} with a number */
  public record TagKey(ImageTags.Tag tag, Match match) {}

  /** How a key matches (PS3.4 C.2.2.2). Zero-length keys match everything and are not handed in. */
  public sealed interface Match {
    /** Single value. */
    record Exact(String value) implements Match {}

    /** {@code *} any number of characters, {@code ?} one; everything else stands for itself. */
    record Wild(String pattern) implements Match {}

    /** DA or TM as it is written, both ends included; null: open. At least one end is there. */
    record Range(String from, String to) implements Match {
      public Range {
        if (from == null && to == null) throw new IllegalArgumentException("a range without an end");
      }
    }

    /** One of these: a list of UIDs. */
    record Any(List<String> values) implements Match {
      public Any {
        values = List.copyOf(values);
      }
    }
  }
}
