package io.caregrid.api.fhir;

import io.caregrid.contract.Failure;
import io.caregrid.store.Demand;
import io.caregrid.store.Stored;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Versions as HTTP headers say them: {@code W/"3"} and {@code Fri, 20 Nov 2026 10:00:00 GMT} (FHIR R4 http.html#versioning). */
final class Versions {
  private static final Pattern TAG = Pattern.compile("(?:W/)?\"(\\d{1,9})\"|(\\d{1,9})");
  private static final DateTimeFormatter HTTP_DATE = DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'",
      Locale.ENGLISH);

  private Versions() {}

  static String tag(Stored stored) {
    return "W/\"" + stored.version() + "\"";
  }

  static String lastModified(Stored stored) {
    return HTTP_DATE.format(stored.updated().atZone(ZoneOffset.UTC));
  }

  /**
   * A version, {@link Demand#ANY} for {@code *}, or none when there is no such header.
   *
   * @throws Failure.Invalid when the header is there and is neither
   */
  static OptionalInt ifMatch(String header) {
    if (header == null) return OptionalInt.empty();
    if (header.trim().equals("*")) return Demand.ANY;
    Matcher tag = TAG.matcher(header.trim());
    if (!tag.matches()) throw new Failure.Invalid("If-Match must be one version such as W/\"3\", or *");
    return OptionalInt.of(Integer.parseInt(tag.group(1) != null ? tag.group(1) : tag.group(2)));
  }

  /** True when the client's copy is good: one of {@code If-None-Match}, or else not older than {@code If-Modified-Since}. */
  static boolean isFresh(Stored stored, String ifNoneMatch, String ifModifiedSince) {
    if (ifNoneMatch != null) return matches(stored, ifNoneMatch);
    if (ifModifiedSince == null) return false;
    try {
      Instant since = ZonedDateTime.parse(ifModifiedSince, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant();
      return !stored.updated().truncatedTo(ChronoUnit.SECONDS).isAfter(since);
    } catch (DateTimeException unreadable) {
      return false; // RFC 9110 13.1.3: an unreadable date counts as absent
    }
  }

  private static boolean matches(Stored stored, String header) {
    if (header.trim().equals("*")) return true;
    for (String one : header.split(",")) {
      Matcher tag = TAG.matcher(one.trim());
      if (tag.matches() && one.contains(String.valueOf(stored.version())) && version(tag) == stored.version())
        return true;
    }
    return false;
  }

  private static int version(Matcher tag) {
    return Integer.parseInt(tag.group(1) != null ? tag.group(1) : tag.group(2));
  }
}
