package io.caregrid.templates.rules;

import io.caregrid.templates.device.Measurement;
import io.caregrid.templates.device.Measurement.Property;
import io.caregrid.templates.text.Numbers;
import io.caregrid.templates.text.Timestamps;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * A limit that a value passes for some time, by the times at which it was measured. It is passed while the value is above {@code above}, or below {@code below};
 * when it has been for {@code lasts}, that is found, once, and lasts until the value comes back to {@code clear}.
 *
 * <p>Nothing is found that the readings do not show: of those that have come, each one measured from the beginning until it is found was past the limit.
 * <ul>
 * <li>A value that is missing, no number, or several samples at once is no reading for this rule: it neither begins nor interrupts nor ends anything.
 * <li>One measured more than {@link #AHEAD} after the log had it has a wrong clock, and is none either.
 * <li>One measured before the newest came late. While the limit is passed and that is not found yet, it can only show that it has not been passed all the time:
 * then it has been since the newest. It ends nothing, and begins nothing.
 * <li>When a device has sent nothing but late readings for {@link #PATIENCE}, and their times go on as the log's does, its clock went back: from there on it
 * counts as it is. What was stored and comes now and then does not go on so. A device that sends packets is taken by the newest reading of each: when two packets
 * in succession end equally late, with the next one.
 * <li>What is found is the matter of the person whose reading it was. When the device goes on with another one's, it is over; also when the rule does not look
 * at that one.
 * </ul>
 *
 * @param made  what becomes of it
 * @param types of measurements, without regard to case
 * @param value name of the value
 * @param unit  that the mapping gives the value; empty: whatever it is
 * @param above null when it is about {@code below}, and the other way round
 * @param clear on the other side of the limit, or the limit itself
 * @param lasts in 100 ns; 0: at once
 * @param devices identifiers of those it looks at; empty: all
 * @param patients ids of those whose readings it looks at; empty: all
 */
public record Threshold(Made made, Set<String> types, String value, String unit, BigDecimal above, BigDecimal below,
    BigDecimal clear, long lasts, Set<String> devices, Set<String> patients) {

  /** How far the clock of a device may be ahead of the log's. */
  public static final Duration AHEAD = Duration.ofMinutes(5);
  /** Of the log's time. */
  public static final Duration PATIENCE = Duration.ofMinutes(5);
  private static final long AHEAD_TICKS = AHEAD.toNanos() / 100;
  private static final long PATIENCE_TICKS = PATIENCE.toNanos() / 100;
  private static final long DRIFT_TICKS = Duration.ofMinutes(1).toNanos() / 100;

  public Threshold {
    if ((above == null) == (below == null)) throw new IllegalArgumentException("a limit is above or below something");
    Set<String> folded = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
    folded.addAll(types);
    types = folded;
    devices = Set.copyOf(devices);
    patients = Set.copyOf(patients);
  }

  /**
   * What one reading comes to.
   *
   * @param state from now on; the very same object, or null as before, when the reading changes nothing
   * @param found what began or ended with it, in this order in time
   */
  public record Step(ThresholdState state, List<Found> found) {}

  /**
   * @param patient id of whom it concerns
   * @param began   since when the limit has been passed, in 100 ns units since 1970
   * @param ended   since when no longer; {@link ThresholdState#NONE}: it begins
   */
  public record Found(String patient, long began, long ended) {
    public boolean isOver() {
      return ended != ThresholdState.NONE;
    }
  }

  /** Whosever they are: that they are another one's says something, too. */
  public boolean looksAt(Measurement reading) {
    return devices.isEmpty() || devices.contains(reading.device());
  }

  private boolean looksAt(String patient) {
    return patients.isEmpty() || patients.contains(patient);
  }

  /** Its device's clock is wrong: no rule judges it. */
  public static boolean isAhead(Measurement reading) {
    return isAhead(Timestamps.ticks(reading.occurredAt()), Timestamps.ticks(reading.ingestedAt()));
  }

  private static boolean isAhead(long at, long came) {
    return at - came > AHEAD_TICKS;
  }

  /** Of the first value of that name; null when there is none, or it is no number. */
  public BigDecimal number(Measurement reading) {
    for (Property property : reading.properties()) {
      if (property.name().equals(value)) return Numbers.decimal(property.value());
    }
    return null;
  }

  /**
   * @param before  null when there is nothing before
   * @param patient id of whose the reading is
   * @param number  of {@link #number}, not null
   */
  public Step next(ThresholdState before, String patient, Measurement reading, BigDecimal number) {
    return next(before, patient, Timestamps.ticks(reading.occurredAt()), Timestamps.ticks(reading.ingestedAt()),
        number);
  }

  /** @param at when it was measured, {@code came} when the log had it, both in 100 ns units since 1970 */
  Step next(ThresholdState before, String patient, long at, long came, BigDecimal number) {
    if (isAhead(at, came)) return new Step(before, List.of());
    if (before == null ? !looksAt(patient) : before.patient().equals(patient) && !looksAt(patient))
      return new Step(before, List.of());
    if (before == null) return counted(ThresholdState.begin(patient), at, number);
    boolean isLate = at <= before.at();
    if (isLate && !isBack(before, at, came))
      return new Step(late(before, patient, at, came, number), List.of());
    if (before.patient().equals(patient)) return counted(isLate ? before.anew() : before, at, number);
    ThresholdState other = ThresholdState.begin(patient);
    Step own = looksAt(patient) ? counted(other, at, number) : new Step(other.at(at), List.of());
    if (!before.isFound()) return own;
    List<Found> both = new ArrayList<>(own.found());
    both.add(0, over(before, at));
    return new Step(own.state(), both);
  }

  /** The clock of the device went back. */
  private static boolean isBack(ThresholdState before, long at, long came) {
    if (before.lag() == ThresholdState.NONE) return false;
    long passed = came - before.late();
    return passed >= PATIENCE_TICKS && Math.abs(came - at - before.lag()) <= DRIFT_TICKS
        || passed >= 2 * PATIENCE_TICKS && before.past() != ThresholdState.NONE
            && Math.abs(before.lag() - before.past()) <= DRIFT_TICKS;
  }

  /** After a while by another one: it may have gone back again, or this is the next packet. Of a packet the oldest may come first. */
  private static ThresholdState waits(ThresholdState before, long at, long came) {
    boolean isFirst = before.lag() == ThresholdState.NONE || came - before.late() >= 2 * PATIENCE_TICKS;
    if (isFirst) return before.late(came, at);
    return came - before.late() < PATIENCE_TICKS && came - at < before.lag() ? before.lag(came - at) : before;
  }

  private ThresholdState late(ThresholdState before, String patient, long at, long came, BigDecimal number) {
    ThresholdState waits = waits(before, at, came);
    boolean interrupts = before.isPending() && before.patient().equals(patient) && at >= before.since()
        && !passes(number);
    if (!interrupts) return waits;
    return waits.since(at == before.at() ? ThresholdState.NONE : before.at());
  }

  private Step counted(ThresholdState before, long at, BigDecimal number) {
    ThresholdState state = before.at(at);
    if (state.isFound())
      return clears(number)
          ? new Step(state.over(), List.of(over(state, at)))
          : new Step(state, List.of());
    if (!passes(number)) return new Step(state.since(ThresholdState.NONE), List.of());
    ThresholdState passing = state.isPending() ? state : state.since(at);
    if (at - passing.since() < lasts) return new Step(passing, List.of());
    ThresholdState found = passing.found();
    return new Step(found, List.of(new Found(found.patient(), found.began(), ThresholdState.NONE)));
  }

  /** A device whose clock went back may end it before it began. */
  private static Found over(ThresholdState state, long at) {
    return new Found(state.patient(), state.began(), Math.max(state.began(), at));
  }

  private boolean passes(BigDecimal number) {
    return above != null ? number.compareTo(above) > 0 : number.compareTo(below) < 0;
  }

  private boolean clears(BigDecimal number) {
    return above != null ? number.compareTo(clear) <= 0 : number.compareTo(clear) >= 0;
  }
}
