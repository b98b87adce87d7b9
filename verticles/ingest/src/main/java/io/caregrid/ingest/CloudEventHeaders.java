package io.caregrid.ingest;

import io.caregrid.contract.Failure;
import io.vertx.core.MultiMap;
import io.vertx.core.http.HttpHeaders;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;

/**
 * From CloudEvents' HTTP binding (1.0.2, section 3) to its Kafka binding: {@code ce-type} becomes {@code ce_type}, and a structured event's
 * {@code Content-Type} goes along as {@code content-type}. What is in a structured event is read where it is normalised.
 */
final class CloudEventHeaders {
  static final String STRUCTURED = "application/cloudevents+json";
  private static final String BATCH = "application/cloudevents-batch+json";
  private static final String HTTP = "ce-";
  private static final String KAFKA = "ce_";
  /** Section "Required attributes". */
  private static final Set<String> REQUIRED = Set.of("id", "source", "specversion", "type");
  private static final int LONGEST = 4_096;

  private CloudEventHeaders() {}

  /** @throws Failure.Invalid when it says to be an event, and lacks what every event has */
  static List<Header> of(MultiMap http) {
    String type = http.contains(HttpHeaders.CONTENT_TYPE)
        ? http.get(HttpHeaders.CONTENT_TYPE).split(";", 2)[0].strip().toLowerCase(Locale.ROOT)
        : "";
    List<Header> headers = new ArrayList<>();
    if (type.equals(STRUCTURED) || type.equals(BATCH)) headers.add(header("content-type", STRUCTURED));
    else if (http.contains(HTTP + "specversion")) attributes(http, headers);
    return headers;
  }

  private static void attributes(MultiMap http, List<Header> headers) {
    Set<String> missing = new TreeSet<>(REQUIRED);
    for (Map.Entry<String, String> one : http) {
      String name = one.getKey().toLowerCase(Locale.ROOT);
      if (!name.startsWith(HTTP)) continue;
      String attribute = name.substring(HTTP.length());
      if (!IngestRecord.ATTRIBUTE.matcher(attribute).matches() || one.getValue().length() > LONGEST)
        throw new Failure.Invalid("a header ce-… is no attribute of CloudEvents: small letters and digits, at most "
            + LONGEST + " characters of value");
      missing.remove(attribute);
      headers.add(header(KAFKA + attribute, decoded(one.getValue())));
    }
    if (!missing.isEmpty()) throw new Failure.Invalid("the event lacks ce-" + String.join(", ce-", missing));
    if (!"1.0".equals(http.get(HTTP + "specversion"))) throw new Failure.Invalid("ce-specversion must be 1.0");
  }

  /** Section 3.1.3.2: percent-encoded. A plus sign is one. */
  private static String decoded(String value) {
    try {
      return URLDecoder.decode(value.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException wrong) {
      throw new Failure.Invalid("a header ce-… has a wrong percent-encoding");
    }
  }

  /** True when these are the attributes of one event, whose data is the whole body. */
  static boolean areOfOne(List<Header> headers) {
    return headers.stream().anyMatch(header -> header.key().startsWith(KAFKA));
  }

  private static Header header(String name, String value) {
    return new RecordHeader(name, value.getBytes(StandardCharsets.UTF_8));
  }
}
