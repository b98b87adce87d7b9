package io.caregrid.analytics.export;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.analytics.lake.store.ObjectStore;
import io.caregrid.analytics.lake.store.Place;
import io.caregrid.cluster.DatabaseConfig;
import io.caregrid.cluster.ExportConfig;
import io.caregrid.cluster.LakeConfig;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.store.ExportSnapshot;
import io.caregrid.store.Schema;
import io.caregrid.templates.deidentify.Deidentifier.Keys;
import java.io.BufferedReader;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A node that makes an export is killed while its second file is being put; another one ends it. */
@Tag("full")
@ExtendWith(Engines.class)
class KilledExportIT {
  /** Of the node that dies, for which the other one waits; and of the other one, which may stall. */
  private static final Duration BRIEFLY = Duration.ofSeconds(6);
  private static final Duration HELD = Duration.ofMinutes(3);
  private static final ExportConfig CONFIG = new ExportConfig("", false, Duration.ofMinutes(1), Duration.ofHours(1), 1,
      1);
  private static final String JOB = "job ";
  private static final String REACHED = "second file";

  @Test
  void anotherNodeBeginsAnewAndNothingOfTheDeadOneIsGivenOut(LocalPostgres postgres, @TempDir Path folder)
      throws Exception {
    DatabaseConfig database = database(postgres);
    String asked = ExportRequest
        .of(ExportRequest.SYSTEM, null, List.of(new ExportRequest.Param("_type", "Patient,Device")), false, false)
        .json();
    try (ExportHouse first = house(database, files(folder), folder.resolve("first"))) {
      first.put("{'resourceType':'Patient','id':'a'}");
      first.put("{'resourceType':'Device','id':'d'}");
    }
    UUID id = killed(database, folder, asked);

    try (ExportHouse second = house(database, files(folder), folder.resolve("second"))) {
      second.put("{'resourceType':'Patient','id':'b'}");
      BulkClient client = second.client("ann");
      JsonNode manifest = client.manifest(client.request("/fhir/_operations/export/" + id).build().uri().toString());

      assertEquals(List.of("Device/d", "Patient/a", "Patient/b"), client.names(manifest),
          "of the second one's snapshot");
      assertEquals(2, ExportHouse.get(second.jobs.find(id)).attempt());
    }
  }

  /** Safe Harbor's rules give the same for the same, with the same keys: no file tells that a node died. */
  @Test
  void whatAnotherNodeDeidentifiesIsTheSameAsIfNobodyHadDied(LocalPostgres postgres, @TempDir Path folder)
      throws Exception {
    DatabaseConfig database = database(postgres);
    String asked = ExportRequest
        .of(ExportRequest.SYSTEM, null, List.of(new ExportRequest.Param("_type", "Patient,Device")), false, false)
        .by(new RuleBooks(null, ExportHouse.KEYS, Clock.systemUTC())
            .chosen(RuleBooks.SAFE_HARBOR, null, () -> new byte[0]))
        .json();
    JsonNode whole;
    List<JsonNode> all;
    try (ExportHouse first = house(database, files(folder), folder.resolve("first"))) {
      for (int n = 0; n < 20; n++)
        first.put("{'resourceType':'Patient','id':'p" + n + "','birthDate':'19" + (50 + n)
            + "-03-01','name':[{'family':'Curie" + n + "'}],'address':[{'country':'US','postalCode':'803" + (10 + n)
            + "'}]}");
      first.put("{'resourceType':'Device','id':'d','patient':{'reference':'Patient/p1'}}");
      BulkClient client = first.client("ann");
      whole = client.export("/fhir/$export?_type=Patient,Device&_anonymizationConfig=" + RuleBooks.SAFE_HARBOR);
      all = client.resources(whole, "output");
    }
    UUID id = killed(database, folder, asked);

    try (ExportHouse second = house(database, files(folder), folder.resolve("second"))) {
      BulkClient client = second.client("ann");
      JsonNode manifest = client.manifest(client.request("/fhir/_operations/export/" + id).build().uri().toString());

      assertEquals(21, all.size());
      assertEquals(all, client.resources(manifest, "output"));
      assertEquals(whole.path("extension"), manifest.path("extension"));
      assertEquals(2, ExportHouse.get(second.jobs.find(id)).attempt());
    }
  }

