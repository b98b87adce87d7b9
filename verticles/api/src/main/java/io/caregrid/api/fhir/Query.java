package io.caregrid.api.fhir;

import io.caregrid.contract.Failure;
import io.caregrid.store.SearchQuery.Param;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** A query string as FHIR reads it: names are case-sensitive, order counts, a name may stand several times. */
final class Query {
  private Query() {}

  /** @param raw without {@code ?}, percent-encoded; null means none */
  static List<Param> parse(String raw) {
    List<Param> params = new ArrayList<>();
    if (raw == null) return params;
    for (String part : raw.split("&")) {
      if (part.isEmpty()) continue;
      int equals = part.indexOf('=');
      String name = equals < 0 ? part : part.substring(0, equals);
      params.add(new Param(decode(name), equals < 0 ? "" : decode(part.substring(equals + 1))));
    }
    return params;
  }

  static String format(List<Param> params) {
    return params.stream()
        .map(param -> encode(param.name()) + "=" + encode(param.value()))
        .collect(Collectors.joining("&"));
  }

  private static String decode(String text) {
    try {
      return URLDecoder.decode(text, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException broken) {
      throw new Failure.Invalid("a query parameter is not percent-encoded UTF-8: write % itself as %25");
    }
  }

  private static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("%3A", ":").replace("%2C", ",").replace("%2F", "/");
  }
}
