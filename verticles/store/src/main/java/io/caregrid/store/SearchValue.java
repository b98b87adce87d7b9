package io.caregrid.store;

import io.caregrid.contract.Failure;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Values as a client writes them: a comma means or, a backslash takes a meaning away (FHIR R4 search.html#escaping). */
final class SearchValue {
  private static final String UNREADABLE = " cannot be read: a date is written 2026, 2026-11, 2026-11-20 or 2026-11-20T10:00:00Z, "
      + "with one of eq ne gt lt ge le sa eb ap in front if wanted";

  enum Prefix {
    EQ, NE, GT, LT, GE, LE, SA, EB, AP
  }

  record Date(Prefix prefix, Span span) {}

  private SearchValue() {}

  /** Split at commas, empty ones left out, still escaped. */
  static List<String> alternatives(String value) {
    List<String> found = new ArrayList<>();
    int from = 0;
    for (int comma = plain(value, ',', 0); comma >= 0; comma = plain(value, ',', from)) {
      found.add(value.substring(from, comma));
      from = comma + 1;
    }
    found.add(value.substring(from));
    found.removeIf(String::isEmpty);
    return found;
  }

  /** Index of the first such character that no backslash stands before, or -1. */
  private static int plain(String value, char wanted, int from) {
    for (int i = from; i < value.length(); i++) {
      if (value.charAt(i) == '\\') i++;
      else if (value.charAt(i) == wanted) return i;
    }
    return -1;
  }

  static String unescaped(String value) {
    StringBuilder plain = new StringBuilder(value.length());
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      boolean escape = c == '\\' && i + 1 < value.length();
      plain.append(escape ? value.charAt(++i) : c);
    }
    return plain.toString();
  }

  /** {@code code}, {@code system|code}, {@code |code} or {@code system|}. */
  static String token(Param param, String name, String value) {
    int bar = plain(value, '|', 0);
    if (bar < 0) return Postings.token(param.name(), unescaped(value));
    String system = unescaped(value.substring(0, bar));
    String code = unescaped(value.substring(bar + 1));
    if (system.isEmpty() && code.isEmpty())
      throw new Failure.Invalid(name + " needs a code, a system or both around the |");
    return Postings.coded(param.name(), system, code);
  }

  /** A bare id means a resource of the only type the parameter may point to, where there is only one. */
  static String reference(String type, String value) {
    String target = Postings.local(unescaped(value));
    return type != null && Ids.legal(target) ? type + "/" + target : target;
  }

  static Date date(String name, String escaped, Instant now) {
    String value = unescaped(escaped);
    Prefix prefix = prefix(value);
    Span span = Span.parse(prefix == null ? value : value.substring(2))
        .orElseThrow(() -> new Failure.Invalid("The value of " + name + UNREADABLE));
    return prefix == Prefix.AP
        ? new Date(prefix, about(span, now))
        : new Date(prefix == null ? Prefix.EQ : prefix, span);
  }

  private static Prefix prefix(String value) {
    for (Prefix prefix : Prefix.values()) {
      if (value.startsWith(prefix.name().toLowerCase(Locale.ROOT))) return prefix;
    }
    return null;
  }

  /** Wider by a tenth of its distance from now, as FHIR R4 recommends. */
  private static Span about(Span span, Instant now) {
    Duration slack = Duration.between(span.from(), now).abs().dividedBy(10);
    Instant from = span.from().minus(slack);
    Instant to = span.to().plus(slack);
    return new Span(from.isBefore(Span.FIRST) ? Span.FIRST : from, to.isAfter(Span.LAST) ? Span.LAST : to);
  }
}
