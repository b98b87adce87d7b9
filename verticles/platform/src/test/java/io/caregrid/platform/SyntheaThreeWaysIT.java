package io.caregrid.platform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalKafka;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.engines.Synthea;
import java.io.BufferedWriter;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * Whole lives by MITRE's Synthea go by transaction, as NDJSON by {@code caregrid load} and through the drop folder, each into a node of its own. Afterwards all
 * three hold as many resources of each type, and the same ones.
 *
 * <p>Ids are the server's own in two of the three, so a resource is known by a name made of all that it says but its id and meta: of its references by the
 * type they lead to at first, then, three times over, by the name of what they lead to. So two that differ, or that lead to resources that differ, have
 * different names, however they are numbered; a reference that leads nowhere is a name of its own.
 */
@Tag("full")
@ExtendWith(Engines.class)
class SyntheaThreeWaysIT {
  private static final ObjectMapper JSON = new ObjectMapper()
      .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
      .setNodeFactory(JsonNodeFactory.withExactBigDecimals(true));
  private static final HttpClient HTTP = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private static final int ROUNDS = 3;
  @TempDir
  Path folder;
  /** Type → how many. */
  private final Map<String, Integer> sent = new TreeMap<>();

  @Test
  void byTransactionByNdjsonAndByDropFolderComesTheSame(LocalPostgres postgres, LocalKafka kafka) throws Exception {
    List<Path> bundles = Synthea.bundles();
    for (Path file : bundles)
      for (JsonNode entry : JSON.readTree(file.toFile()).path("entry"))
        sent.merge(entry.path("resource").path("resourceType").asText(), 1, Integer::sum);

    Map<String, ObjectNode> transactions = transactions(postgres, kafka, bundles);
    Map<String, ObjectNode> lines = lines(postgres, kafka, bundles);
    Map<String, ObjectNode> dropped = dropped(postgres, kafka, bundles);

    assertTrue(sent.size() > 15, sent.toString());
    assertEquals(sent, counts(transactions));
    assertEquals(sent, counts(lines));
    assertEquals(sent, counts(dropped));
    Map<String, Integer> names = names(transactions);
    assertEquals(Map.of(), difference(names, names(lines)), "transactions, and NDJSON");
    assertEquals(Map.of(), difference(names, names(dropped)), "transactions, and the drop folder");
  }

  /** That the comparison can fail, and where it does not. */
  @Test
  void aNameTellsResourcesApartByWhatTheySayAndByWhatTheyLeadTo() throws IOException {
    Map<String, ObjectNode> one = store("{'resourceType':'Patient','id':'1','gender':'male'}",
        "{'resourceType':'Patient','id':'2','gender':'female'}",
        "{'resourceType':'Basic','id':'3','subject':{'reference':'Patient/1'}}");
    Map<String, ObjectNode> numberedOtherwise = store("{'resourceType':'Patient','id':'a','gender':'female'}",
        "{'resourceType':'Patient','id':'b','gender':'male'}",
        "{'resourceType':'Basic','id':'c','subject':{'reference':'Patient/b'}}");
    Map<String, ObjectNode> leadsToAnother = store("{'resourceType':'Patient','id':'1','gender':'male'}",
        "{'resourceType':'Patient','id':'2','gender':'female'}",
        "{'resourceType':'Basic','id':'3','subject':{'reference':'Patient/2'}}");
    Map<String, ObjectNode> leadsNowhere = store("{'resourceType':'Patient','id':'1','gender':'male'}",
        "{'resourceType':'Patient','id':'2','gender':'female'}",
        "{'resourceType':'Basic','id':'3','subject':{'reference':'Patient/4'}}");

    assertEquals(Map.of(), difference(names(one), names(numberedOtherwise)));
    assertEquals(2, difference(names(one), names(leadsToAnother)).size());
    assertEquals(2, difference(names(one), names(leadsNowhere)).size());
  }

  private static Map<String, ObjectNode> store(String... resources) throws IOException {
    Map<String, ObjectNode> store = new TreeMap<>();
    for (String one : resources) put(store, one.replace('\'', '"'));
    return store;
  }

  private static void put(Map<String, ObjectNode> store, String line) throws IOException {
    ObjectNode resource = (ObjectNode) JSON.readTree(line);
    String place = resource.path("resourceType").asText() + "/" + resource.path("id").asText();
    assertTrue(store.put(place, resource) == null, place + " twice");
  }

