package io.caregrid.device;

import io.caregrid.cluster.Source;
import io.caregrid.store.DeadLetter;
import io.caregrid.templates.device.Measurement;
import io.caregrid.templates.sets.MappingMark;
import java.util.List;

/**
 * A stretch of one shard's log, read without a gap. Cutting the log into batches is about cost only; any cut gives the same resources.
 *
 * @param from   position reading continued from: not the first event's, since probes and foreign markers use positions too
 * @param to     position to go on from, exclusive end of what was read
 * @param events what was found between, in log order; may be empty
 */
public record Batch(long from, long to, List<Event> events) {
  public Batch {
    if (from > to) throw new IllegalArgumentException("a batch from " + from + " cannot end at " + to);
  }

  /**
   * One record of the log.
   *
   * @param position    its offset in the shard's partition
   * @param source      where the normaliser had it from
   * @param measurement the reading, or null when the record could not be read
   * @param letter      the record as a dead letter when it could not be read, else null
   * @param bytes       size of the record's value
   * @param mapping     by which it was normalised
   * @param again       it was set aside before, and somebody sent it again
   */
  public record Event(long position, Source source, Measurement measurement, DeadLetter letter, int bytes,
      MappingMark mapping, boolean again) {

    private static final int EMPTY_HEAP = 210;
    private static final int PROPERTY_HEAP = 30;
    private static final int TEXT_HEAP = 40;
    private static final int FREE = 64;

    public Event(long position, Source source, Measurement measurement, DeadLetter letter, int bytes,
        MappingMark mapping) {
      this(position, source, measurement, letter, bytes, mapping, false);
    }

    /**
     * Bytes that it takes in memory, about, with compressed pointers: itself, its source, its reading and two instants; for each property two objects and
     * a text. Names, types and identifiers up to {@link #FREE} characters count nothing: they are shared with its neighbours ({@link Words}). A text is
     * counted as if it had a character above U+00FF.
     */
    long heap() {
      if (measurement == null) return EMPTY_HEAP + 2L * bytes;
      long heap = EMPTY_HEAP + text(measurement.encounter()) + text(measurement.correlation())
          + word(measurement.type())
          + word(measurement.device()) + word(measurement.patient());
      for (Measurement.Property property : measurement.properties())
        heap += PROPERTY_HEAP + word(property.name()) + text(property.value());
      return heap;
    }

    private static long word(String word) {
      return word == null || word.length() <= FREE ? 0 : text(word);
    }

    private static long text(String text) {
      return text == null ? 0 : TEXT_HEAP + 2L * text.length();
    }

    /** By the files the nodes were started with. */
    public Event(long position, Source source, Measurement measurement, DeadLetter letter, int bytes) {
      this(position, source, measurement, letter, bytes, MappingMark.FILES);
    }
  }
}
