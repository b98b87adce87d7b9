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
import java.time.Duration;
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

  private static final int ASKED_AT_ONCE = 200;

  /** What was sent, and where it is now. */
  private record Kept(ObjectNode sent, String place) {}

  /** fullUrl → where it is now. */
  private final Map<String, String> places = new HashMap<>();
  /** A search as a reference → what it finds. */
  private final Map<String, String> found = new HashMap<>();
  private final Map<String, Integer> sent = new TreeMap<>();

  /** One bundle at a time is in memory, however many there are. */
  @Test
  void whatIsBroughtInByTransactionAndByBatchIsAllThereAndTheSame(Ward ward) throws Exception {
    List<Path> files = Synthea.bundles();
    for (Path file : files) count(read(file));
    Map<String, Integer> before = counts(ward);

    Duration writing = Duration.ZERO;
    for (Path file : files) writing = writing.plus(bringIn(ward, read(file)));

    Map<String, Integer> transactions = counts(ward);
    assertEquals(sent, minus(transactions, before));
    say("transactions", writing);

    writing = Duration.ZERO;
    for (Path file : files) writing = writing.plus(bringIn(ward, withOwnIds(read(file))));

    assertEquals(sent, minus(counts(ward), transactions));
    say("batches", writing);
  }

  private void say(String what, Duration writing) {
    int all = sent.values().stream().mapToInt(Integer::intValue).sum();
    System.out.println(what + ": " + all + " resources, " + writing.toSeconds() + " s of writing; " + sent);
  }

  private static ObjectNode read(Path file) throws IOException {
    return (ObjectNode) JSON.readTree(file.toFile());
  }

  /** Sends it and reads back each of its resources. @return how long the first took */
  private Duration bringIn(Ward ward, ObjectNode bundle) throws IOException {
    long start = System.nanoTime();
    JsonNode done = answer(ward, bundle);
    Duration took = Duration.ofNanos(System.nanoTime() - start);
    List<Kept> all = new ArrayList<>();
    for (int i = 0; i < bundle.path("entry").size(); i++) {
      JsonNode entry = bundle.path("entry").get(i);
      JsonNode response = done.path("entry").get(i).path("response");
      assertEquals("201 Created", response.path("status").asText(), response::toString);
      String place = response.path("location").asText().replaceFirst("/_history/1$", "");
      if (entry.has("fullUrl")) places.put(entry.path("fullUrl").asText(), place);
      all.add(new Kept((ObjectNode) entry.path("resource"), place));
    }
    for (int from = 0; from < all.size(); from += ASKED_AT_ONCE)
      assertSame(ward, all.subList(from, Math.min(from + ASKED_AT_ONCE, all.size())));
    return took;
  }

  private static JsonNode answer(Ward ward, ObjectNode bundle) throws IOException {
    HttpResponse<Buffer> answer = ward.sendLong("POST", "/fhir", bundle.toString());
    assertEquals(200, answer.statusCode(), () -> String.valueOf(answer.bodyAsString()));
    return JSON.readTree(answer.body().getBytes());
  }

  private void count(ObjectNode bundle) {
    for (JsonNode entry : bundle.path("entry"))
      sent.merge(entry.path("resource").path("resourceType").asText(), 1, Integer::sum);
  }

  private Map<String, Integer> counts(Ward ward) {
    Map<String, Integer> counts = new TreeMap<>();
    sent.keySet()
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

  /** But for their ids, what the server says of their version, and that references lead to where things are now. */
  private void assertSame(Ward ward, List<Kept> all) throws IOException {
    ObjectNode batch = JSON.createObjectNode().put("resourceType", "Bundle").put("type", "batch");
    ArrayNode entries = batch.putArray("entry");
    for (Kept one : all) entries.addObject().putObject("request").put("method", "GET").put("url", one.place);
    JsonNode read = answer(ward, batch);
    for (int i = 0; i < all.size(); i++) {
      Kept one = all.get(i);
      assertSame(ward, one, (ObjectNode) read.path("entry").get(i).required("resource"));
    }
  }

  private void assertSame(Ward ward, Kept one, ObjectNode stored) {
    ObjectNode meta = (ObjectNode) stored.path("meta");
    meta.remove(List.of("versionId", "lastUpdated"));
    if (meta.isEmpty()) stored.remove("meta");
    ObjectNode expected = (ObjectNode) resolved(ward, one.sent);
    expected.put("id", stored.path("id").asText());
    assertEquals(expected, stored, one.place);
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
    if (places.containsKey(reference)) return places.get(reference);
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
    String place = places.get(reference);
    if (place != null) return place.substring(0, place.indexOf('/') + 1) + own(reference);
    if (reference.indexOf('?') < 0) return reference;
    assertTrue(found.containsKey(reference), reference);
    return found.get(reference);
  }

  private static String own(String fullUrl) {
    return fullUrl.substring("urn:uuid:".length());
  }
}