  private Map<String, ObjectNode> transactions(LocalPostgres postgres, LocalKafka kafka, List<Path> bundles)
      throws Exception {
    try (Platform node = Platform.start(TestNode.config(TestNode.settings(postgres, kafka, folder.resolve("a"))), false,
        step -> {})) {
      for (Path file : bundles) {
        HttpResponse<String> answer = HTTP.send(HttpRequest.newBuilder(URI.create(node.http() + "/fhir"))
            .timeout(Duration.ofMinutes(2))
            .header("Content-Type", "application/fhir+json")
            .POST(HttpRequest.BodyPublishers.ofFile(file))
            .build(), HttpResponse.BodyHandlers.ofString());
        assertEquals(200, answer.statusCode(), () -> file + " " + answer.body());
      }
      return exported(node);
    }
  }

  private Map<String, ObjectNode> lines(LocalPostgres postgres, LocalKafka kafka, List<Path> bundles)
      throws Exception {
    List<String> words = new ArrayList<>(List.of("load", "--to", ""));
    for (Path file : ndjson(bundles)) words.add(file.toString());
    try (Platform node = Platform.start(TestNode.config(TestNode.settings(postgres, kafka, folder.resolve("b"))), false,
        step -> {})) {
      words.set(2, node.http());
      assertEquals(0, Main.execute(words.toArray(String[]::new)), "nothing was rejected");
      return exported(node);
    }
  }

  private Map<String, ObjectNode> dropped(LocalPostgres postgres, LocalKafka kafka, List<Path> bundles)
      throws Exception {
    Map<String, String> settings = TestNode.settings(postgres, kafka, folder.resolve("c"));
    Path drop = Files.createDirectories(folder.resolve("drop"));
    settings.put("load.folder", drop.toString());
    for (int n = 0; n < bundles.size(); n++) // by name: hospitals and practitioners first
      Files.copy(bundles.get(n), drop.resolve("%03d.json".formatted(n)));
    try (Platform node = Platform.start(TestNode.config(settings), false, step -> {})) {
      for (int n = 0; n < bundles.size(); n++) {
        String name = "%03d.json".formatted(n);
        TestNode.eventually(Duration.ofSeconds(120), name + " is done",
            () -> Files.exists(drop.resolve("done").resolve(name)) || Files.exists(drop.resolve("failed").resolve(name))
                ? true
                : null);
        assertTrue(Files.exists(drop.resolve("done").resolve(name)), name + " failed");
        assertTrue(Files.notExists(drop.resolve("done").resolve(name + ".rejected")), name + " was rejected");
      }
      return exported(node);
    }
  }

  /** A file for each type, as another server's export would have it: ids are those of the fullUrls, and references lead there. */
  private List<Path> ndjson(List<Path> bundles) throws IOException {
    Map<String, String> places = new HashMap<>();
    for (Path file : bundles)
      for (JsonNode entry : JSON.readTree(file.toFile()).path("entry")) {
        String type = entry.path("resource").path("resourceType").asText();
        String place = type + "/" + own(entry.path("fullUrl").asText());
        places.put(entry.path("fullUrl").asText(), place);
        for (JsonNode one : entry.path("resource").path("identifier"))
          places.putIfAbsent(
              type + "?identifier=" + one.path("system").asText() + "|" + one.path("value").asText(), place);
      }
    Path made = Files.createDirectories(folder.resolve("ndjson"));
    Map<String, BufferedWriter> files = new TreeMap<>();
    try {
      for (Path file : bundles)
        for (JsonNode entry : JSON.readTree(file.toFile()).path("entry")) {
          ObjectNode resource = (ObjectNode) entry.path("resource");
          resource.put("id", own(entry.path("fullUrl").asText()));
          lead(resource, places);
          String type = resource.path("resourceType").asText();
          if (!files.containsKey(type)) files.put(type, Files.newBufferedWriter(made.resolve(type + ".ndjson")));
          files.get(type).append(JSON.writeValueAsString(resource)).append('\n');
        }
    } finally {
      for (BufferedWriter one : files.values()) one.close();
    }
    return files.keySet().stream().map(type -> made.resolve(type + ".ndjson")).toList();
  }

