package io.caregrid.analytics.lake;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.analytics.lake.schema.FhirSchema;
import io.caregrid.analytics.lake.schema.TableSchema;
import io.caregrid.analytics.lake.table.Step;
import io.caregrid.analytics.lake.vitals.Samples;
import io.caregrid.analytics.sql.Tables.Pinned;
import io.caregrid.contract.Audit;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** A body in the store that nobody can read stands in the lake as a row that says so, is told once, and holds up nothing. */
@ExtendWith(Engines.class)
class PoisonIT {
  /** A flag that is none; no bytes; deflated bytes that are none, that end too soon, that claim to be a gigabyte; and plain text: no JSON, no object, of another id. */
  private static final List<String> POISONS = List.of("09aa", "", "0100000005ffffffffff", "01000000050300",
      "017fffffff0300", hex("{'resourceType':"), hex("[1]"), hex("{'resourceType':'Patient','id':'other'}"),
      hex("{'resourceType':'Patient'}"));
  private final ListAppender<ILoggingEvent> said = new ListAppender<>();
  private LakeHouse house;
  private StoreAndLake both;

  private static String hex(String plain) {
    return "00" + HexFormat.of().formatHex(plain.replace('\'', '"').getBytes());
  }

  @BeforeEach
  void open(LocalPostgres postgres, @TempDir Path folder) throws IOException {
    house = new LakeHouse(postgres, folder);
    both = new StoreAndLake(house.database, house.objects, folder);
    said.start();
    logger().addAppender(said);
  }

  private static Logger logger() {
    return (Logger) LoggerFactory.getLogger("io.caregrid.analytics.lake");
  }

  @AfterEach
  void close() {
    logger().detachAppender(said);
    house.close();
  }

  private void poison() {
    for (int i = 0; i < POISONS.size(); i++) {
      house.patient("x" + i, "Fine");
      house.patient("x" + i, "Poisoned");
      house.sql("update r_patient set body = '\\x" + POISONS.get(i) + "' where id = 'x" + i + "'");
    }
    house.patient("p", "Beside");
    house.weight("w", "70");
    house.weight("w", "71");
    house.sql("update r_observation set body = '\\x09' where id = 'w'");
    house.weight("v", "72");
  }

  private List<String> told() {
    return said.list.stream()
        .map(ILoggingEvent::getFormattedMessage)
        .filter(line -> line.contains("cannot be read"))
        .toList();
  }

  private List<ObjectNode> rows(TableSchema schema) throws IOException {
    try (Pinned pinned = both.pin()) {
      return both.rows(pinned, schema);
    }
  }

  private void isThereAsWhatItIs() throws IOException {
    both.compare();
    List<String> unreadable = new ArrayList<>();
    for (ObjectNode row : rows(FhirSchema.of("Patient").current())) {
      if (!row.path("lake_unreadable").asBoolean()) continue;
      unreadable.add(row.path("id").asText());
      assertEquals(2, row.path("lake_version").asInt());
      assertFalse(row.has("resourceType"), row.toString());
    }
    unreadable.sort(null);
    assertEquals(List.of("x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8"), unreadable);
    assertEquals(List.of("v"),
        rows(Samples.STATE).stream().map(row -> row.path("observation").asText()).toList());
    assertEquals(POISONS.size() + 1, told().size(), told().toString());
    assertEquals(told().size(), house.registry.get(Unreadable.METRIC).counter().count());
    assertTrue(told().stream().anyMatch(line -> line.contains("type=Patient id=" + Audit.hash("x0") + " version=2")),
        told().toString());
  }

  @Test
  void whatWasPoisonedBeforeTheLakeBeganIsThereAsWhatItIs() throws IOException {
    poison();

    house.turn(house.follower());

    isThereAsWhatItIs();
  }

  @Test
  void whatIsPoisonedWhileTheLakeFollowsIsThereAsWhatItIsAndIsMendedByTheNextVersion() throws IOException {
    Follower follower = house.follower();
    house.turn(follower);
    poison();

    house.turn(follower);

    isThereAsWhatItIs();
    house.clock.move(Duration.ofMinutes(15));
    house.keep(follower, house.upkeep(Step.Watch.NONE));
    isThereAsWhatItIs();
    house.sql("update r_observation r set body = h.body from h_observation h where r.id = 'w' and h.id = r.id");
    house.device("w", "60");
    house.turn(follower);
    assertTrue(rows(FhirSchema.of("Observation").current()).stream()
        .noneMatch(row -> row.path("lake_unreadable").asBoolean()));
    assertEquals(POISONS.size() + 1, told().size(), told().toString());
    assertEquals(2, rows(Samples.STATE).size());
  }
}
