package io.caregrid.events;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.templates.text.Timestamps;
import java.time.Instant;
import java.util.Arrays;

/**
 * The samples of two SampledData of one kind, by time. Pure.
 *
 * @param data      as FHIR R4 datatypes.html#SampledData has it; {@code E}: none
 * @param hasTheirs some of it ours has not
 */
record SampleUnion(String data, boolean hasTheirs) {
  /** Ten a second for a day, and more than any server takes. */
  private static final int MOST = 1_000_000;
  /** Characters of the data of both, and of what they become: each of them is in memory several times meanwhile. */
  private static final int MOST_CHARACTERS = 8 << 20;
  private static final String NONE = "E";

  /**
   * In a bucket of both, ours. It begins when the earlier one does.
   *
   * @return null: they are not of the connector's form, or of different kinds, and cannot be put together. {@link Refusal} 413: they are too much for that
   */
  static SampleUnion of(JsonNode theirs, Instant theirStart, JsonNode ours, Instant ourStart) {
    if (theirStart == null || ourStart == null || !alike(theirs, ours)) return null;
    long period = ticks(ours.path("period"));
    if (period < 1) return null;
    if (length(theirs) + length(ours) > MOST_CHARACTERS) throw tooMuch();
    if (count(theirs) > MOST || count(ours) > MOST) throw tooMuch();
    String[] one = tokens(theirs);
    String[] other = tokens(ours);
    long start = Math.min(Timestamps.ticks(theirStart), Timestamps.ticks(ourStart));
    long oneAt = (Timestamps.ticks(theirStart) - start) / period;
    long otherAt = (Timestamps.ticks(ourStart) - start) / period;
    long size = Math.max(oneAt + one.length, otherAt + other.length);
    if (size > MOST) throw tooMuch();
    String[] all = new String[(int) size];
    Arrays.fill(all, NONE);
    for (int i = 0; i < one.length; i++) all[(int) oneAt + i] = one[i];
    for (int i = 0; i < other.length; i++) if (!other[i].equals(NONE)) all[(int) otherAt + i] = other[i];
    return new SampleUnion(String.join(" ", all), hasMore(all, other, (int) otherAt));
  }

  private static long length(JsonNode sampled) {
    return sampled.path("data").asText().length();
  }

  /** Before each becomes a text of its own. */
  private static int count(JsonNode sampled) {
    String data = sampled.path("data").asText();
    int count = 0;
    for (int i = 0; i < data.length(); i++) if (data.charAt(i) > ' ' && (i == 0 || data.charAt(i - 1) <= ' ')) count++;
    return count;
  }

  private static Refusal tooMuch() {
    return new Refusal(413, "its samples and those there are too many to be put together, more than " + MOST
        + " or " + MOST_CHARACTERS + " characters: those there stay");
  }

  private static boolean hasMore(String[] all, String[] ours, int at) {
    for (int i = 0; i < all.length; i++) {
      String own = i < at || i - at >= ours.length ? NONE : ours[i - at];
      if (!all[i].equals(own)) return true;
    }
    return false;
  }

  private static boolean alike(JsonNode theirs, JsonNode ours) {
    for (String name : new String[] {"origin", "factor", "lowerLimit", "upperLimit"})
      if (!same(theirs.path(name), ours.path(name))) return false;
    return theirs.path("dimensions").asInt(1) == 1 && ours.path("dimensions").asInt(1) == 1
        && same(theirs.path("period"), ours.path("period"));
  }

  /** A number is the same however it is written. */
  private static boolean same(JsonNode one, JsonNode other) {
    if (one.isNumber() && other.isNumber()) return one.decimalValue().compareTo(other.decimalValue()) == 0;
    if (!one.isObject() || !other.isObject()) return one.equals(other);
    for (String name : new String[] {"value", "unit", "system", "code"})
      if (!same(one.path(name), other.path(name))) return false;
    return true;
  }

  /** 0 when it is none, or no whole number of 100 ns. */
  private static long ticks(JsonNode periodMillis) {
    if (!periodMillis.isNumber()) return 0;
    try {
      return periodMillis.decimalValue().movePointRight(4).longValueExact();
    } catch (ArithmeticException fraction) {
      return 0;
    }
  }

  private static String[] tokens(JsonNode sampled) {
    String data = sampled.path("data").asText().strip();
    return data.isEmpty() ? new String[0] : data.split("\\s+");
  }
}
