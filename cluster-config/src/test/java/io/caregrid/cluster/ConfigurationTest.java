package io.caregrid.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigurationTest {
  @TempDir
  Path temp;

  @Test
  void defaultsAreTheRecordsDefaults() {
    assertEquals(NodeConfig.DEFAULT, Configuration.defaults().node());
  }

  @Test
  void laterSourcesWinAndEveryValueKeepsItsSource() throws IOException {
    Path yaml = yaml("http:\n  port: 1\ncluster:\n  members: [a:1, 'b:2']\n  shards: 60\nshard.batchAge: 5s\n");

    Configuration configuration = Configuration.defaults()
        .with("demo", Map.of("identity.mode", "Create", "http.port", "9"))
        .withYaml(yaml)
        .withEnvironment(Map.of("CAREGRID_HTTP_PORT", "2", "CAREGRID_SHARD_BATCH_EVENTS", "7", "HOME", "/"), Set.of())
        .withFlags(List.of("http.port=3"));

    assertEquals(3, configuration.node().http().port());
    assertEquals(List.of("a:1", "b:2"), configuration.node().cluster().members());
    assertEquals(Duration.ofSeconds(5), configuration.node().shard().batchAge());
    assertEquals("flag --set", source(configuration, "http.port"));
    assertEquals("environment CAREGRID_SHARD_BATCH_EVENTS", source(configuration, "shard.batchEvents"));
    assertEquals(yaml + " line 5", source(configuration, "cluster.shards"));
    assertEquals("demo", source(configuration, "identity.mode"));
    assertEquals("default", source(configuration, "kafka.retention"));
  }

  @Test
  void unknownKeysAreNamedWithTheirPlaceAndNearMisses() throws IOException {
    Path yaml = yaml("http:\n  prot: 8080\nbatchEvents: 3\nhttp.port.x: 1\n");

    String message = refusal(() -> Configuration.defaults().withYaml(yaml));

    assertTrue(message.contains("unknown setting http.prot (" + yaml + " line 2). Did you mean http.port"), message);
    assertTrue(message.contains("unknown setting batchEvents (" + yaml + " line 3). Did you mean shard.batchEvents"),
        message);
    assertTrue(message.contains("unknown setting http.port.x"), message);
  }

  @Test
  void unknownVariablesAreNamedUnlessTheyMeanSomethingElse() {
    String message = refusal(
        () -> Configuration.defaults().withEnvironment(Map.of("CAREGRID_HTPP_PORT", "1"), Set.of()));

    assertTrue(message.contains("unknown setting CAREGRID_HTPP_PORT"), message);
    assertTrue(message.contains("Did you mean CAREGRID_HTTP_PORT"), message);
    Configuration.defaults().withEnvironment(Map.of("CAREGRID_HEAP", "1g"), Set.of("CAREGRID_HEAP"));
  }

  @Test
  void everythingOutOfRangeIsReportedAtOnceWithRangeAndSource() {
    String message = refusal(() -> Configuration.defaults()
        .withFlags(List.of("http.port=70000", "shard.batchEvents=many", "shard.batchAge=soon", "database.poolSize=1",
            "cluster.host=0.0.0.0")));

    assertTrue(message.contains("http.port must be 0..65535, not 70000 (http.port comes from flag --set)"), message);
    assertTrue(message.contains("shard.batchEvents must be a whole number, not 'many' (flag --set)"), message);
    assertTrue(message.contains("shard.batchAge must be a duration such as 500ms, 30s"), message);
    assertTrue(message.contains("database.poolSize must be 2..200, not 1"), message);
    assertTrue(message.contains("cluster.host must be a loopback or private address, not 0.0.0.0"), message);
    assertEquals(5, message.lines().count(), message);
  }

  @Test
  void twoSettingsThatContradictAreBothBlamed() {
    String message = refusal(
        () -> Configuration.defaults().withFlags(List.of("shard.backlog=5", "shard.batchEvents=10")));

    assertTrue(message.contains("shard.backlog must be at least shard.batchEvents (10), not 5"), message);
    assertTrue(message.contains("(shard.backlog comes from flag --set)"), message);
    assertTrue(message.contains("(shard.batchEvents comes from flag --set)"), message);
  }

  @Test
  void whatIsNotYamlIsRefusedWithItsLine() throws IOException {
    String open = refusal(() -> Configuration.defaults().withYaml(yaml("http:\n  port: [1\n")));
    assertTrue(open.contains("is not YAML: expected"), open);
    String tab = refusal(() -> Configuration.defaults().withYaml(yaml("http:\n\tport: 1\n")));
    assertTrue(tab.contains("is not YAML: found character '\\t(TAB)'"), tab);
    assertTrue(refusal(() -> Configuration.defaults().withYaml(yaml("name: a\nname: b\n"))).contains("Duplicate"));
    assertTrue(refusal(() -> Configuration.defaults().withYaml(yaml("just words\n"))).contains("expected settings"));
    assertTrue(refusal(() -> Configuration.defaults().withYaml(temp.resolve("none"))).contains("does not exist"));
    assertEquals(NodeConfig.DEFAULT, Configuration.defaults().withYaml(yaml("# nothing set\n")).node());
    assertTrue(refusal(() -> Configuration.defaults().withFlags(List.of("http.port"))).contains("--set key=value"));
  }

  @Test
  void picturesKeptOnOneMachineAreRefusedWhereAMachineMayBeLost() {
    String refusal = refusal(() -> Configuration.defaults().withFlags(List.of("cluster.mode=cluster")));
    assertTrue(refusal.startsWith("dicom.shared must be true"), refusal);

    List<List<String>> fine = List.of(
        List.of("cluster.mode=cluster", "dicom.shared=true", "dicom.folder=/mnt/pictures",
            "lake.place=s3://hospital/lake"),
        List.of("cluster.mode=cluster", "cluster.durability=" + ClusterConfig.SINGLE_MACHINE),
        List.of("cluster.mode=cluster", "roles=api,ingest,device"));
    fine.forEach(flags -> Configuration.defaults().withFlags(flags));
  }

  @Test
  void aLakeInAFolderOfOneMachineIsRefusedWhereAMachineMayBeLost() {
    List<String> cluster = List.of("cluster.mode=cluster", "roles=analytics,api");
    String refusal = refusal(() -> Configuration.defaults().withFlags(cluster));
    assertTrue(refusal.startsWith("lake.place must be s3://bucket/prefix, or lake.shared true"), refusal);
    assertTrue(
        refusal(() -> Configuration.defaults().withFlags(cluster).withFlags(List.of("lake.shared=true")))
            .startsWith("lake.place"),
        "shared, but in the node's own data folder");

    Configuration.defaults().withFlags(List.of("lake.place=/mnt/lake", "lake.shared=true")).withFlags(cluster);
    Configuration.defaults().withFlags(List.of("lake.place=s3://hospital/lake")).withFlags(cluster);
  }

  @Test
  void theLakesPlaceIsAFolderOrABucketWithAPrefix() {
    for (String place : List.of("s3://", "s3://Hospital/lake", "s3://hospital/lake/", "https://hospital/lake")) {
      assertTrue(refusal(() -> Configuration.defaults().withFlags(List.of("lake.place=" + place)))
          .contains("lake.place must be a folder, or s3://bucket/prefix"), place);
    }
    assertTrue(refusal(() -> Configuration.defaults().withFlags(List.of("lake.s3.accessKey=one")))
        .contains("set both or neither"));
  }

  @Test
  void aQueryEndsBeforeItsConnectionDoes() {
    String refusal = refusal(() -> Configuration.defaults().withFlags(List.of("lake.sql.timeout=2m")));

    assertTrue(refusal.contains("lake.sql.timeout must be PT1S..PT1M"), refusal);
  }

  @Test
  void theDicomPortIsOpenedToOthersOnlyForCallersByNameAndAddress() {
    String refusal = refusal(
        () -> Configuration.defaults().withFlags(List.of("dicom.host=10.0.0.1", "dicom.callers=CT1")));
    assertTrue(refusal.contains("dicom.host must be a loopback address, not 10.0.0.1"), refusal);

    DicomConfig open = Configuration.defaults()
        .withFlags(List.of("dicom.host=10.0.0.1", "dicom.callers=CT1@10.0.0.2,MR1@10.0.0.3"))
        .node()
        .dicom();
    assertEquals(List.of("CT1@10.0.0.2", "MR1@10.0.0.3"), open.callers());
  }

  @Test
  void aTimeZoneAndAnAddressAreOnesThatExist() {
    assertTrue(refusal(() -> Configuration.defaults().withFlags(List.of("imaging.zone=Berlin")))
        .contains("imaging.zone must be a time zone such as Europe/Berlin, not Berlin"));
    assertTrue(refusal(() -> Configuration.defaults().withFlags(List.of("imaging.address=pacs.example.org")))
        .contains("imaging.address must be an http or https address"));

    ImagingConfig set = Configuration.defaults()
        .withFlags(List.of("imaging.zone=Europe/Berlin", "imaging.address=https://pacs.example.org/dicom-web"))
        .node()
        .imaging();
    assertEquals("Europe/Berlin", set.zoneId().getId());
  }

  @Test
  void aTypesVersioningIsSetByPolicy() {
    FhirConfig fhir = Configuration.defaults()
        .withFlags(List.of("fhir.versioning.no-version=Device, Basic", "fhir.versioning.versioned-update=*"))
        .node()
        .fhir();

    assertEquals(Map.of("no-version", List.of("Device", "Basic"), "versioned-update", List.of("*")), fhir.versioning());
    assertThrows(ConfigException.class,
        () -> Configuration.defaults().withFlags(List.of("fhir.versioning.sometimes=Device")));
    assertThrows(ConfigException.class, () -> Configuration.defaults()
        .withFlags(List.of("fhir.versioning.no-version=Device", "fhir.versioning.versioned=Device")));
  }

  @Test
  void anIssuerIsReadFromTheFileAsAMapAndAsAListAndFromTheEnvironment() throws IOException {
    Path map = yaml("""
        security:
          issuers:
            hospital:
              url: https://id.example.org/realms/a
              rolesClaim: [realm_access.roles, scope]
              roles: {"CN=doctors,OU=x": FHIR Data Reader, nurse.night: [Analyst, Operator]}
          roles:
            Ward Researcher: {like: FHIR Data Reader, access: ANALYTICS_QUERY, tables: [vitals]}
        """);

    SecurityConfig security = Configuration.defaults()
        .withYaml(map)
        .withEnvironment(Map.of("CAREGRID_SECURITY_ISSUERS_HOSPITAL_AUDIENCE", "us",
            "CAREGRID_SECURITY_ISSUERS_HOSPITAL_KEYS_FOR", "2h"), Set.of())
        .withFlags(List.of("security.issuers.other.url=https://id.example.org/realms/b"))
        .node()
        .security();

    IssuerConfig hospital = security.issuers().get("hospital");
    assertEquals("us", hospital.audience());
    assertEquals(Duration.ofHours(2), hospital.keysFor());
    assertEquals(Duration.ofSeconds(30), hospital.skew());
    assertEquals(List.of("realm_access.roles", "scope"), hospital.rolesClaim());
    assertEquals(Map.of("CN=doctors,OU=x", List.of("FHIR Data Reader"), "nurse.night", List.of("Analyst", "Operator")),
        hospital.roles());
    assertEquals("caregrid", security.issuers().get("other").audience());
    assertEquals(List.of("vitals"), security.roles().get("Ward Researcher").tables());
    Path list = yaml("security:\n  issuers:\n    - url: https://a.example.org\n    - url: https://b.example.org\n");
    assertEquals("https://b.example.org",
        Configuration.defaults().withYaml(list).node().security().issuers().get("1").url());
  }

  @Test
  void theEnvironmentSpeaksOfWhatTheFileNamesHoweverItIsWritten() throws IOException {
    Path file = yaml("""
        security.issuers.hospitalA.url: https://id.example.org/a
        tell.targets.my-clinic: {kind: teams, types: Flag}
        fhir.versioning: {no-version: Device}
        """);

    NodeConfig node = Configuration.defaults()
        .with(file, Map.of("CAREGRID_SECURITY_ISSUERS_HOSPITAL_A_AUDIENCE", "us",
            "CAREGRID_TELL_TARGETS_MY_CLINIC_URL", "https://teams.example.org/x",
            "CAREGRID_FHIR_VERSIONING_NO_VERSION", "Basic",
            "CAREGRID_SECURITY_ISSUERS_OTHER_AUDIENCE", "them"), Set.of(),
            List.of("security.issuers.other.url=https://id.example.org/b"))
        .node();

    assertEquals("us", node.security().issuers().get("hospitalA").audience());
    assertEquals("them", node.security().issuers().get("other").audience());
    assertEquals(Set.of("hospitalA", "other"), node.security().issuers().keySet());
    assertEquals("https://teams.example.org/x", node.tell().targets().get("my-clinic").url());
    assertEquals(Map.of("no-version", List.of("Basic")), node.fhir().versioning());
  }

  @Test
  void whatIsWrongWithAnIssuerIsNamed() {
    assertTrue(refusal(() -> Configuration.defaults().withFlags(List.of("security.issuers.a.audience=x")))
        .contains("security.issuers.a.url is missing"));
    assertTrue(refusal(() -> Configuration.defaults().withFlags(List.of("security.issuers.a.uri=x")))
        .contains("unknown setting security.issuers.a.uri"));
    assertTrue(refusal(() -> Configuration.defaults().withFlags(List.of("security.issuers=x")))
        .contains("unknown setting security.issuers"));
    assertTrue(
        refusal(() -> Configuration.defaults().withFlags(List.of("security.issuers.a.url=http://id.example.org")))
            .contains("url must be https"));
    assertTrue(refusal(() -> Configuration.defaults()
        .withFlags(List.of("security.issuers.a.url=https://x.org", "security.issuers.b.url=https://x.org")))
        .contains("each issuer's url once"));
    assertTrue(refusal(() -> Configuration.defaults()
        .withFlags(List.of("security.issuers.a.url=https://x.org", "security.issuers.a.skew=1h")))
        .contains("skew must be PT0S..PT5M"));
  }

  @Test
  void pagesOfAnyOriginAreLetInOnlyByANodeThatAsksWhoCalls() {
    assertTrue(refusal(() -> Configuration.defaults().withFlags(List.of("http.origins=*")))
        .contains("http.origins may be * only when"));
    assertTrue(refusal(() -> Configuration.defaults().withFlags(List.of("http.origins=https://app.example/x")))
        .contains("http.origins must be origins"));
    assertEquals(List.of("*"), Configuration.defaults()
        .withFlags(List.of("http.origins=*", "security.nodeTokens=always"))
        .node()
        .http()
        .origins());
    assertEquals(List.of("https://a.example", "http://b:81"), Configuration.defaults()
        .withFlags(List.of("http.origins=https://a.example,http://b:81"))
        .node()
        .http()
        .origins());
  }

  @Test
  void aNodeBeyondLoopbackNeedsSomebodyWhoSaysWhoCallsOrTheWishToBeOpen() {
    List<String> abroad = List.of("http.host=192.0.2.7");
    assertTrue(refusal(() -> Configuration.defaults().withFlags(abroad)).contains("security.issuers"));
    assertTrue(refusal(() -> Configuration.defaults()
        .withFlags(List.of("http.host=0.0.0.0",
            "security.mode=open-i-know-what-i-do")))
        .contains("http.names must name the hosts"));

    for (String safe : List.of("security.issuers.a.url=https://x.org", "security.nodeTokens=always",
        "security.mode=open-i-know-what-i-do")) {
      NodeConfig node = Configuration.defaults().withFlags(List.of("http.host=192.0.2.7", safe)).node();
      assertEquals(safe.contains("open"), node.isOpen(), safe);
    }
    assertTrue(NodeConfig.DEFAULT.isOpen(), "loopback without an issuer is open");
    assertTrue(NodeConfig.DEFAULT.security().takesNodeTokens("127.0.0.1"));
    assertEquals(false, NodeConfig.DEFAULT.security().takesNodeTokens("192.0.2.7"));
  }

  @Test
  void exportsLieWhereNobodyElsesThingsCanBe() {
    assertEquals("s3://hospital/lake-export", exports("lake.place=s3://hospital/lake"));
    assertTrue(refusal(() -> exports("lake.place=s3://hospital-lake")).contains("export.place"),
        "the bucket hospital-lake-export may be somebody else's");
    assertEquals("s3://hospital/exports",
        exports("lake.place=s3://hospital-lake", "export.place=s3://hospital/exports"));
    assertEquals("/mnt/lake/_export", exports("lake.place=/mnt/lake", "lake.shared=true"),
        "beside a mount point is another disk");
    assertEquals("", exports("lake.place=/mnt/lake"));
  }

  private static String exports(String... flags) {
    NodeConfig node = Configuration.defaults().withFlags(List.of(flags)).node();
    return node.export().placeBeside(node.lake());
  }

  @Test
  void exportsOfSeveralMachinesLieWhereAllFindThem() {
    List<String> machines = List.of("cluster.mode=cluster", "cluster.members=a,b", "dicom.shared=true",
        "dicom.folder=/mnt/dicom", "lake.place=/mnt/lake", "lake.shared=true", "export.place=/srv/exports");
    List<String> shared = new java.util.ArrayList<>(machines);
    shared.add("export.shared=true");

    assertTrue(refusal(() -> Configuration.defaults().withFlags(machines)).contains("export.shared"));
    assertTrue(Configuration.defaults().withFlags(shared).node().export().shared());
  }

  @Test
  void exportsTakeAtMostAQuarterOfTheConnections() {
    assertEquals(1, new ExportConfig("", false, Duration.ofDays(1), Duration.ofHours(1), 1, 8).within(2).atOnce());
    assertEquals(4, new ExportConfig("", false, Duration.ofDays(1), Duration.ofHours(1), 1, 8).within(16).atOnce());
    assertEquals(2, ExportConfig.DEFAULT.within(200).atOnce());
  }

  @Test
  void aTruthIsWrittenTrueOrFalse() {
    String refusal = refusal(() -> Configuration.defaults().withFlags(List.of("dicom.shared=yes")));

    assertEquals("dicom.shared must be true or false, not 'yes' (flag --set)", refusal);
  }

  @Test
  void theTokenOfAnotherServerGoesNowhereInTheClear() {
    List<String> all = List.of("load.target=https://fhir.example/r4", "load.tokenEndpoint=https://id.example/token",
        "load.clientId=me", "load.secret=hunter2");
    Configuration whole = Configuration.defaults().withFlags(all);

    assertTrue(whole.node().load().asksForTokens());
    assertTrue(whole.values().stream().noneMatch(value -> value.shown().contains("hunter2")));
    assertTrue(!whole.node().toString().contains("hunter2"));
    for (String wrong : List.of("load.target=http://fhir.example/r4", "load.target=", "load.clientId=", "load.secret=",
        "load.tokenEndpoint=http://id.example/token", "load.tokenEndpoint=")) {
      List<String> flags = new ArrayList<>(all);
      flags.add(wrong);
      String message = refusal(() -> Configuration.defaults().withFlags(flags));
      assertTrue(message.contains(wrong.substring(0, wrong.indexOf('='))) && !message.contains("hunter2"), message);
    }
  }

  @Test
  void secretsAreNeverShown() {
    Configuration configuration = Configuration.defaults().withFlags(List.of("database.password=hunter2"));

    assertEquals("hunter2", configuration.node().database().password());
    assertTrue(configuration.values().stream().noneMatch(value -> value.shown().contains("hunter2")));
  }

  @ParameterizedTest
  @CsvSource({"500ms, PT0.5S", "30s, PT30S", "12h, PT12H", "7d, PT168H", "PT1.5S, PT1.5S"})
  void durationsReadAsPeopleWriteThem(String text, Duration expected) {
    Configuration configuration = Configuration.defaults()
        .withFlags(List.of("kafka.retention=7d", "ingest.acknowledge=1s",
            "shard.idleAfter=7d", expected.toHours() >= 1 ? "kafka.retention=" + text : "ingest.acknowledge=" + text))
        .withFlags(List.of());
    assertEquals(expected, expected.toHours() >= 1
        ? configuration.node().kafka().retention()
        : configuration.node().ingest().acknowledge());
  }

  private Path yaml(String text) throws IOException {
    return Files.writeString(temp.resolve("caregrid.yaml"), text);
  }

  private static String source(Configuration configuration, String key) {
    return configuration.values().stream().filter(value -> value.key().equals(key)).findFirst().orElseThrow().source();
  }

  private static String refusal(org.junit.jupiter.api.function.Executable load) {
    return assertThrows(ConfigException.class, load).getMessage();
  }
}
