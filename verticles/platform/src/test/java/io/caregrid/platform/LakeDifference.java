package io.caregrid.platform;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.math.BigDecimal;
import java.net.http.HttpResponse;
import java.util.Map;
import java.util.TreeMap;

/** What a node's lake says, asked in SQL, against what its FHIR says: every resource once, in its newest version, and every sample. */
final class LakeDifference {
  private static final ObjectMapper JSON = new ObjectMapper();

  private LakeDifference() {}

  /** Null when there is none; otherwise the first. */
  static String of(String http) throws IOException, InterruptedException {
    for (String type : new String[] {"Device", "Patient", "Observation"}) {
      Map<String, String> lake = new TreeMap<>();
      for (JsonNode row : sql(http, "select id, meta.versionId from \"" + type + "\""))
        if (lake.put(row.path(0).asText(), row.path(1).asText()) != null)
          return type + " " + row.path(0).asText() + " stands in the lake twice";
      String difference = first(type, versions(http, type), lake);
      if (difference != null) return difference;
    }
    Map<String, String> lake = new TreeMap<>();
    for (JsonNode row : sql(http, "select observation, count(value), sum(value) from vitals group by observation"))
      lake.put(row.path(0).asText(), sum(row.path(1).asInt(), new BigDecimal(row.path(2).asText())));
    return first("samples of", samples(http), lake);
  }

  private static String first(String what, Map<String, String> fhir, Map<String, String> lake) {
    for (Map.Entry<String, String> one : fhir.entrySet()) {
      String there = lake.remove(one.getKey());
      if (!one.getValue().equals(there))
        return what + " " + one.getKey() + " in FHIR " + one.getValue() + ", in the lake " + there;
    }
    return lake.isEmpty() ? null : what + " " + lake.keySet().iterator().next() + " in the lake, not in FHIR";
  }

  private static Map<String, String> versions(String http, String type) throws IOException, InterruptedException {
    Map<String, String> versions = new TreeMap<>();
    each(http, type, one -> versions.put(one.path("id").asText(), one.at("/meta/versionId").asText()));
    return versions;
  }

  private static Map<String, String> samples(String http) throws IOException, InterruptedException {
    Map<String, String> samples = new TreeMap<>();
    each(http, "Observation", one -> {
      int count = 0;
      BigDecimal sum = BigDecimal.ZERO;
      for (String sample : one.at("/valueSampledData/data").asText().split(" ")) {
        if (sample.isEmpty() || sample.equals("E")) continue;
        count++;
        sum = sum.add(new BigDecimal(sample));
      }
      for (JsonNode component : one.path("component")) {
        count++;
        sum = sum.add(component.at("/valueQuantity/value").decimalValue());
      }
      if (count > 0) samples.put(one.path("id").asText(), sum(count, sum));
    });
    return samples;
  }

  private static String sum(int count, BigDecimal sum) {
    return count + " adding up to " + (sum.signum() == 0 ? "0" : sum.stripTrailingZeros().toPlainString());
  }

  private interface Each {
    void see(JsonNode resource);
  }

  private static void each(String http, String type, Each each) throws IOException, InterruptedException {
    String page = http + "/fhir/" + type + "?_count=500";
    while (page != null) {
      JsonNode bundle = TestNode.json(page);
      bundle.path("entry").forEach(entry -> each.see(entry.path("resource")));
      page = null;
      for (JsonNode link : bundle.path("link"))
        if (link.path("relation").asText().equals("next")) page = link.path("url").asText();
    }
  }

  /** The rows, each an array. */
  static JsonNode sql(String http, String query) throws IOException, InterruptedException {
    HttpResponse<String> answer = TestNode.post(http + "/analytics/sql", "application/json",
        JSON.writeValueAsString(Map.of("sql", query)));
    if (answer.statusCode() != 200)
      throw new IOException(query + " answered " + answer.statusCode() + " " + answer.body());
    return JSON.readTree(answer.body()).path("rows");
  }
}