  private static String own(String fullUrl) {
    return fullUrl.substring("urn:uuid:".length());
  }

  private static void lead(JsonNode node, Map<String, String> places) {
    if (node instanceof ObjectNode object && object.path("reference").isTextual()) {
      String reference = object.path("reference").asText();
      boolean formal = reference.startsWith("urn:uuid:") || reference.indexOf('?') > 0;
      assertTrue(!formal || places.containsKey(reference), reference);
      if (formal) object.put("reference", places.get(reference));
    }
    node.forEach(below -> lead(below, places));
  }

  /** Everything of the types that were sent, by {@code Type/id}; a node makes an Endpoint of its own. */
  private Map<String, ObjectNode> exported(Platform node) throws Exception {
    HttpResponse<String> begun = HTTP
        .send(HttpRequest.newBuilder(URI.create(node.http() + "/fhir/$export?_type=" + String.join(",", sent.keySet())))
            .timeout(Duration.ofSeconds(120))
            .header("Accept", "application/fhir+json")
            .header("Prefer", "respond-async")
            .build(), HttpResponse.BodyHandlers.ofString());
    assertEquals(202, begun.statusCode(), begun.body());
    String job = begun.headers().firstValue("Content-Location").orElseThrow();
    HttpResponse<String> ended = TestNode.eventually(Duration.ofSeconds(60), "the export is done", () -> {
      HttpResponse<String> status = TestNode.get(job);
      return status.statusCode() == 202 ? null : status;
    });
    assertEquals(200, ended.statusCode(), ended.body());
    JsonNode manifest = JSON.readTree(ended.body());
    assertEquals(0, manifest.path("error").size(), manifest.toString());
    Map<String, ObjectNode> all = new TreeMap<>();
    for (JsonNode file : manifest.path("output"))
      for (String line : TestNode.get(file.path("url").asText()).body().lines().toList()) put(all, line);
    return all;
  }

  private static Map<String, Integer> counts(Map<String, ObjectNode> store) {
    Map<String, Integer> counts = new TreeMap<>();
    store.values().forEach(one -> counts.merge(one.path("resourceType").asText(), 1, Integer::sum));
    return counts;
  }

  /** Name → how many have it. */
  private static Map<String, Integer> names(Map<String, ObjectNode> store) {
    Map<String, String> names = new HashMap<>();
    store.keySet().forEach(place -> names.put(place, place.substring(0, place.indexOf('/'))));
    for (int round = 0; round <= ROUNDS; round++) {
      Map<String, String> next = new HashMap<>();
      store.forEach((place, resource) -> next.put(place,
          resource.path("resourceType").asText() + " " + hash(said(resource, names, true).toString())));
      names.putAll(next);
    }
    Map<String, Integer> counts = new TreeMap<>();
    names.values().forEach(name -> counts.merge(name, 1, Integer::sum));
    return counts;
  }

  /** Without id and meta, members in order of their names. */
  private static Object said(JsonNode node, Map<String, String> names, boolean root) {
    if (node.isArray()) {
      List<Object> all = new ArrayList<>();
      node.forEach(each -> all.add(said(each, names, false)));
      return all;
    }
    if (!node.isObject()) return node.toString();
    Map<String, Object> all = new TreeMap<>();
    node.properties().forEach(member -> {
      String name = member.getKey();
      if (root && (name.equals("id") || name.equals("meta"))) return;
      boolean leads = name.equals("reference") && member.getValue().isTextual();
      all.put(name, leads
          ? names.getOrDefault(member.getValue().asText(), member.getValue().asText())
          : said(member.getValue(), names, false));
    });
    if (root && node.path("meta").has("profile")) all.put("profile", node.path("meta").path("profile").toString());
    return all;
  }

  private static Map<String, Integer> difference(Map<String, Integer> one, Map<String, Integer> other) {
    Map<String, Integer> difference = new TreeMap<>();
    one.forEach((name, count) -> difference.merge(name, count, Integer::sum));
    other.forEach((name, count) -> difference.merge(name, -count, Integer::sum));
    difference.values().removeIf(count -> count == 0);
    return difference;
  }

  private static String hash(String text) {
    try {
      return HexFormat.of()
          .formatHex(MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)), 0, 16);
    } catch (java.security.NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible);
    }
  }
}
