package io.caregrid.templates.device;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.templates.cost.Budget;
import io.caregrid.templates.text.Numbers;
import java.math.BigDecimal;
import java.util.List;

/**
 * How far the samples of one value lie apart: what the mapping says, or what an expression finds in the message.
 *
 * @param ticks  in 100 ns; 0 when {@code period} finds it
 * @param period finds milliseconds; null when the mapping says it
 */
record Spacing(long ticks, Expression period) {

  /** Where the expressions of one match look. */
  @FunctionalInterface
  interface Sight {
    JsonNode of(Expression expression);
  }

  /** Text of a {@link Waveform}; null when there is no sample and none is required. */
  String read(Expression samples, boolean required, Sight sight, Budget budget) throws Unreadable {
    List<String> tokens = samples.samples(sight.of(samples), budget);
    if (tokens.stream().allMatch(Waveform.GAP::equals)) {
      if (required) throw samples.nothing("no sample is there");
      return null;
    }
    return new Waveform(period == null ? ticks : found(sight, budget), tokens).text();
  }

  private long found(Sight sight, Budget budget) throws Unreadable {
    BigDecimal millis = Numbers.decimal(period.requiredText(sight.of(period), budget));
    long found = millis == null ? 0 : Waveform.ticks(millis);
    if (found == 0)
      throw period.wrong("bad-period", "what is there is no number of milliseconds above 0, at most a day");
    return found;
  }
}
