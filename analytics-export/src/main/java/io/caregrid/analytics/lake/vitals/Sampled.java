package io.caregrid.analytics.lake.vitals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.DecimalNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Iterator;
import java.util.NoSuchElementException;

/**
 * A SampledData of one dimension: sample i is at start + i × period and says origin + factor × number. Of more dimensions there are no rows: what its
 * numbers are is told nowhere.
 *
 * @param start of the first sample, microseconds since 1970, or null
 */
record Sampled(ObjectNode head, Long start, JsonNode data) implements Series {

  private static final BigDecimal MICROS = BigDecimal.valueOf(1_000);
  /** Some 300 years, in microseconds. */
  private static final BigDecimal LONGEST = BigDecimal.TEN.pow(16);

  @Override
  public Iterator<ObjectNode> iterator() {
    return new Tokens();
  }

  private static BigDecimal number(JsonNode node, BigDecimal none) {
    return node.isNumber() ? node.decimalValue() : none;
  }

  /** Goes through the text without cutting it up. */
  private final class Tokens implements Iterator<ObjectNode> {
    private final String text;
    private final BigDecimal origin = number(data.path("origin").path("value"), BigDecimal.ZERO);
    private final BigDecimal factor = number(data.path("factor"), BigDecimal.ONE);
    private final BigDecimal period = number(data.path("period"), BigDecimal.ZERO).multiply(MICROS);
    private final boolean raw = origin.signum() == 0 && factor.compareTo(BigDecimal.ONE) == 0;
    private final ObjectNode base = head.objectNode();
    private int at;
    private long index;
    private ObjectNode next;

    Tokens() {
      text = data.path("dimensions").asInt(1) == 1 ? data.path("data").asText("") : "";
      base.setAll(head);
      Single.unit(base, data.path("origin"));
      advance();
    }

    @Override
    public boolean hasNext() {
      return next != null;
    }

    @Override
    public ObjectNode next() {
      if (next == null) throw new NoSuchElementException();
      ObjectNode given = next;
      advance();
      return given;
    }

    private void advance() {
      next = null;
      while (next == null) {
        while (at < text.length() && text.charAt(at) <= ' ') at++;
        if (at == text.length()) return;
        int from = at;
        while (at < text.length() && text.charAt(at) > ' ') at++;
        next = row(text.substring(from, at), index++);
      }
    }

    /** Null when the token says nothing. */
    private ObjectNode row(String token, long index) {
      boolean flag = token.equals("U") || token.equals("L");
      BigDecimal value = flag ? null : value(token);
      if (!flag && value == null) return null;
      ObjectNode row = base.objectNode();
      row.setAll(base);
      Long offset = start == null ? null : offset(index);
      if (offset != null) row.put("time", start + offset);
      if (flag) {
        row.put("flag", token);
      } else {
        row.set("value", DecimalNode.valueOf(value));
      }
      return row;
    }

    /** Microseconds; null when that is more than {@link #LONGEST}. The limits come first: a number of a billion digits is written in ten characters. */
    private Long offset(long index) {
      BigDecimal offset = period.multiply(BigDecimal.valueOf(index), MathContext.DECIMAL64);
      boolean sane = offset.signum() >= 0 && offset.compareTo(LONGEST) <= 0;
      if (!sane) return null;
      return offset.compareTo(BigDecimal.ONE) < 0 ? 0L : offset.setScale(0, RoundingMode.HALF_UP).longValue();
    }

    private BigDecimal value(String token) {
      if (token.equals("E")) return null;
      try {
        BigDecimal number = new BigDecimal(token);
        return raw ? number : origin.add(factor.multiply(number, MathContext.DECIMAL128), MathContext.DECIMAL128);
      } catch (NumberFormatException none) {
        return null;
      }
    }
  }
}
