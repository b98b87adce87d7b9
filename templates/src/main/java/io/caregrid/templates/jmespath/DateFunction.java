package io.caregrid.templates.jmespath;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.templates.text.Timestamps;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.TemporalAccessor;
import java.time.temporal.TemporalQueries;
import java.util.List;
import java.util.Locale;

/**
 * {@code parseDate(text, 'pattern'[, 'zone'])}: pattern and zone are read when the expression is compiled, so they must be written as literals. Letters of the
 * pattern as in Java's DateTimeFormatter, names in English. A text without an offset is in the zone, UTC when none is given. Gives an ISO 8601 text in UTC.
 */
record DateFunction(DateTimeFormatter format, ZoneId zone) implements Function.Body {
  private static final String NAME = "parseDate";

  static Expr call(List<Expr> arguments) {
    int count = arguments.size();
    if (count < 2 || count > 3) throw Functions.arity(NAME, 2, 3, count);
    String pattern = literal(arguments.get(1), "the pattern");
    String zone = count < 3 ? "UTC" : literal(arguments.get(2), "the time zone");
    try {
      DateFunction body = new DateFunction(DateTimeFormatter.ofPattern(pattern, Locale.ENGLISH), ZoneId.of(zone));
      Function function = new Function(NAME, 1, 1, new int[] {Function.STRING | Function.NULL}, body);
      if (arguments.get(0) instanceof Expr.Reference)
        throw new IllegalArgumentException("function " + NAME + " takes no &expression");
      return new Expr.Call(function, new Expr[] {arguments.get(0)});
    } catch (DateTimeException noZone) {
      throw new IllegalArgumentException("function " + NAME + ": there is no time zone '" + zone + "'");
    } catch (IllegalArgumentException noPattern) {
      throw new IllegalArgumentException("function " + NAME + ": " + noPattern.getMessage());
    }
  }

  @Override
  public JsonNode call(Arguments a) throws JmesPathFailure {
    if (a.at(0).isNull()) return a.at(0);
    try {
      Instant time = instant(format.parse(a.text(0).strip()));
      if (time.getEpochSecond() < -62_135_596_800L || time.getEpochSecond() > 253_402_300_799L) {
        throw a.wrongValue("expects a time in the years 1 to 9999");
      }
      return Values.of(Timestamps.shortest(time));
    } catch (DateTimeException wrong) {
      throw a.wrongValue("expects argument 0 to be a time of its pattern");
    }
  }

  private Instant instant(TemporalAccessor parsed) {
    LocalDate date = LocalDate.from(parsed);
    LocalTime time = parsed.query(TemporalQueries.localTime());
    LocalDateTime local = LocalDateTime.of(date, time == null ? LocalTime.MIDNIGHT : time);
    ZoneOffset offset = parsed.query(TemporalQueries.offset());
    ZoneId written = parsed.query(TemporalQueries.zone());
    if (offset != null) return local.toInstant(offset);
    return local.atZone(written == null ? zone : written).toInstant();
  }

  private static String literal(Expr argument, String what) {
    if (argument instanceof Expr.Literal literal && literal.value().isTextual()) return literal.value().textValue();
    throw new IllegalArgumentException("function " + NAME + " needs " + what + " as a literal, in single quotes");
  }
}
