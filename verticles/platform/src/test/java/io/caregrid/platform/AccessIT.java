package io.caregrid.platform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.contract.Access;
import io.caregrid.contract.Gate;
import io.caregrid.contract.Roles;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalKafka;
import io.caregrid.engines.LocalPostgres;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every route of a whole node × every role, over HTTP, against {@link AccessTable}. A route that has no row there fails this test, and so does
 * docs/ACCESS.md when it says something else.
 */
@ExtendWith(Engines.class)
class AccessIT {
  private static final Pattern PROGRAMS = Pattern
      .compile("/(health|metrics|cluster|tell|openapi|auth|ingest|iomt|hl7|dicom-web|analytics/(sql|tables)(?!\\.js))");
  private static final String NOBODY = "(no token)";
  private static final String WRONG = "(a wrong token)";
  private static final HttpClient HTTP = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  @TempDir
  Path data;

  @Test
  void everyRouteAnswersEveryRoleAsTheTableSays(LocalPostgres postgres, LocalKafka kafka) throws Exception {
    Map<String, String> settings = TestNode.settings(postgres, kafka, data);
    settings.put("security.nodeTokens", "always");
    settings.put("hl7.port", "0");
    try (Platform node = Platform.start(TestNode.config(settings), false, step -> {})) {
      assertEquals(Map.of(), differences(node), "routes that differ from AccessTable, or have no row there");

      assertEquals(List.of(), untold(node), "addresses for programs that /openapi.json does not tell");

      Map<String, String> tokens = tokens(node);
      List<String> wrong = new ArrayList<>();
      for (Gate.Line line : node.doors())
        for (Map.Entry<String, String> who : tokens.entrySet()) {
          int status = ask(node, line, who.getValue());
          String said = outcome(status);
          String expected = expected(line.access(), who.getKey());
          if (!said.equals(expected))
            wrong.add(line.verb() + " " + line.path() + " by " + who.getKey() + ": " + said + ", not " + expected);
          if (!line.path().contains("/$")) continue;
          int again = ask(node, encoded(line, "%24"), who.getValue());
          String encoded = outcome(again);
          if (!encoded.equals(expected) || again == 404 && status != 404 && status != 503)
            wrong.add(line.verb() + " " + line.path() + " encoded by " + who.getKey() + ": " + again);
        }
      assertEquals(List.of(), wrong);
    }
  }

  private static Gate.Line encoded(Gate.Line line, String dollar) {
    return new Gate.Line(line.verb(), line.path().replace("$", dollar), line.access());
  }

  /** Route → what it asks for here, and in the table; empty when all is well. */
  private static Map<String, String> differences(Platform node) {
    Map<String, String> differences = new TreeMap<>();
    for (Gate.Line line : node.doors()) {
      Access row = AccessTable.access(line.verb(), line.path());
      if (row != line.access())
        differences.put(line.verb() + " " + line.path(), line.access() + ", in the table " + row);
    }
    AccessTable.rows()
        .stream()
        .filter(row -> node.doors().stream().noneMatch(line -> row.covers(line.verb(), line.path())))
        .forEach(row -> differences.put(row.verb() + " " + row.path(), "in the table, and nowhere in the node"));
    return differences;
  }

  private static List<String> untold(Platform node) throws Exception {
    JsonNode paths = TestNode.json(node.http() + "/openapi.json").path("paths");
    return node.doors()
        .stream()
        .filter(line -> PROGRAMS.matcher(line.path()).lookingAt())
        .filter(line -> paths.path(line.path().replaceAll(":(\\w+)", "{$1}").replace("*", "{rest}"))
            .path(line.verb().toLowerCase(Locale.ROOT))
            .isMissingNode())
        .map(line -> line.verb() + " " + line.path())
        .toList();
  }

  private static Map<String, String> tokens(Platform node) {
    Map<String, String> tokens = new LinkedHashMap<>();
    tokens.put(NOBODY, null);
    String any = node.token("x", "Operator", Duration.ofMinutes(10));
    tokens.put(WRONG, any.substring(0, any.length() - 4) + "AAAA");
    assertEquals(AccessTable.roles().keySet().stream().sorted().toList(),
        Roles.BUILT_IN.all().stream().map(Roles.Role::name).sorted().toList(), "roles");
    AccessTable.roles().keySet().forEach(role -> tokens.put(role, node.token("x", role, Duration.ofMinutes(10))));
    return tokens;
  }

  private static String expected(Access access, String who) {
    if (access == Access.OPEN) return "in";
    if (who.equals(NOBODY) || who.equals(WRONG)) return "401";
    return AccessTable.roles().get(who).contains(access) ? "in" : "403";
  }

  private static int ask(Platform node, Gate.Line line, String token) throws Exception {
    String verb = line.verb().equals("*") ? "GET" : line.verb();
    boolean writes = verb.equals("POST") || verb.equals("PUT");
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(node.http() + example(line.path())))
        .timeout(Duration.ofSeconds(120))
        .method(verb,
            writes ? HttpRequest.BodyPublishers.ofString("{}") : HttpRequest.BodyPublishers.noBody());
    if (writes)
      request.header("Content-Type", line.path().startsWith("/fhir") ? "application/fhir+json" : "application/json");
    if (token != null) request.header("Authorization", "Bearer " + token);
    HttpResponse<InputStream> answer = HTTP.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
    boolean stream = answer.headers().firstValue("Content-Type").orElse("").startsWith("text/event-stream");
    try (InputStream body = answer.body()) {
      if (!stream) body.readAllBytes();
    }
    return answer.statusCode();
  }

  private static String outcome(int status) {
    if (status == 401 || status == 403 || status >= 500 && status != 503) return String.valueOf(status);
    return "in";
  }

  /** An address that this route answers. */
  private static String example(String path) {
    return path.replace("COMPARTMENT", "Patient")
        .replace("TYPE", "Patient")
        .replaceAll(":(study|series|instance)", "1.2.3")
        .replaceAll(":frames?", "1")
        .replaceAll(":version", "1")
        .replaceAll(":\\w+", "x")
        .replace("*", "x");
  }

  @Test
  void docsTellWhatTheTableSays() throws IOException {
    Path docs = Path.of("../../docs/ACCESS.md");
    String now = AccessTable.markdown();
    if (Files.exists(docs) && Files.readString(docs).equals(now)) return;
    Path made = Path.of("target/ACCESS.md");
    Files.createDirectories(made.getParent());
    Files.writeString(made, now);
    fail("docs/ACCESS.md is not what the table says: cp verticles/platform/target/ACCESS.md docs/");
  }
}
