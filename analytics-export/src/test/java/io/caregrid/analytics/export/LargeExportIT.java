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
import io.caregrid.store.Demand;
import io.caregrid.store.Schema;
import io.caregrid.store.Step;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** 35,000 resources while others write. How long it took is printed; nothing is held against it. */
@Tag("full")
@ExtendWith(Engines.class)
class LargeExportIT {
  private static final int PATIENTS = 350;
  private static final int EACH = 99;

  @Test
  void manyResourcesComeOnceEachWhileOthersAreWritten(LocalPostgres postgres, @TempDir Path folder) throws Exception {
    DatabaseConfig database = new DatabaseConfig(postgres.host(), postgres.port(),
        postgres.createDatabase(Schema.on(postgres.host(), postgres.port(), postgres.user(), postgres.password())),
        postgres.user(), postgres.password(), 8);
    ObjectStore files = Place.open(ExportConfig.DEFAULT, LakeConfig.DEFAULT, folder);
    try (ExportHouse house = new ExportHouse(database, files, folder.resolve("scratch"),
        new ExportConfig("", false, Duration.ofMinutes(5), Duration.ofHours(1), 4, 2), Duration.ofSeconds(20))) {
      fill(house);
      BulkClient client = house.client("ann");
      for (String address : List.of("/fhir/$export", "/fhir/Patient/$export", "/fhir/Group/all/$export")) {
        CompletableFuture<Void> writing = CompletableFuture.runAsync(() -> {
          for (int i = 0; i < 50; i++)
            house.put("{'resourceType':'Patient','id':'new" + i + "','active':" + (i % 2 == 0) + "}");
        });
        long from = System.nanoTime();
        JsonNode manifest = client.export(address);
        System.out.println("export " + address + " ms=" + (System.nanoTime() - from) / 1_000_000 + " files="
            + manifest.path("output").size());
        writing.join();

        Set<String> once = new HashSet<>();
        for (String name : client.names(manifest)) assertTrue(once.add(name), name);
        once.removeIf(name -> name.startsWith("Patient/new") || name.startsWith("Group/"));
        assertEquals(PATIENTS * (EACH + 1), once.size());
      }
    }
  }

  private static void fill(ExportHouse house) {
    StringBuilder members = new StringBuilder();
    for (int patient = 0; patient < PATIENTS; patient++) {
      List<Step> steps = new ArrayList<>();
      steps.add(put("Patient", "p" + patient, "{'resourceType':'Patient','id':'p" + patient + "'}"));
      for (int i = 0; i < EACH; i++)
        steps.add(put("Observation", "o" + patient + "-" + i, "{'resourceType':'Observation','id':'o" + patient + "-"
            + i
            + "','status':'final','category':[{'coding':[{'system':'http://terminology.hl7.org/CodeSystem/observation-category','code':'vital-signs'}]}],"
            + "'code':{'coding':[{'system':'http://loinc.org','code':'8867-4','display':'Heart rate'}]},'effectiveDateTime':'2026-01-01T00:00:00Z',"
            + "'valueQuantity':{'value':7" + i % 10
            + ",'unit':'beats/minute','system':'http://unitsofmeasure.org','code':'/min'},"
            + "'subject':{'reference':'Patient/p" + patient + "'}}"));
      house.transaction(steps);
      members.append(patient == 0 ? "" : ",").append("{'entity':{'reference':'Patient/p" + patient + "'}}");
    }
    house.put("{'resourceType':'Group','id':'all','type':'person','actual':true,'member':[" + members + "]}");
  }

  private static Step put(String type, String id, String json) {
    return new Step.Update(null, type, id, null, ExportHouse.json(json), Demand.NONE);
  }
}
