package io.caregrid.analytics.export;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.caregrid.analytics.lake.store.Place;
import io.caregrid.cluster.DatabaseConfig;
import io.caregrid.cluster.ExportConfig;
import io.caregrid.cluster.LakeConfig;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.store.Schema;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * SMART's own bulk-data-client (github.com/smart-on-fhir/bulk-data-client), unchanged, under Node. It is not kept here: CAREGRID_BULK_DATA_CLIENT names a copy's
 * folder, installed; elsewhere this is skipped.
 */
@Tag("full")
@ExtendWith(Engines.class)
class SmartBulkClientIT {
  private static final String VARIABLE = "CAREGRID_BULK_DATA_CLIENT";

  @Test
  void itTakesWhatTheGroupHas(LocalPostgres postgres, @TempDir Path folder) throws Exception {
    String copy = System.getenv(VARIABLE);
    assumeTrue(copy != null, "skipped: " + VARIABLE + " names no copy of bulk-data-client");
    DatabaseConfig database = new DatabaseConfig(postgres.host(), postgres.port(),
        postgres.createDatabase(Schema.on(postgres.host(), postgres.port(), postgres.user(), postgres.password())),
        postgres.user(), postgres.password(), 4);
    ExportConfig config = new ExportConfig("", false, Duration.ofMinutes(5), Duration.ofHours(1), 1, 1);
    try (ExportHouse house = new ExportHouse(database, Place.open(config, LakeConfig.DEFAULT, folder),
        folder.resolve("scratch"), config, Duration.ofSeconds(20))) {
      house.put("{'resourceType':'Patient','id':'a'}");
      house.put("{'resourceType':'Patient','id':'b'}");
      house.put(
          "{'resourceType':'Observation','id':'o','status':'final','code':{'text':'x'},'subject':{'reference':'Patient/a'}}");
      house.put(
          "{'resourceType':'Group','id':'g','type':'person','actual':true,'member':[{'entity':{'reference':'Patient/a'}}]}");
      Path settings = Files.writeString(folder.resolve("config.js"),
          Files.readString(Path.of(copy, "config", "defaults.js"))
              .replaceFirst("fhirUrl: \"\"", "fhirUrl: \"" + house.base() + "/fhir/\"")
              .replaceFirst("// pass custom headers", "\"X-Subject\": \"ann\"")
              .replaceFirst("reporter: \"cli\"", "reporter: \"text\""));

      assertEquals(List.of("1.Observation.ndjson 1", "1.Patient.ndjson 1"),
          taken(copy, settings, folder, "group", "-g", "g"));
      assertEquals(List.of("1.Group.ndjson 1", "1.Observation.ndjson 1", "1.Patient.ndjson 2"),
          taken(copy, settings, folder, "all", "--global"));
      assertEquals(List.of("1.Patient.ndjson 1"),
          taken(copy, settings, folder, "some", "--post", "-t", "Patient", "-p", "b"));
    }
  }

  /** Names of the files it saved, and how many lines each has. */
  private static List<String> taken(String copy, Path settings, Path folder, String into, String... words)
      throws Exception {
    Path saved = Files.createDirectories(folder.resolve(into));
    Path printed = folder.resolve(into + ".txt");
    List<String> command = new java.util.ArrayList<>(
        List.of("node", "built/app.js", "--config", settings.toString(), "-d", saved.toString()));
    command.addAll(List.of(words));
    Process client = new ProcessBuilder(command).directory(Path.of(copy).toFile())
        .redirectErrorStream(true)
        .redirectOutput(printed.toFile())
        .start();
    try {
      boolean ended = client.waitFor(90, TimeUnit.SECONDS);
      assertEquals(0, ended ? client.exitValue() : -1, Files.readString(printed));
    } finally {
      client.destroyForcibly();
    }
    List<String> files = new java.util.ArrayList<>();
    try (var inside = Files.list(saved)) {
      for (Path file : inside.filter(each -> each.toString().endsWith(".ndjson")).sorted().toList())
        files.add(file.getFileName() + " " + Files.readAllLines(file).stream().filter(line -> !line.isBlank()).count());
    }
    return files;
  }
}