  /** The dead one's first file is still there: the other one's has the same hashes. */
  @Test
  void whatAnotherNodeDeidentifiesByKeysThatWereMadeUpGoesByTheSameOnes(LocalPostgres postgres, @TempDir Path folder)
      throws Exception {
    DatabaseConfig database = database(postgres);
    Files.createDirectories(folder.resolve("books"));
    Files.writeString(folder.resolve("books/hashes.json"), "{\"fhirPathRules\":[{\"path\":\"Resource.id\","
        + "\"method\":\"cryptoHash\"},{\"path\":\"Resource\",\"method\":\"redact\"}]}");
    String asked;
    try (ExportHouse first = house(database, files(folder), folder.resolve("first"), keyless(folder))) {
      first.put("{'resourceType':'Patient','id':'a'}");
      first.put("{'resourceType':'Device','id':'d'}");
      asked = ExportRequest
          .of(ExportRequest.SYSTEM, null, List.of(new ExportRequest.Param("_type", "Patient,Device")), false, false)
          .by(keyless(folder).chosen("hashes.json", null, first::secret))
          .json();
    }
    UUID id = killed(database, folder, asked);
    String dead = Files.readString(folder.resolve("export/" + id + "/1/Patient.1.ndjson"));

    try (ExportHouse second = house(database, files(folder), folder.resolve("second"), keyless(folder))) {
      BulkClient client = second.client("ann");
      JsonNode manifest = client.manifest(client.request("/fhir/_operations/export/" + id).build().uri().toString());

      assertTrue(dead.contains("\"Patient\""), dead);
      assertTrue(client.names(manifest).contains("Patient/" + BulkClient.json(dead).path("id").asText()), dead);
      assertEquals(2, ExportHouse.get(second.jobs.find(id)).attempt());
    }
  }

  private static DatabaseConfig database(LocalPostgres postgres) {
    return new DatabaseConfig(postgres.host(), postgres.port(),
        postgres.createDatabase(Schema.on(postgres.host(), postgres.port(), postgres.user(), postgres.password())),
        postgres.user(), postgres.password(), 4);
  }

  /** A node of its own takes what is asked, and is killed in the middle. */
  private static UUID killed(DatabaseConfig database, Path folder, String asked) throws Exception {
    Process child = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
        System.getProperty("java.class.path"), KilledExportIT.class.getName(), database.host(),
        String.valueOf(database.port()), database.database(), database.user(), database.password(), folder.toString(),
        asked).redirectErrorStream(true).start();
    UUID id;
    try (BufferedReader said = child.inputReader(StandardCharsets.UTF_8)) {
      id = UUID.fromString(reached(said));
    } finally {
      child.destroyForcibly().waitFor(60, TimeUnit.SECONDS);
    }
    assertTrue(Files.exists(folder.resolve("export/" + id + "/1/Patient.1.ndjson")), "it was in the middle");
    return id;
  }

  /** Its job, when it is at its second file; the two lines come in either order. */
  private static String reached(BufferedReader said) throws IOException {
    StringBuilder all = new StringBuilder();
    String job = null;
    boolean there = false;
    for (String line = said.readLine(); line != null; line = said.readLine()) {
      if (line.startsWith(JOB)) job = line.substring(JOB.length());
      there |= line.startsWith(REACHED);
      if (there && job != null) return job;
      all.append(line).append('\n');
    }
    throw new AssertionError(all.toString());
  }

  private static ExportHouse house(DatabaseConfig database, ObjectStore files, Path scratch) {
    return house(database, files, scratch, HELD);
  }

  private static ExportHouse house(DatabaseConfig database, ObjectStore files, Path scratch, Duration held) {
    return new ExportHouse(database, files, scratch, CONFIG, held);
  }

  private static ExportHouse house(DatabaseConfig database, ObjectStore files, Path scratch, RuleBooks books) {
    return new ExportHouse(database, files, scratch, CONFIG, HELD, books);
  }

  /** Of a node that nobody gave a key. */
  private static RuleBooks keyless(Path folder) {
    return new RuleBooks(folder.resolve("books"), Keys.NONE, Clock.systemUTC());
  }

  private static ObjectStore files(Path folder) throws IOException {
    return Place.open(CONFIG, LakeConfig.DEFAULT, folder);
  }

  /** The node that is killed: it comes to its second file, and no further. */
  public static void main(String[] args) throws Exception {
    DatabaseConfig database = new DatabaseConfig(args[0], Integer.parseInt(args[1]), args[2], args[3], args[4], 4);
    Path folder = Path.of(args[5]);
    ObjectStore real = files(folder);
    int[] puts = {0};
    ObjectStore stopping = (ObjectStore) Proxy.newProxyInstance(KilledExportIT.class.getClassLoader(),
        new Class<?>[] {ObjectStore.class}, (proxy, method, arguments) -> {
          if (method.getName().equals("put") && ++puts[0] == 2) {
            System.out.println(REACHED);
            Thread.sleep(Duration.ofMinutes(5).toMillis());
          }
          try {
            return method.invoke(real, arguments);
          } catch (InvocationTargetException failed) {
            throw failed.getCause();
          }
        });
    ExportHouse house = Files.isDirectory(folder.resolve("books"))
        ? new ExportHouse(database, stopping, folder.resolve("killed"), CONFIG, BRIEFLY, keyless(folder))
        : house(database, stopping, folder.resolve("killed"), BRIEFLY);
    UUID id = ExportHouse.get(house.jobs.add(ExportSnapshot.asker("ann", "https://issuer.example"), "x", args[6],
        List.of("Patient", "Device")));
    System.out.println(JOB + id);
    Thread.sleep(Duration.ofMinutes(5).toMillis());
  }
}
