package io.caregrid.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TellConfigTest {
  private static final String SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  private static final String TARGET = "tell.targets.ward.";

  private static String refusal(String... flags) {
    return assertThrows(ConfigException.class, () -> Configuration.defaults().withFlags(List.of(flags))).getMessage();
  }

  @Test
  void nobodyIsToldUnlessNamed() {
    assertFalse(NodeConfig.DEFAULT.tell().isOn());
    assertFalse(NodeConfig.DEFAULT.tell().needsTopic());
  }

  @Test
  void targetsAndRulesReadAsTheyAreWritten(@TempDir Path temp) throws Exception {
    Path file = Files.writeString(temp.resolve("c.yaml"), """
        tell:
          targets:
            ward: {kind: webhook, url: 'http://127.0.0.1:9/x?key=k', secret: %s, types: [Flag, Observation], filter: "status = 'final, or so'"}
            log: {kind: kafka}
          rules:
            potassium: {types: [Observation], when: value > 6, text: Potassium is above 6}
        """.formatted(SECRET));

    Configuration configuration = Configuration.defaults().withYaml(file);

    TellConfig tell = configuration.node().tell();
    TargetConfig ward = tell.targets().get("ward");
    assertEquals(List.of("Flag", "Observation"), ward.types());
    assertEquals("status = 'final, or so'", ward.filter());
    assertEquals(24, ward.secrets().get(0).length);
    assertEquals("127.0.0.1", ward.host());
    assertTrue(tell.needsTopic());
    assertEquals("Flag", tell.rules().get("potassium").makes());
    assertTrue(configuration.values()
        .stream()
        .noneMatch(value -> value.shown().contains(SECRET) || value.shown().contains("key=k")));
    assertFalse((tell + " " + configuration.node()).contains(SECRET));
    assertFalse((tell + " " + configuration.node()).contains("key=k"));
  }

  @Test
  void whatIsWrongIsSaidAtOnceWithItsPlaceAndWithoutSecrets() {
    String said = refusal(TARGET + "kind=webhook", TARGET + "url=http://ward.example.org/?token=hunter2",
        TARGET + "secret=hunter2", TARGET + "resource=true", "tell.targets.b.kind=pigeon", "tell.rules.r.types=Patient",
        "tell.rules.r.when=active", "tell.rules.r.text=x", "tell.rules.r.makes=Patient");

    for (String place : List.of(TARGET + "url must be https", TARGET + "secret must be whsec_",
        TARGET + "roles must name a role", "tell.targets.b.kind must be one of", "tell.rules.r.makes must be one of"))
      assertTrue(said.contains(place), place + " in " + said);
    assertTrue(said.contains("comes from flag --set"), said);
    assertFalse(said.contains("hunter2"), said);
  }

  @Test
  void secretsComeFromTheEnvironment() {
    TellConfig tell = Configuration.defaults()
        .withFlags(List.of())
        .withEnvironment(Map.of("CAREGRID_TELL_TARGETS_WARD_SECRET", SECRET,
            "CAREGRID_TELL_TARGETS_WARD_SECRET_BEFORE", SECRET, "CAREGRID_TELL_TARGETS_WARD_KIND", "webhook",
            "CAREGRID_TELL_TARGETS_WARD_URL", "https://ward.example.org"), java.util.Set.of())
        .node()
        .tell();

    assertEquals(2, tell.targets().get("ward").secrets().size());
  }

  @Test
  void aTargetOfKafkaHasNoAddressAndPowerBiIsAReader() {
    assertTrue(refusal("tell.targets.k.kind=kafka", "tell.targets.k.url=https://x.org").contains("url must be empty"));
    assertTrue(
        refusal("tell.targets.p.kind=powerbi", "tell.targets.p.url=https://x.org").contains("resource must be true"));
    assertTrue(refusal("tell.targets.Ward.kind=kafka").contains("small letters"));
    assertTrue(refusal("tell.giveUpAfter=1s").contains("tell.giveUpAfter must be"));
  }

  @Test
  void aFhirServerIsToldByClientCredentialsAndIsAReader() {
    String cloud = "tell.targets.cloud.";
    TargetConfig target = Configuration.defaults()
        .with(null, Map.of("CAREGRID_TELL_TARGETS_CLOUD_SECRET", "hunter2",
            "CAREGRID_TELL_TARGETS_CLOUD_TOKEN_ENDPOINT", "https://login.example.org/token"), java.util.Set.of(),
            List.of(cloud + "kind=fhir", cloud + "url=https://ws-fhir.example.org", cloud + "resource=true",
                cloud + "roles=FHIR Data Reader", cloud + "clientId=caregrid",
                cloud + "scopes=https://ws-fhir.example.org/.default", cloud + "from=start", cloud + "every=30s"))
        .node()
        .tell()
        .targets()
        .get("cloud");

    assertEquals("hunter2", target.secret());
    assertTrue(target.isFhir() && target.fromStart() && !target.creates() && !target.deletes());
    assertEquals(30, target.gathers().toSeconds());
    assertEquals(1, target.batch());

    String said = refusal(cloud + "kind=fhir", cloud + "url=https://x.org/fhir?a=b", cloud + "secret=hunter2",
        cloud + "types=Patient", cloud + "identity=guess", cloud + "from=yesterday", cloud + "batch=1000",
        cloud + "every=2h", "tell.targets.t.kind=teams", "tell.targets.t.url=https://x.org",
        "tell.targets.t.clientId=me");
    for (String place : List.of("without ?", "resource must be true", "types may be Observation only",
        "tokenEndpoint must be set", "identity must be lookup or create", "from must be now or start", "batch must be",
        "every must be", "tell.targets.t.tokenEndpoint, clientId"))
      assertTrue(said.contains(place), place + " in " + said);
    assertTrue(refusal(cloud + "kind=fhir", cloud + "url=https://x.org", cloud + "resource=true", cloud + "roles=r",
        cloud + "tokenEndpoint=http://login.example.org/t").contains("tokenEndpoint must be https"));
    assertFalse(said.contains("hunter2"), said);
  }

  @Test
  void aSecretMayComeFromTheEnvironmentWhenTheTargetStandsInTheFile(@TempDir Path temp) throws Exception {
    Path file = Files.writeString(temp.resolve("c.yaml"), """
        tell: {targets: {ward: {kind: webhook, url: 'https://ward.example.org/news'}}}
        """);

    TellConfig tell = Configuration.defaults()
        .with(file, Map.of("CAREGRID_TELL_TARGETS_WARD_SECRET", SECRET), java.util.Set.of(),
            List.of("tell.targets.ward.types=Flag"))
        .node()
        .tell();

    assertEquals(1, tell.targets().get("ward").secrets().size());
    assertEquals(List.of("Flag"), tell.targets().get("ward").types());
  }

  @Test
  void rulesOverMeasurementsReadAsTheyAreWritten(@TempDir Path temp) throws Exception {
    Path file = Files.writeString(temp.resolve("c.yaml"), """
        tell:
          thresholds:
            fast: {types: [heartrate, pulse], value: hr, above: 120, clear: 110.5, lasts: 10m, text: Fast}
          silences:
            lost: {after: 15m, neverHeard: true, makes: DetectedIssue, severity: high, text: Lost}
        """);

    TellConfig tell = Configuration.defaults().withYaml(file).node().tell();

    ThresholdConfig fast = tell.thresholds().get("fast");
    assertEquals(List.of("heartrate", "pulse"), fast.types());
    assertEquals("110.5", fast.clear());
    assertEquals(600, fast.lasts().toSeconds());
    assertEquals("Flag", fast.makes());
    assertTrue(tell.silences().get("lost").neverHeard());
    assertTrue(tell.silences().get("lost").types().isEmpty());
    assertEquals(List.of("fast", "lost"), tell.ruleNames());
    assertTrue(tell.watchesDevices());
    assertFalse(tell.isOn(), "nobody has to follow the change feed for them");
  }

  @Test
  void whatIsWrongWithRulesOverMeasurementsIsSaidAtOnce() {
    String t = "tell.thresholds.";
    String said = refusal(t + "a.types=x", t + "a.value=v", t + "a.text=x", t + "b.types=", t + "b.value=",
        t + "b.above=1", t + "b.below=2", t + "b.text=", t + "c.types=x", t + "c.value=v", t + "c.text=x",
        t + "c.below=90", t + "c.clear=80", t + "c.lasts=25h", t + "d.types=x", t + "d.value=v", t + "d.text=x",
        t + "d.above=1,5", t + "d.makes=Flag", t + "d.severity=high", "tell.silences.a.after=1s",
        "tell.silences.a.text=x");

    for (String place : List.of(t + "a.above or " + t + "a.below must be a number", t + "b.types must name",
        t + "b.value must name", t + "b.above or " + t + "b.below must be", t + "b.text must have",
        t + "c.clear must not be beyond the limit", t + "c.lasts must be PT0S..PT24H",
        t + "d.above must be a number such as", t + "d.severity must be empty", "tell.silences.a.after must be PT5S",
        "tell: a names two rules"))
      assertTrue(said.contains(place), place + " in " + said);
  }
}
