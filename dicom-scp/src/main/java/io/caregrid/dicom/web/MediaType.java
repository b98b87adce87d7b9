package io.caregrid.dicom.web;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A media type or range with its parameters (RFC 9110 sections 8.3.1 and 12.5.1), read leniently: PACS write {@code type=application/dicom} without the
 * quotes that RFC 2387 asks for.
 *
 * @param name       lower case, e.g. {@code multipart/related}
 * @param parameters names in lower case; values as they were, without quotes
 */
record MediaType(String name, Map<String, String> parameters) {

  MediaType {
    parameters = Map.copyOf(parameters);
  }

  /** The first of {@link #list}; without a name when the header is null or empty. */
  static MediaType of(String header) {
    List<MediaType> all = list(header);
    return all.isEmpty() ? new MediaType("", Map.of()) : all.get(0);
  }

  /** What commas outside of quotes separate. */
  static List<MediaType> list(String header) {
    List<MediaType> all = new ArrayList<>();
    if (header == null) return all;
    for (String one : split(header, ',')) if (!one.isBlank()) all.add(one(one));
    return all;
  }

  private static MediaType one(String text) {
    List<String> pieces = split(text, ';');
    Map<String, String> parameters = new LinkedHashMap<>();
    for (String piece : pieces.subList(1, pieces.size())) {
      int equals = piece.indexOf('=');
      if (equals < 0) continue;
      parameters.putIfAbsent(piece.substring(0, equals).strip().toLowerCase(Locale.ROOT),
          unquoted(piece.substring(equals + 1).strip()));
    }
    return new MediaType(pieces.get(0).strip().toLowerCase(Locale.ROOT), parameters);
  }

  private static List<String> split(String text, char separator) {
    List<String> pieces = new ArrayList<>();
    boolean quoted = false;
    int from = 0;
    for (int at = 0; at < text.length(); at++) {
      char next = text.charAt(at);
      if (next == '"') quoted = !quoted;
      else if (next == '\\' && quoted) at++;
      else if (next == separator && !quoted) {
        pieces.add(text.substring(from, at));
        from = at + 1;
      }
    }
    pieces.add(text.substring(from));
    return pieces;
  }

  private static String unquoted(String value) {
    if (value.length() < 2 || value.charAt(0) != '"' || value.charAt(value.length() - 1) != '"') return value;
    return value.substring(1, value.length() - 1).replaceAll("\\\\(.)", "$1");
  }

  /** Null when it is not there. */
  String parameter(String name) {
    return parameters.get(name);
  }
}
