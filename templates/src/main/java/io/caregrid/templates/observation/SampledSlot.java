package io.caregrid.templates.observation;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.DecimalNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.POJONode;
import io.caregrid.templates.device.Waveform;
import io.caregrid.templates.observation.ValueTemplate.Sampled;
import io.caregrid.templates.text.Numbers;
import io.caregrid.templates.text.Timestamps;
import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * A SampledData. Its first sample is at the start of the Observation's effective period; an event goes into the bucket of its time, and within a bucket the
 * later in log order wins. Stored period, origin and factor are kept and count, whatever the template says by now.
 *
 * <p>{@code aligned}: in a group by correlation the start moves with the earliest event, so buckets are counted from 1970 and not from the start; otherwise
 * the order of events would decide who shares a bucket.
 */
final class SampledSlot extends Slot {
  /** An hour at 4 ms has 900,000. Beyond this a resource is no longer something one can answer with. */
  static final int MOST_SAMPLES = 2_000_000;
  /** Of all SampledData of one Observation: twelve leads. They are in memory together, some 14 bytes each. */
  static final int MOST_TOGETHER = 12 * MOST_SAMPLES;
  /** A millisecond has 10 to the power of this many ticks of 100 ns. */
  static final int TICKS_OF_A_MILLI = 4;
  private static final long LATEST = Timestamps.ticks(Instant.parse("9999-12-31T23:59:59.9999999Z"));
  private final Sampled sampled;
  private final boolean aligned;
  private String refusal;
  private Samples samples;
  /** Time of the first sample; null until the Observation has an effective period. */
  private Long start;
  private long period;
  private BigDecimal origin = BigDecimal.ZERO;
  private BigDecimal factor = BigDecimal.ONE;

  SampledSlot(Sampled sampled, CodeValueFhir.Part part, boolean aligned) {
    super(sampled, part);
    this.sampled = sampled;
    this.aligned = aligned;
    this.period = sampled.ticks();
  }

  @Override
  void attach(ObjectNode stored, Span span) {
    super.attach(stored, span);
    if (!stored.has(template.element())) return;
    if (!(stored.get(template.element()) instanceof ObjectNode data)) {
      refusal = "is no SampledData; correct it";
      return;
    }
    refusal = read(data);
    if (refusal != null) return;
    start = span == null ? null : span.start();
    samples = Samples.of(data.path("data").asText("").getBytes(StandardCharsets.UTF_8));
    data.set("data", new POJONode(samples));
  }

  @Override
  Edit prepare(String text, long time, Span span) throws UnusableEvent {
    if (refusal != null) throw wrongExisting(refusal);
    checkType();
    checkSize(span);
    Waveform several = several(text);
    if (several != null) return prepare(several, time, span);
    byte[] token = token(text).getBytes(StandardCharsets.US_ASCII);
    return () -> put(token, time, span);
  }

  @Override
  long end(String text, long time) {
    Waveform several = several(text);
    return several == null ? time : Math.addExact(time, several.length());
  }

  /** Null when it is one. */
  private Waveform several(String text) {
    return sampled.several() ? Waveform.parse(text) : null;
  }

  private Edit prepare(Waveform several, long time, Span span) throws UnusableEvent {
    if (time + several.length() > LATEST) {
      throw new UnusableEvent("bad-timestamp",
          "the samples of value '" + template.name() + "' go on beyond the year 9999");
    }
    List<byte[]> tokens = new ArrayList<>(several.tokens().size());
    for (String one : several.tokens()) {
      tokens.add(one.equals(Waveform.GAP) ? null : token(one).getBytes(StandardCharsets.US_ASCII));
    }
    return () -> put(tokens, several.ticks(), time, span);
  }

  @Override
  void check(Span span) throws UnusableEvent {
    if (samples != null) checkSize(span);
  }

  @Override
  void fit(Span span) {
    if (samples == null) return;
    if (start != null) samples.prepend((int) index(start, span.start()));
    if (!sampled.trimmed()) samples.extend(size(span));
    start = span.start();
  }

  private boolean put(byte[] token, long time, Span span) {
    boolean changes = samples == null;
    if (changes) create(span);
    int index = (int) index(time, start);
    changes |= samples.extend(sampled.trimmed() ? index + 1 : size(span));
    return changes | samples.put(index, token);
  }

  /** Samples in the stored period stay beside each other; those in another go into the bucket of their time, one by one. A gap leaves what is there. */
  private boolean put(List<byte[]> tokens, long ticks, long time, Span span) {
    boolean changes = samples == null;
    if (changes) create(span);
    int first = (int) index(time, start);
    if (!sampled.trimmed()) changes |= samples.extend(size(span));
    for (int i = 0; i < tokens.size(); i++) {
      if (tokens.get(i) == null) continue;
      int index = ticks == period ? first + i : (int) index(time + i * ticks, start);
      changes |= samples.extend(index + 1);
      changes |= samples.put(index, tokens.get(i));
    }
    return changes;
  }

  private void create(Span span) {
    becomesPresent();
    start = span.start();
    samples = Samples.none();
    ObjectNode data = holder.putObject(template.element());
    ObjectNode from = data.putObject("origin");
    from.set("value", DecimalNode.valueOf(BigDecimal.ZERO));
    if (sampled.unit() != null) from.put("unit", sampled.unit());
    if (sampled.system() != null) from.put("system", sampled.system());
    if (sampled.code() != null) from.put("code", sampled.code());
    data.set("period", DecimalNode.valueOf(sampled.periodMillis()));
    data.put("dimensions", 1);
    data.set("data", new POJONode(samples));
  }

  /** Null when it can be gone on with; else why not. */
  private String read(ObjectNode data) {
    if (data.path("dimensions").asInt(1) != 1) return "has more than one dimension";
    JsonNode millis = data.path("period");
    BigDecimal ticks = millis.isNumber() ? millis.decimalValue().movePointRight(TICKS_OF_A_MILLI) : BigDecimal.ZERO;
    if (ticks.compareTo(BigDecimal.ONE) < 0 || ticks.compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) > 0) {
      return "has no period above 0; correct it";
    }
    period = ticks.longValue();
    origin = data.path("origin").path("value").decimalValue();
    factor = data.path("factor").isNumber() ? data.get("factor").decimalValue() : BigDecimal.ONE;
    return factor.signum() == 0 ? "has the factor 0; correct it" : null;
  }

  /** A sample says (value - origin) / factor. */
  private String token(String text) throws UnusableEvent {
    boolean raw = origin.signum() == 0 && factor.compareTo(BigDecimal.ONE) == 0;
    if (raw && Numbers.isPlain(text)) return text;
    BigDecimal number = Numbers.decimal(text);
    if (number == null) throw ValueTemplate.notANumber(template.name());
    if (raw) return Numbers.text(number);
    return Numbers.text(number.subtract(origin).divide(factor, MathContext.DECIMAL64).stripTrailingZeros());
  }

  private void checkSize(Span span) throws UnusableEvent {
    if (index(span.end(), span.start()) < MOST_SAMPLES) return;
    throw new UnusableEvent("too-many-samples", "value '" + template.name() + "' would get more than " + MOST_SAMPLES
        + " samples in one Observation; use a longer defaultPeriod or shorter correlations");
  }

  /** True once it has samples. */
  boolean isThere() {
    return samples != null;
  }

  /** Tokens that {@code span} holds. */
  int size(Span span) {
    return (int) index(span.end(), span.start()) + 1;
  }

  private long index(long time, long from) {
    return aligned
        ? Math.floorDiv(time, period) - Math.floorDiv(from, period)
        : Math.floorDiv(time - from, period);
  }
}
