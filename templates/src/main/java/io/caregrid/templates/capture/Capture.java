package io.caregrid.templates.capture;

import io.caregrid.templates.capture.CaptureState.Sum;
import io.caregrid.templates.device.Measurement;
import io.caregrid.templates.device.Measurement.Property;
import io.caregrid.templates.text.Numbers;
import io.caregrid.templates.text.Timestamps;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What of one type's readings is kept. In this order:
 * <ol>
 * <li>A reading whose deciding value is missing, no number, or several samples at once is kept as it is.
 * <li>One that is not between {@code least} and {@code most} is no reading of a body, and is not kept.
 * <li>One measured more than {@link #AHEAD} after the log had it has a wrong clock. It is kept as it is, and moves nothing: else all that follow would be late.
 * <li>One that is above {@code above} or below {@code below} is kept as it is, always.
 * <li>Time is cut into windows of {@code every}. {@code FIRST}: the first reading of each is kept. Else a window is one reading, of the time of its first: the
 * last, mean, least or greatest of it <b>so far</b>, given anew with each reading that changes it, so that the end of a feed is not lost: later in log order
 * wins where it is stored. For the last and the mean, what is not newer than the newest of its window came twice or too late, and is not counted.
 * <li>{@code deadband}: what is nearer than that to the last one kept is not kept, unless that was {@code atLeastEvery} ago.
 * </ol>
 * A reading of a window before the latest came late. When its window has had a reading, that one stands for it, and this one is not kept; when it has not, or
 * when so many gaps lie between that it is not known any more, it is kept as it is. Without windows, one measured before the last one kept is kept as it is.
 *
 * @param value        name of the deciding value
 * @param every        length of a window in 100 ns; 0 when there are none
 * @param keep         what of a window is kept
 * @param deadband     null when there is none; above 0
 * @param atLeastEvery in 100 ns; 0 when there is no such limit
 * @param above        null when there is none; {@code below}, {@code least} and {@code most} too
 */
public record Capture(String value, long every, Keep keep, BigDecimal deadband, long atLeastEvery, BigDecimal above,
    BigDecimal below, BigDecimal least, BigDecimal most) {
  /** What of a window is kept. */
  public enum Keep {
    FIRST, LAST, MEAN, MIN, MAX
  }

  /** How far the clock of a device may be ahead of the log's. */
  public static final Duration AHEAD = Duration.ofMinutes(5);
  private static final int MORE_DIGITS = 2;
  private static final int MOST_SCALE = 30;

  /**
   * What one reading comes to.
   *
   * @param state from now on
   * @param kept  the reading, or what stands for its window; null when nothing is kept
   */
  public record Step(CaptureState state, Measurement kept) {}

  /** @param before null when there is nothing before */
  public Step next(CaptureState before, Measurement reading) {
    String rule = rule();
    CaptureState state = before != null && before.rule().equals(rule) ? before : CaptureState.begin(rule);
    BigDecimal number = number(reading, value);
    if (number == null) return new Step(state, reading);
    if (least != null && number.compareTo(least) < 0 || most != null && number.compareTo(most) > 0)
      return new Step(state, null);
    if (reading.occurredAt().isAfter(reading.ingestedAt().plus(AHEAD))) return new Step(state, reading);
    long time = Timestamps.ticks(reading.occurredAt());
    boolean loud = above != null && number.compareTo(above) > 0 || below != null && number.compareTo(below) < 0;
    long window = every > 0 ? Math.floorDiv(time, every) : state.window();
    if (window < state.window()) return new Step(state, loud || !state.saw(window) ? reading : null);
    if (every > 0 && keep != Keep.FIRST) return window(state, reading, window, time, loud, number);
    return single(state, reading, window, time, loud, number);
  }

  /** Tells this rule from others. */
  public String rule() {
    return value + " " + every + " " + keep + " " + deadband + " " + atLeastEvery + " " + above + " " + below + " "
        + least
        + " " + most;
  }

  /** Readings are kept as they are, or not at all. */
  private Step single(CaptureState state, Measurement reading, long window, long time, boolean loud,
      BigDecimal number) {
    boolean same = every > 0 && window == state.window();
    boolean older = state.kept() != null && time < state.keptAt();
    if (older) return new Step(state, loud || !same ? reading : null);
    if (!loud && (same || !differs(state, time, number))) return new Step(state, null);
    return new Step(
        new CaptureState(state.rule(), window, false, time, number, time, state.seenBefore(window), Map.of()), reading);
  }

  private boolean differs(CaptureState state, long time, BigDecimal number) {
    if (deadband == null || state.kept() == null) return true;
    boolean far = number.subtract(state.kept()).abs().compareTo(deadband) >= 0;
    return far || atLeastEvery > 0 && time - state.keptAt() >= atLeastEvery;
  }

  /** A window is one reading. */
  private Step window(CaptureState state, Measurement reading, long window, long time, boolean loud,
      BigDecimal number) {
    boolean same = window == state.window();
    boolean newer = !same || time > state.keptAt();
    boolean countsOnce = keep == Keep.LAST || keep == Keep.MEAN;
    if (!newer && countsOnce) return new Step(state, loud ? reading : null);
    long from = same ? state.from() : time;
    Map<String, Sum> sums = new TreeMap<>(same ? state.sums() : Map.of());
    Measurement before = of(reading, from, sums);
    boolean more = false;
    for (Property property : reading.properties()) {
      BigDecimal own = Numbers.decimal(property.value());
      more |= own == null || !sums.containsKey(property.name());
      if (own != null)
        sums.merge(property.name(), new Sum(1, own, own, own), (sum, added) -> sum.with(added.total()));
    }
    boolean stands = same && state.loud();
    long newest = newer ? time : state.keptAt();
    CaptureState after = new CaptureState(state.rule(), window, loud || stands, newest, number, from,
        state.seenBefore(window), sums);
    if (loud) return new Step(after, reading);
    Measurement now = of(reading, from, sums);
    boolean changes = more || keep == Keep.LAST || !now.equals(before);
    return new Step(after, changes && !stands ? now : null);
  }

  /** The reading that stands for the window; values that are no numbers are the newest. */
  private Measurement of(Measurement newest, long from, Map<String, Sum> sums) {
    List<Property> properties = new ArrayList<>(newest.properties().size());
    for (Property property : newest.properties()) {
      Sum sum = Numbers.decimal(property.value()) == null ? null : sums.get(property.name());
      properties.add(sum == null ? property : new Property(property.name(), text(property, sum)));
    }
    return new Measurement(newest.type(), Timestamps.ofTicks(from), newest.ingestedAt(), newest.device(),
        newest.patient(), newest.encounter(), newest.correlation(), properties);
  }

  private String text(Property newest, Sum sum) {
    return switch (keep) {
      case MIN -> Numbers.text(sum.least());
      case MAX -> Numbers.text(sum.most());
      case MEAN -> Numbers.text(mean(sum));
      default -> newest.value();
    };
  }

  /** Two digits finer than what was measured. */
  private static BigDecimal mean(Sum sum) {
    int scale = Math.min(MOST_SCALE, Math.max(0, sum.total().scale()) + MORE_DIGITS);
    BigDecimal mean = sum.total().divide(BigDecimal.valueOf(sum.count()), scale, RoundingMode.HALF_EVEN);
    BigDecimal plain = mean.stripTrailingZeros();
    return plain.scale() < 0 ? plain.setScale(0) : plain;
  }

  /** The first of that name; null when it is no number. */
  private static BigDecimal number(Measurement reading, String name) {
    for (Property property : reading.properties()) {
      if (property.name().equals(name)) return Numbers.decimal(property.value());
    }
    return null;
  }
}
