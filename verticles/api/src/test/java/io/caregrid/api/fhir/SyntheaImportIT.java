package io.caregrid.api.fhir;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.api.Ward;
import io.caregrid.engines.Synthea;
import io.vertx.core.buffer.Buffer;
import io.vertx.ext.web.client.HttpResponse;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Whole lives of patients by MITRE's Synthea, brought in as it writes them, and once more as batches of what has its own ids: nothing is missing, nothing differs. */
@ExtendWith(Ward.Key.class)
@Tag("full")
class SyntheaImportIT {
  private static final ObjectMapper JSON = new ObjectMapper()
      .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
      .setNodeFactory(JsonNodeFactory.withExactBigDecimals(true));

  /** What was sent under a fullUrl, and where it is now. */
  private record Kept(ObjectNode sent, String place) {}

  private final Map<String, Kept> kept = new HashMap<>();
  /** A search as a reference → what it finds. */
  private final Map<String, String> found = new HashMap<>();

  @Test
  void whatIsBroughtInByTransactionAndByBatchIsAllThereAndTheSame(Ward ward) throws Exception {
    List<ObjectNode> bundles = new ArrayList<>();
    for (Path file : Synthea.bundles()) bundles.add((ObjectNode) JSON.readTree(file.toFile()));
    Map<String, Integer> before = counts(ward, bundles);

    for (ObjectNode bundle : bundles) bringIn(ward, bundle);

    Map<String, Integer> transactions = counts(ward, bundles);
    assertEquals(sent(bundles), minus(transactions, before));
    for (Kept one : kept.values()) assertSame(ward, one);

    List<ObjectNode> again = bundles.stream().map(this::withOwnIds).toList();
    for (ObjectNode batch : again) bringIn(ward, batch);

    assertEquals(sent(bundles), minus(counts(ward, bundles), transactions));
    for (ObjectNode batch : again)
      for (JsonNode entry : batch.path("entry"))
        assertSame(ward,
            new Kept((ObjectNode) entry.path("resource"), entry.path("request").path("url").asText()));
  }

  private void bringIn(Ward ward, ObjectNode bundle) throws IOException {
    HttpResponse<Buffer> answer = ward.send("POST", "/fhir", bundle.toString());
    assertEquals(200, answer.statusCode(), () -> answer.bodyAsString().substring(0, 1000));
    JsonNode done = JSON.readTree(answer.body().getBytes());
    for (int i = 0; i < bundle.path("entry").size(); i++) {
      JsonNode entry = bundle.path("entry").get(i);
      JsonNode response = done.path("entry").get(i).path("response");
      assertEquals("201 Created", response.path("status").asText(), response::toString);
      String place = response.path("location").asText().replaceFirst("/_history/1$", "");
      kept.put(entry.path("fullUrl").asText(), new Kept((ObjectNode) entry.path("resource"), place));
    }
  }

  private static Map<String, Integer> sent(List<ObjectNode> bundles) {
    Map<String, Integer> counts = new TreeMap<>();
    for (ObjectNode bundle : bundles)
      for (JsonNode entry : bundle.path("entry"))
        counts.merge(entry.path("resource").path("resourceType").asText(), 1, Integer::sum);
    return counts;
  }

  private static Map<String, Integer> counts(Ward ward, List<ObjectNode> bundles) {
    Map<String, Integer> counts = new TreeMap<>();
    sent(bundles).keySet()
        .forEach(type -> counts.put(type,
            ward.send("GET", "/fhir/" + type + "?_summary=count", (String) null)
                .bodyAsJsonObject()
                .getInteger("total")));
    return counts;
  }

  private static Map<String, Integer> minus(Map<String, Integer> now, Map<String, Integer> before) {
    Map<String, Integer> more = new TreeMap<>();
    now.forEach((type, count) -> more.put(type, count - before.get(type)));
    return more;
  }

  /** But for its id, what the server says of its version, and that references lead to where things are now. */
  private void assertSame(Ward ward, Kept one) throws IOException {
    HttpResponse<Buffer> answer = ward.send("GET", "/fhir/" + one.place, (String) null);
    assertEquals(200, answer.statusCode(), one.place);
    ObjectNode stored = (ObjectNode) JSON.readTree(answer.body().getBytes());
    ObjectNode meta = (ObjectNode) stored.path("meta");
    meta.remove(List.of("versionId", "lastUpdated"));
    if (meta.isEmpty()) stored.remove("meta");
    ObjectNode sent = (ObjectNode) resolved(ward, one.sent);
    sent.put("id", stored.path("id").asText());
    assertEquals(sent, stored, one.place);
  }

  private JsonNode resolved(Ward ward, JsonNode node) {
    if (node instanceof ArrayNode list) {
      ArrayNode all = list.arrayNode();
      list.forEach(one -> all.add(resolved(ward, one)));
      return all;
    }
    if (!(node instanceof ObjectNode object)) return node;
    ObjectNode all = object.objectNode();
    object.properties()
        .forEach(member -> all.set(member.getKey(), member.getKey().equals("reference")
            ? all.textNode(target(ward, member.getValue().asText()))
            : resolved(ward, member.getValue())));
    return all;
  }

  private String target(Ward ward, String reference) {
    if (kept.containsKey(reference)) return kept.get(reference).place;
    int mark = reference.indexOf('?');
    if (mark < 0) return reference;
    return found.computeIfAbsent(reference, condition -> {
      int equals = reference.indexOf('=');
      String address = "/fhir/" + reference.substring(0, equals + 1)
          + URLEncoder.encode(reference.substring(equals + 1), StandardCharsets.UTF_8);
      var entries = ward.send("GET", address, (String) null).bodyAsJsonObject().getJsonArray("entry");
      assertEquals(1, entries.size(), reference);
      return reference.substring(0, mark) + "/"
          + entries.getJsonObject(0).getJsonObject("resource").getString("id");
    });
  }

  /** The same as a batch of updates as create: ids are those of the fullUrls, references lead there. */
  private ObjectNode withOwnIds(ObjectNode bundle) {
    ObjectNode batch = JSON.createObjectNode().put("resourceType", "Bundle").put("type", "batch");
    ArrayNode entries = batch.putArray("entry");
    for (JsonNode entry : bundle.path("entry")) {
      String id = own(entry.path("fullUrl").asText());
      ObjectNode resource = (ObjectNode) toOwn(entry.path("resource"));
      resource.put("id", id);
      ObjectNode request = JSON.createObjectNode()
          .put("method", "PUT")
          .put("url", resource.path("resourceType").asText() + "/" + id);
      entries.add(JSON.createObjectNode().<ObjectNode>set("resource", resource).set("request", request));
    }
    return batch;
  }

  private JsonNode toOwn(JsonNode node) {
    if (node instanceof ArrayNode list) {
      ArrayNode all = list.arrayNode();
      list.forEach(one -> all.add(toOwn(one)));
      return all;
    }
    if (!(node instanceof ObjectNode object)) return node;
    ObjectNode all = object.objectNode();
    object.properties()
        .forEach(member -> all.set(member.getKey(), member.getKey().equals("reference")
            ? all.textNode(toOwn(member.getValue().asText()))
            : toOwn(member.getValue())));
    return all;
  }

  private String toOwn(String reference) {
    Kept one = kept.get(reference);
    if (one != null) return one.place.substring(0, one.place.indexOf('/') + 1) + own(reference);
    if (reference.indexOf('?') < 0) return reference;
    assertTrue(found.containsKey(reference), reference);
    return found.get(reference);
  }

  private static String own(String fullUrl) {
    return fullUrl.substring("urn:uuid:".length());
  }
}
