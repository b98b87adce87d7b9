package io.caregrid.platform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.api.auth.NodeKey;
import io.caregrid.cluster.ConfigException;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalKafka;
import io.caregrid.engines.LocalPostgres;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** A whole node whose doors ask who calls, and the commands that call it. */
@ExtendWith(Engines.class)
class LockedNodeIT {
  private static final String READING = "{\"deviceId\":\"m-1\",\"time\":\"2026-03-01T10:00:07Z\",\"heartRate\":72}";
  @TempDir
  Path data;

  /** What a command printed and how it ended. */
  private record Ran(int code, String out, String err) {}

  private static Ran run(String... words) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine line = Main.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
    int code = line.execute(words);
    return new Ran(code, out.toString(), err.toString());
  }

  private String token(String role) {
    Ran ran = run("token", "--data", data.toString(), "--role", role);
    assertEquals(0, ran.code(), ran.err());
    return ran.out().strip();
  }

  @Test
  @Tag("full")
  void commandsWorkWithATokenOfTheRightRoleAndSayWhatIsMissing(LocalPostgres postgres, LocalKafka kafka)
      throws Exception {
    Map<String, String> settings = TestNode.settings(postgres, kafka, data);
    settings.put("security.nodeTokens", "always");
    Path reading = Files.writeString(data.resolve("reading.json"), READING);
    String analyst;
    try (Platform node = TestNode.start(settings)) {
      assertEquals(null, node.openness());
      String http = node.http();
      Ran silent = run("send", "--to", http, reading.toString());
      assertEquals(1, silent.code());
      assertTrue(silent.out().startsWith("401 ") && silent.out().contains("Authorization: Bearer"), silent.out());
      analyst = token("analyst");
      assertTrue(run("send", "--to", http, "--token", analyst, reading.toString()).out().contains("TELEMETRY_SEND"));
      Ran sent = run("send", "--to", http, "--token", token("TelemetrySender"), reading.toString());
      assertEquals("202 {\"accepted\":1}", sent.out().strip());

      Ran refused = run("sql", "--to", http, "select 1 as one");
      assertEquals(1, refused.code());
      assertTrue(refused.err().contains("who are you?") && refused.err().contains("--token"), refused.err());
      Ran answered = run("sql", "--to", http, "--token", analyst, "--format", "csv", "select 1 as one");
      assertEquals("one\r\n1\r\n", answered.out().replace("\r\n", "\n").replace("\n", "\r\n"), answered.err());

      Ran stranger = run("dicom", "echo", "--to", node.dicom());
      assertEquals(1, stranger.code(), "nobody is named in dicom.callers");
      assertTrue((stranger.out() + stranger.err()).contains("calling AE title"), stranger.out() + stranger.err());
    }
    Files.delete(data.resolve(NodeKey.FILE));
    try (Platform node = Platform.start(TestNode.config(settings), false, step -> {})) {
      assertEquals(1, run("sql", "--to", node.http(), "--token", analyst, "select 1").code(),
          "without its key the old tokens are worthless");
    }
  }

  @Test
  @Tag("full")
  void anOpenNodeSaysSoAndTakesATokenAtItsWord(LocalPostgres postgres, LocalKafka kafka) throws Exception {
    Map<String, String> settings = TestNode.settings(postgres, kafka, data);
    settings.put("export.place", Files.writeString(data.resolve("file"), "").resolve("no-folder").toString());
    try (Platform node = Platform.start(TestNode.config(settings), false, step -> {})) {
      HttpResponse<String> unkept = TestNode.get(node.http() + "/fhir/$export");
      assertEquals(503, unkept.statusCode(), "it does everything else");
      assertTrue(unkept.body().contains("export.place"), unkept.body());
      assertTrue(node.openness().contains("without a token may do everything"), node.openness());
      assertEquals(200, TestNode.get(node.http() + "/fhir/Patient").statusCode());
      assertEquals(403, ask(node.http() + "/fhir/Patient", token("Operator")));
      assertEquals(200, ask(node.http() + "/fhir/Patient", token("FHIR Data Reader")));
      assertEquals(401, ask(node.http() + "/fhir/Patient", "abc"));
    }
  }

  private static int ask(String address, String token) throws Exception {
    return HttpClient.newHttpClient()
        .send(HttpRequest.newBuilder(URI.create(address))
            .timeout(Duration.ofSeconds(120))
            .header("Authorization", "Bearer " + token)
            .build(), HttpResponse.BodyHandlers.discarding())
        .statusCode();
  }

  @Test
  void aNodeThatMustAskAndCannotDoesNotStart() {
    ConfigException abroad = assertThrows(ConfigException.class,
        () -> TestNode.config(Map.of("http.host", "192.0.2.1")));
    assertTrue(abroad.getMessage().contains("security.issuers"), abroad.getMessage());

    Map<String, String> unknownRole = Map.of("data", data.toString(), "security.issuers.a.url",
        "https://id.example.org",
        "security.issuers.a.roles.doctor", "FHIR Data Raeder");
    ConfigException misspelt = assertThrows(ConfigException.class,
        () -> Platform.start(TestNode.config(unknownRole), false, step -> {}));
    assertTrue(misspelt.getMessage().contains("security.issuers.a.roles: there is no role FHIR Data Raeder"),
        misspelt.getMessage());
  }

  @Test
  void aTokenIsMadeOnlyWhereANodeHasRunAndForRolesThatExist() throws Exception {
    Ran nobody = run("token", "--data", data.toString(), "--role", "Analyst");
    assertEquals(1, nobody.code());
    assertTrue(nobody.err().contains("start the node first"), nobody.err());

    NodeKey.keep(data, "caregrid");
    Ran misspelt = run("token", "--data", data.toString(), "--role", "Analist");
    assertEquals(2, misspelt.code());
    assertTrue(misspelt.err().contains("there is no role Analist; there are FHIR Data Reader"), misspelt.err());
    assertEquals(2, run("token", "--data", data.toString(), "--role", "Analyst", "--hours", "0").code());
    Ran own = run("token", "--data", data.toString(), "--role", "Ward Researcher", "--set",
        "security.roles.Ward Researcher.like=Analyst");
    assertEquals(0, own.code(), own.err());
    assertEquals(3, own.out().strip().split("\\.").length);
  }
}
