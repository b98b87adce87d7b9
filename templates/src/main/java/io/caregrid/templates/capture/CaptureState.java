package io.caregrid.templates.capture;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a rule knows of the readings before.
 *
 * @param rule   whose it is: another rule begins anew
 * @param window number of the latest window of time that had a reading; {@link Long#MIN_VALUE} when there is none
 * @param loud   a reading of that window lay beyond the thresholds and stands for it
 * @param keptAt when the newest reading that was kept, or counted in, was measured, in 100 ns units since 1970
 * @param kept   its deciding value; null when none was kept
 * @param from   when the first reading of the latest window was measured
 * @param seen   windows before the latest that had a reading, oldest first; no more than {@value #MOST_SPANS}
 * @param sums   of the window's readings, by name of the value
 */
public record CaptureState(String rule, long window, boolean loud, long keptAt, BigDecimal kept, long from,
    List<Span> seen, Map<String, Sum> sums) {

  private static final int MOST_SPANS = 16;

  private static final JsonMapper JSON = new JsonMapper();

  public CaptureState {
    sums = Map.copyOf(sums);
    seen = List.copyOf(seen);
  }

  /** Windows one behind the other, both ends inclusive. */
  public record Span(long first, long last) {}

  /** True when that window, before the latest, is known to have had a reading. */
  boolean saw(long window) {
    return seen.stream().anyMatch(span -> span.first <= window && window <= span.last);
  }

  /** What {@link #seen} is once {@code next} is the latest window. */
  List<Span> seenBefore(long next) {
    if (next == window || window == Long.MIN_VALUE) return seen;
    List<Span> spans = new ArrayList<>(seen);
    int last = spans.size() - 1;
    boolean follows = last >= 0 && spans.get(last).last == window - 1;
    if (follows) spans.set(last, new Span(spans.get(last).first, window));
    else spans.add(new Span(window, window));
    return spans.size() > MOST_SPANS ? spans.subList(1, spans.size()) : spans;
  }

  /** Before the first reading. */
  static CaptureState begin(String rule) {
    return new CaptureState(rule, Long.MIN_VALUE, false, Long.MIN_VALUE, null, Long.MIN_VALUE, List.of(), Map.of());
  }

  /** Of some readings of one value; {@code count} is at least 1. */
  public record Sum(long count, BigDecimal total, BigDecimal least, BigDecimal most) {
    Sum with(BigDecimal value) {
      return new Sum(count + 1, total.add(value), least.min(value), most.max(value));
    }
  }

  /** As it is stored, JSON; the same state is always the same text. */
  public String text() {
    ObjectNode json = JSON.createObjectNode().put("rule", rule);
    if (window != Long.MIN_VALUE) json.put("window", window);
    if (loud) json.put("loud", true);
    if (kept != null) json.put("at", keptAt).put("kept", kept.toString());
    if (from != Long.MIN_VALUE) json.put("from", from);
    if (!seen.isEmpty()) {
      ArrayNode spans = json.putArray("seen");
      seen.forEach(span -> spans.add(span.first).add(span.last));
    }
    if (!sums.isEmpty()) {
      ObjectNode all = json.putObject("sums");
      new TreeMap<>(sums).forEach((name, sum) -> all.putArray(name)
          .add(sum.count)
          .add(sum.total.toString())
          .add(sum.least.toString())
          .add(sum.most.toString()));
    }
    return json.toString();
  }

  /** @throws IllegalArgumentException when this is no text of {@link #text} */
  public static CaptureState of(String text) {
    try {
      JsonNode json = JSON.readTree(text);
      Map<String, Sum> sums = new TreeMap<>();
      json.path("sums").properties().forEach(one -> sums.put(one.getKey(), sum((ArrayNode) one.getValue())));
      boolean hasKept = json.has("kept");
      return new CaptureState(json.path("rule").asText(), json.path("window").asLong(Long.MIN_VALUE),
          json.path("loud").asBoolean(), hasKept ? json.path("at").asLong() : Long.MIN_VALUE,
          hasKept ? new BigDecimal(json.path("kept").asText()) : null, json.path("from").asLong(Long.MIN_VALUE),
          spans(json.path("seen")), sums);
    } catch (JsonProcessingException | ClassCastException | NumberFormatException wrong) {
      throw new IllegalArgumentException("no state of a capture rule", wrong);
    }
  }

  private static List<Span> spans(JsonNode written) {
    List<Span> spans = new ArrayList<>();
    for (int i = 0; i + 1 < written.size(); i += 2)
      spans.add(new Span(written.path(i).asLong(), written.path(i + 1).asLong()));
    return spans;
  }

  private static Sum sum(ArrayNode written) {
    return new Sum(written.path(0).asLong(), decimal(written, 1), decimal(written, 2), decimal(written, 3));
  }

  private static BigDecimal decimal(ArrayNode written, int at) {
    return new BigDecimal(written.path(at).asText());
  }
}
