package io.caregrid.analytics.lake;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.analytics.lake.delta.Kernel;
import io.caregrid.analytics.lake.schema.FhirSchema;
import io.caregrid.analytics.lake.schema.TableSchema;
import io.caregrid.analytics.lake.table.Step;
import io.caregrid.analytics.lake.vitals.Samples;
import io.caregrid.analytics.sql.Tables.Pinned;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import io.delta.kernel.data.Row;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Delta Kernel, which knows nothing of us, reads the lake's tables with the numbers that our own SQL has. */
@ExtendWith(Engines.class)
class ForeignReaderIT {
  private LakeHouse house;
  private StoreAndLake both;

  @BeforeEach
  void open(LocalPostgres postgres, @TempDir Path folder) throws IOException {
    house = new LakeHouse(postgres, folder);
    both = new StoreAndLake(house.database, house.objects, folder);
  }

  @AfterEach
  void close() {
    house.close();
  }

  private void keep(Follower follower, Upkeep upkeep) throws IOException {
    house.clock.move(Duration.ofMinutes(15));
    house.keep(follower, upkeep);
  }

  /** Key and version of each row, in their order; and the sum of {@code value} where there is one. */
  private record Seen(List<String> rows, BigDecimal sum) {}

  private Seen kernel(TableSchema schema) throws IOException {
    Kernel kernel = new Kernel(house.folder.resolve("lake/fhir").resolve(schema.name()));
    List<String> rows = new ArrayList<>();
    BigDecimal[] sum = {BigDecimal.ZERO};
    kernel.rows(kernel.newest(), row -> {
      rows.add(row.getString(at(row, schema.key())) + " " + row.getInt(at(row, "lake_version")));
      if (at(row, "value") >= 0 && !row.isNullAt(at(row, "value")))
        sum[0] = sum[0].add(row.getDecimal(at(row, "value")));
    });
    rows.sort(null);
    return new Seen(rows, sum[0].stripTrailingZeros());
  }

  private static int at(Row row, String column) {
    return row.getSchema().indexOf(column);
  }

  private Seen ours(TableSchema schema) throws IOException {
    List<String> rows = new ArrayList<>();
    BigDecimal sum = BigDecimal.ZERO;
    try (Pinned pinned = both.pin()) {
      for (ObjectNode row : both.rows(pinned, schema)) {
        rows.add(row.path(schema.key()).asText() + " " + row.path("lake_version").asInt());
        if (row.path("value").isNumber()) sum = sum.add(row.path("value").decimalValue());
      }
    }
    rows.sort(null);
    return new Seen(rows, sum.stripTrailingZeros());
  }

  @Test
  @Tag("full")
  void deltaKernelSeesWhatWeSee() throws IOException {
    Follower follower = house.follower();
    Upkeep upkeep = house.upkeep(Step.Watch.NONE);
    for (int round = 0; round < 3; round++) {
      house.patient("p", "N" + round);
      house.patient("q" + round, "New");
      house.weight("w" + round, "70.12" + round);
      house.device("d", "60 61 U " + (62 + round));
      if (round == 2) house.delete("Patient", "q0");
      house.turn(follower);
      keep(follower, upkeep);
    }
    both.compare();

    for (TableSchema schema : List.of(FhirSchema.of("Patient").current(), FhirSchema.of("Patient").history(),
        FhirSchema.of("Observation").current(), FhirSchema.of("Observation").history(), Samples.STATE)) {
      Seen ours = ours(schema);
      assertEquals(ours, kernel(schema), schema.name());
    }
    assertEquals(List.of("p 3", "q1 1", "q2 1"), kernel(FhirSchema.of("Patient").current()).rows());
    assertEquals(new BigDecimal("395.363"), kernel(Samples.STATE).sum());
  }
}
