package io.caregrid.analytics.lake;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.analytics.lake.schema.FhirSchema;
import io.caregrid.analytics.lake.schema.TableSchema;
import io.caregrid.analytics.lake.store.ObjectStore.Entry;
import io.caregrid.analytics.lake.store.ObjectStore.Local;
import io.caregrid.analytics.lake.table.Erasures;
import io.caregrid.analytics.lake.table.Erasures.Key;
import io.caregrid.analytics.lake.table.Step;
import io.caregrid.analytics.lake.vitals.Samples;
import io.caregrid.analytics.sql.Tables.Pinned;
import io.caregrid.contract.Failure;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Who is erased is in no object of the lake any more, and everybody else is there as before. */
@ExtendWith(Engines.class)
class EraserIT {
  private static final String ERASED = "erased-";
  private static final List<Key> KEYS = List.of(new Key("Patient", "erased-p"), new Key("Patient", "erased-unknown"),
      new Key("Observation", "erased-w"), new Key("Observation", "erased-d"), new Key("Observation", "erased-gone"));
  private LakeHouse house;
  private StoreAndLake both;
  private Erasures erasures;

  @BeforeEach
  void open(LocalPostgres postgres, @TempDir Path folder) throws IOException {
    house = new LakeHouse(postgres, folder);
    both = new StoreAndLake(house.database, house.objects, folder);
    erasures = new Erasures(house.objects);
  }

  @AfterEach
  void close() {
    house.close();
  }

  /** Versions of those who stay and of those who go, in one file. */
  private void change(int round) {
    for (String whose : List.of(ERASED, "kept-")) {
      house.patient(whose + "p", "Name" + round);
      house.weight(whose + "w", "70." + round);
      house.device(whose + "d", "60 61 U " + (62 + round));
      house.weight(whose + "gone", "71." + round);
    }
    house.delete("Observation", "erased-gone");
    house.clock.move(LakeHouse.OPEN_PERIOD);
  }

  private void merge(Follower follower) throws IOException {
    house.clock.move(Duration.ofMinutes(15));
    house.keep(follower, house.upkeep(Step.Watch.NONE));
  }

  /** In logs alone and in states alone, in files that are the table and in such as were. */
  private void live() throws IOException {
    Follower follower = house.follower();
    house.turn(follower);
    for (int round = 0; round < 4; round++) {
      change(round);
      house.turn(follower);
      if (round % 2 == 1) merge(follower);
    }
    change(4);
    house.turn(follower);
    both.compare();
    assertTrue(holders().size() > 10, holders().toString());
  }

  /** As the store will do it one day. */
  private void eraseInTheStore() {
    for (String table : List.of("r_patient", "h_patient", "r_observation", "h_observation"))
      house.sql("delete from " + table + " where id like '" + ERASED + "%'");
  }

  /** Objects in which an id of theirs can be read. */
  private List<String> holders() throws IOException {
    List<String> holders = new ArrayList<>();
    for (String folder : List.of("fhir/", "_lake/"))
      for (Entry each : house.objects.list(folder, "", 100_000)) if (holds(each.name())) holders.add(each.name());
    return holders;
  }

  private boolean holds(String name) throws IOException {
    if (!name.endsWith(".parquet"))
      return new String(house.objects.get(name), StandardCharsets.UTF_8).contains(ERASED);
    try (Local local = house.objects.local(name);
        Connection duck = DriverManager.getConnection("jdbc:duckdb:");
        Statement statement = duck.createStatement();
        ResultSet row = statement.executeQuery("select count(*) from read_parquet('" + local.path()
            + "') t where t::varchar like '%" + ERASED + "%'")) {
      row.next();
      return row.getLong(1) > 0;
    } catch (SQLException failed) {
      throw new AssertionError(name, failed);
    }
  }

  /** Minute by minute until the request is done. */
  private void untilErased(String request) throws IOException {
    Follower follower = house.follower();
    Upkeep upkeep = house.upkeep(Step.Watch.NONE);
    for (int minute = 0; minute < 10 && erasures.isOpen(request); minute++) {
      house.turn(follower);
      house.keep(follower, upkeep);
      house.clock.move(Duration.ofMinutes(1));
    }
    assertFalse(erasures.isOpen(request));
  }

  @Test
  @Tag("full")
  void whoIsErasedIsInNoObjectAndEverybodyElseIsThereAsBefore() throws IOException {
    live();
    eraseInTheStore();
    String request = erasures.request(KEYS);
    assertTrue(erasures.isOpen(request));

    untilErased(request);

    assertEquals(List.of(), holders());
    both.compare();
    Follower follower = house.follower();
    house.patient("kept-p", "After");
    house.turn(follower);
    merge(follower);
    both.compare();
    assertEquals(List.of(), holders());
  }

