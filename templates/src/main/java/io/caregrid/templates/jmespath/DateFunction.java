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
import java.time.format.ResolverStyle;
import java.time.temporal.ChronoField;
import java.time.temporal.TemporalAccessor;
import java.time.temporal.TemporalQueries;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * {@code parseDate(text, 'pattern'[, 'zone'])}: pattern and zone are read when the expression is compiled, so they must be written as literals. Letters of the
 * pattern as in Java's DateTimeFormatter, names in English; a date that the calendar does not have is refused, and so is a pattern that cannot give a time of
 * day although it has hours, minutes or seconds. A text without an offset is in the zone, UTC when none is given. Gives an ISO 8601 text in UTC.
 */
record DateFunction(DateTimeFormatter format, ZoneId zone) implements Function.One {
  private static final String NAME = "parseDate";
  private static final List<ChronoField> TIME_FIELDS = Arrays.stream(ChronoField.values())
      .filter(ChronoField::isTimeBased)
      .toList();

  static Expr call(List<Expr> arguments) {
    int count = arguments.size();
    if (count < 2 || count > 3) throw Functions.arity(NAME, 2, 3, count);
    String pattern = literal(arguments.get(1), "the pattern");
    String zone = count < 3 ? "UTC" : literal(arguments.get(2), "the time zone");
    try {
      DateFunction body = new DateFunction(format(pattern), ZoneId.of(zone));
      Function function = new Function(NAME, 1, 1, new int[] {Function.STRING | Function.NULL}, body);
      if (arguments.get(0) instanceof Expr.Reference)
        throw new IllegalArgumentException("function " + NAME + " takes no &expression");
      return function.of(arguments.get(0));
    } catch (DateTimeException noZone) {
      throw new IllegalArgumentException("function " + NAME + ": there is no time zone '" + zone + "'");
    } catch (IllegalArgumentException noPattern) {
      throw new IllegalArgumentException("function " + NAME + ": " + noPattern.getMessage());
    }
  }

  /** Strict: {@code y}, the year of an era, becomes the year itself when the pattern has no era. */
  private static DateTimeFormatter format(String pattern) {
    String letters = pattern.replaceAll("'[^']*'", "");
    if (has(letters, "hK") && !has(letters, "aB")) {
      throw new IllegalArgumentException("hours of half a day (h) need a (AM or PM); hours of a whole day are H");
    }
    if (has(letters, "ms") && !has(letters, "HkhK") || has(letters, "s") && !has(letters, "m")) {
      throw new IllegalArgumentException("minutes (m) need hours (H), and seconds (s) need minutes");
    }
    String strict = has(letters, "G") ? pattern : withYears(pattern);
    return DateTimeFormatter.ofPattern(strict, Locale.ENGLISH).withResolverStyle(ResolverStyle.STRICT);
  }

  private static boolean has(String letters, String any) {
    return letters.chars().anyMatch(c -> any.indexOf(c) >= 0);
  }

  private static String withYears(String pattern) {
    StringBuilder strict = new StringBuilder(pattern);
    boolean quoted = false;
    for (int i = 0; i < strict.length(); i++) {
      if (strict.charAt(i) == '\'') quoted = !quoted;
      if (!quoted && strict.charAt(i) == 'y') strict.setCharAt(i, 'u');
    }
    return strict.toString();
  }

  @Override
  public JsonNode call(JsonNode text) throws JmesPathFailure {
    if (text.isNull()) return text;
    try {
      Instant time = instant(format.parse(text.textValue().strip()));
      if (time.getEpochSecond() < -62_135_596_800L || time.getEpochSecond() > 253_402_300_799L) {
        throw JmesPathFailure.value(NAME, "expects a time in the years 1 to 9999");
      }
      return Values.of(Timestamps.shortest(time));
    } catch (DateTimeException wrong) {
      throw JmesPathFailure.value(NAME, "expects argument 0 to be a time of its pattern");
    }
  }

  private Instant instant(TemporalAccessor parsed) {
    LocalDate date = LocalDate.from(parsed);
    LocalTime time = parsed.query(TemporalQueries.localTime());
    boolean partOfTime = time == null && TIME_FIELDS.stream().anyMatch(parsed::isSupported);
    if (partOfTime) throw new DateTimeException("no time of day");
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
