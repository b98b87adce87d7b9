package io.caregrid.store;

import io.vertx.sqlclient.Tuple;
import java.time.Instant;
import java.util.List;
import java.util.UUID;

/**
 * Which accesses are wanted: all conditions hold, each with any of its values; an empty list asks nothing.
 *
 * @param from     recorded then or later, inclusive
 * @param to       exclusive
 * @param patients {@code Patient/id}
 * @param entities any reference, or address
 * @param agents   subjects
 * @param deeds    codes of {@link io.caregrid.contract.Audit.Deed}
 * @param addresses of the caller
 * @param statusFrom least HTTP status, or null
 * @param statusTo exclusive, or null
 * @param nodes    that recorded it
 * @param count    most on the page, 0..1000
 * @param total    count them all, too
 * @param after    page after this id, or null
 */
public record AuditQuery(Instant from, Instant to, List<String> patients, List<String> entities, List<String> agents,
    List<String> deeds, List<String> addresses, Integer statusFrom, Integer statusTo, List<String> nodes, int count,
    boolean total, UUID after) {

  private static final UUID FIRST = new UUID(0, 0);
  private static final UUID LAST = new UUID(-1, -1);
  private static final long MOST_MILLIS = (1L << 47) - 1;

  /** Ids begin with their milliseconds. */
  private static UUID least(Instant instant, boolean up) {
    long millis = instant.toEpochMilli();
    if (up && instant.getNano() % 1_000_000 > 0) millis++;
    if (millis <= 0) return FIRST;
    return millis >= MOST_MILLIS ? LAST : new UUID(millis << 16, 0);
  }

  Tuple values(UUID below) {
    UUID end = to == null ? LAST : least(to, true);
    return Tuple.tuple()
        .addValue(from == null ? FIRST : least(from, true))
        .addValue(below != null ? below : end)
        .addValue(array(patients))
        .addValue(array(entities))
        .addValue(array(agents.stream().map(subject -> "agent|" + subject).toList()))
        .addValue(array(deeds))
        .addValue(array(addresses))
        .addValue(statusFrom)
        .addValue(statusTo)
        .addValue(array(nodes));
  }

  private static String[] array(List<String> values) {
    return values.isEmpty() ? null : values.toArray(String[]::new);
  }
}
