package io.caregrid.templates.device;

import io.caregrid.templates.text.Numbers;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;

/**
 * Several samples in one value of a measurement. The first is of the measurement's time, each next one a period later. As the text of a property:
 * {@code 4ms 0.1 0.2 E 0.3}.
 *
 * @param ticks  period in 100 ns, above 0
 * @param tokens decimal numbers as FHIR writes them, or {@code E} where there is no sample
 */
public record Waveform(long ticks, List<String> tokens) {
  /** Where there is no sample (FHIR R4 datatypes.html#SampledData). */
  public static final String GAP = "E";
  /** Of one value. */
  public static final int MOST_SAMPLES = 1_000_000;
  private static final String UNIT = "ms ";
  /** A millisecond has 10 to the power of this many ticks of 100 ns. */
  private static final int TICKS_OF_A_MILLI = 4;
  private static final int LONGEST_PERIOD = 40;
  /** A day, in ticks. */
  private static final BigDecimal LONGEST = BigDecimal.valueOf(864_000_000_000L);

  public Waveform {
    if (ticks <= 0) throw new IllegalArgumentException("samples without a period");
    if (tokens.size() > MOST_SAMPLES) throw new IllegalArgumentException("too many samples");
    if (tokens.isEmpty()) throw new IllegalArgumentException("no samples");
    tokens = List.copyOf(tokens);
  }

  /** Null when this is not the text of several samples. */
  public static Waveform parse(String text) {
    int unit = text.indexOf(UNIT);
    if (unit <= 0 || unit > LONGEST_PERIOD || !Numbers.isPlain(text.substring(0, unit))) return null;
    long ticks = ticks(new BigDecimal(text.substring(0, unit)));
    if (ticks <= 0) return null;
    List<String> tokens = new ArrayList<>();
    for (int from = unit + UNIT.length(); from <= text.length();) {
      int space = text.indexOf(' ', from);
      int to = space < 0 ? text.length() : space;
      String token = text.substring(from, to);
      if (!token.equals(GAP) && !Numbers.isPlain(token)) return null;
      if (tokens.size() == MOST_SAMPLES) return null;
      tokens.add(token);
      from = to + 1;
    }
    return tokens.isEmpty() ? null : new Waveform(ticks, tokens);
  }

  /** In 100 ns, to the nearest of them; 0 when that is none above 0. */
  static long ticks(BigDecimal millis) {
    BigDecimal ticks = millis.movePointRight(TICKS_OF_A_MILLI).setScale(0, RoundingMode.HALF_EVEN);
    boolean usable = ticks.signum() > 0 && ticks.compareTo(LONGEST) <= 0;
    return usable ? ticks.longValueExact() : 0;
  }

  /** How long after the first sample the last one is, in 100 ns. */
  public long length() {
    return Math.multiplyExact(ticks, tokens.size() - 1L);
  }

  /** As a measurement carries it. */
  public String text() {
    BigDecimal millis = BigDecimal.valueOf(ticks, TICKS_OF_A_MILLI).stripTrailingZeros();
    return millis.toPlainString() + UNIT + String.join(" ", tokens);
  }
}