  /** Nobody asks the lake: the feed says it. Whoever takes one of the ids again is there; a kill between the request and the head asks once more. */
  @Test
  @Tag("full")
  void whatIsHardDeletedInTheStoreVanishesFromEveryObjectOfTheLakeByItself() throws IOException {
    live();
    house.patient("again", "Erased-name");
    Follower follower = house.follower();
    house.turn(follower);
    house.erase("Patient", "again");
    house.patient("again", "Another");
    house.erase("Patient", "erased-p");
    for (String id : List.of("erased-w", "erased-d", "erased-gone")) house.erase("Observation", id);

    Set<String> asked = Set.of();
    for (Step last : List.of(Step.FILE_WRITTEN, Step.FILE_WRITTEN, Step.FILE_WRITTEN, Step.TABLE_COMMITTED)) {
      Step.Watch death = step -> {
        if (step == last) throw new IOException("dies at " + step);
      };
      assertThrows(UncheckedIOException.class, () -> house.turn(house.follower(house.objects, death)));
      if (last == Step.FILE_WRITTEN && !asked.isEmpty()) assertEquals(asked, erasures.names(), "asked again");
      asked = erasures.names();
      assertFalse(asked.isEmpty());
    }
    follower = house.follower();
    house.turn(follower);

    assertFalse(erasures.open().isEmpty());
    try (Pinned pinned = both.pin()) {
      for (ObjectNode row : both.rows(pinned, FhirSchema.of("Patient").current()))
        assertFalse(row.path("id").asText().startsWith(ERASED), "with its deletion, before its files: " + row);
    }
    Upkeep upkeep = house.upkeep(Step.Watch.NONE);
    for (int minute = 0; minute < 20 && !erasures.open().isEmpty(); minute++) {
      house.turn(follower);
      house.keep(follower, upkeep);
      house.clock.move(Duration.ofMinutes(1));
    }
    assertEquals(List.of(), erasures.open());
    assertEquals(List.of(), holders());
    both.compare();
    try (Pinned pinned = both.pin()) {
      List<String> names = both.rows(pinned, FhirSchema.of("Patient").history())
          .stream()
          .filter(row -> row.path("id").asText().equals("again"))
          .map(row -> row.path("name").path(0).path("family").asText())
          .toList();
      assertEquals(List.of("Another"), names);
    }
  }

  private void nobodyErasedIsCurrent(String when) throws IOException {
    try (Pinned pinned = both.pin()) {
      for (TableSchema schema : List.of(FhirSchema.of("Patient").current(), FhirSchema.of("Observation").current(),
          Samples.STATE))
        for (ObjectNode row : both.rows(pinned, schema))
          assertFalse(row.path(schema.key()).asText().startsWith(ERASED), when + ": " + row);
    }
  }

  /** Their last versions stand in the states, their deletions in files that no merge has taken yet; two commits ask, one pass erases. Its writer dies after each of the first steps. */
  @Test
  @Tag("full")
  void nobodyWhoIsErasedIsCurrentAgainWhileTheLakeErases() throws IOException {
    Follower follower = house.follower();
    change(0);
    change(1);
    house.turn(follower);
    merge(follower);
    house.erase("Patient", "erased-p");
    house.turn(follower);
    for (String id : List.of("erased-w", "erased-d")) house.erase("Observation", id);
    house.turn(follower);
    nobodyErasedIsCurrent("before");
    assertEquals(2, erasures.open().size());

    Upkeep upkeep = house.upkeep(Step.Watch.NONE);
    List<String> kept = new ArrayList<>();
    for (int step = 0; step < 60 && !erasures.names().isEmpty(); step++) {
      Upkeep.Task task = upkeep.due(follower.ledger());
      if (task != null) {
        Upkeep.Done done = Upkeep.run(task);
        house.finish(follower, done);
        upkeep.done(done);
        kept.add(task.what());
        nobodyErasedIsCurrent("after " + kept);
        follower = house.follower();
        if (kept.size() < 12) upkeep = house.upkeep(Step.Watch.NONE);
      }
      house.clock.move(Duration.ofMinutes(1));
      house.turn(follower);
    }

    assertEquals(Set.of(), erasures.names(), kept.toString());
  }

  /** Whatever has been done of it, the newest head can be read. */
  private void keptAreThere() throws IOException {
    for (TableSchema schema : List.of(FhirSchema.of("Patient").current(), FhirSchema.of("Observation").history(),
        Samples.STATE)) {
      try (Pinned pinned = both.pin()) {
        assertTrue(both.rows(pinned, schema)
            .stream()
            .anyMatch(row -> row.path(schema.key()).asText().startsWith("kept-")), schema.name());
      }
    }
  }

  @Test
  void whatTheLakeHasNoTableForIsRefused() {
    assertThrows(Failure.Invalid.class, () -> erasures.request(List.of(new Key("Patients", "p"))));
    assertThrows(Failure.Invalid.class, () -> erasures.request(List.of()));
  }

  /** Once at each kind of step, and each time one step later than before, until one lives to the end. */
  @Test
  @Tag("full")
  void dyingAtAnyStepOfItLosesNothingAndItIsFinishedAfterwards() throws IOException {
    live();
    eraseInTheStore();
    String request = erasures.request(KEYS);
    Set<Step> died = EnumSet.noneOf(Step.class);
    for (int after = 1; erasures.isOpen(request) && after < 60; after++) {
      int[] left = {after};
      Step.Watch death = step -> {
        if (--left[0] > 0 && died.contains(step)) return;
        died.add(step);
        throw new IOException("dies at " + step);
      };
      try {
        Follower follower = house.follower(house.objects, death);
        house.turn(follower);
        house.keep(follower, house.upkeep(death));
      } catch (IOException | UncheckedIOException dead) {
        keptAreThere();
      }
      house.clock.move(Duration.ofSeconds(20));
    }

    untilErased(request);

    assertEquals(List.of(), holders());
    both.compare();
    assertTrue(died.containsAll(Set.of(Step.ERASE_PREPARED, Step.TABLE_COMMITTED, Step.VACUUMED)), died.toString());
  }
}
