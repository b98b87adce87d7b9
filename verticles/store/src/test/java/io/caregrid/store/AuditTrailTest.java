package io.caregrid.store;

import static io.caregrid.store.Room.fails;
import static io.caregrid.store.Room.get;
import static io.caregrid.store.Room.until;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.cluster.AuditConfig;
import io.caregrid.contract.Audit.Deed;
import io.caregrid.contract.Audit.Entry;
import io.caregrid.contract.Caller;
import io.caregrid.store.audit.Trail;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetSocket;
import io.vertx.pgclient.PgException;
import io.vertx.sqlclient.Row;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** From an access to the database: each once, whatever happens on the way. */
@ExtendWith(Room.Key.class)
class AuditTrailTest {
  private static final AuditConfig CONFIG = new AuditConfig(null, true, AuditConfig.REFUSE, 1, 4096, 0);
  @TempDir
  Path folder;
  private Room room;
  private AuditEvents events;

  @BeforeEach
  void open(Room room) {
    this.room = room;
    events = new AuditEvents(room.database());
  }

  private Trail trail(MeterRegistry metrics) throws IOException {
    return Trail.open(folder, CONFIG, "node-1", metrics);
  }

  static Entry entry(String what) {
    return Entry.of(Caller.system("test"), Deed.READ, what);
  }

  private Trail shipping() throws IOException {
    Trail trail = trail(new SimpleMeterRegistry());
    trail.ship(room.vertx(), events);
    return trail;
  }

  private static void close(Trail trail) {
    get(trail.unship());
    trail.close();
  }

  private long here(String prefix) {
    return room.count("from audit_event, jsonb_array_elements_text(fact->'what') w where w like $1", prefix + "%");
  }

  private Set<String> distinct(String prefix) {
    Set<String> found = new HashSet<>();
    for (Row row : room.sql("select fact->'what'->>0 as w from audit_event where fact->'what'->>0 like $1",
        prefix + "%"))
      found.add(row.getString("w"));
    return found;
  }

  @Test
  void whatIsRecordedIsInTheDatabaseSoonAndOnce() throws IOException {
    Trail trail = shipping();
    List<Future<Void>> kept = new ArrayList<>();
    for (int n = 0; n < 3000; n++) kept.add(trail.record(entry("Soon/" + n).about(List.of("Patient/p" + n % 7))));
    get(Future.all(kept));

    until("all are in", () -> here("Soon/") >= 3000);
    close(trail);
    assertEquals(3000, here("Soon/"));
    assertEquals(3000, distinct("Soon/").size());
    assertEquals(429, room.count("from audit_event where keys @> array['Patient/p1']"));
  }

  @Test
  void aHundredThousandThatWaitAreShippedInBatchesEachOnce() throws IOException {
    Trail before = trail(new SimpleMeterRegistry());
    for (int part = 0; part < 10; part++) {
      List<Future<Void>> kept = new ArrayList<>();
      for (int n = 0; n < 10_000; n++) kept.add(before.record(entry("Many/" + part + "-" + n)));
      get(Future.all(kept));
    }
    before.close();
    long began = System.nanoTime();

    MeterRegistry metrics = new SimpleMeterRegistry();
    Trail trail = trail(metrics);
    trail.ship(room.vertx(), events);
    until("the backlog is known", () -> metrics.get("audit.backlog").gauge().value() > 0);
    until("all are in", () -> metrics.get("audit.backlog").gauge().value() == 0);
    System.out.printf("100,000 audit events shipped in %.1f s%n", (System.nanoTime() - began) / 1e9);

    assertEquals(100_000, here("Many/"));
    assertEquals(100_000, distinct("Many/").size());
    until("files that are in are removed", () -> files() <= 1);
    close(trail);
  }

  private long files() {
    try (Stream<Path> all = Files.list(folder)) {
      return all.filter(file -> file.toString().endsWith(".jsonl")).count();
    } catch (IOException cause) {
      throw new AssertionError(cause);
    }
  }

  @Test
  void aDatabaseThatWentBackGetsWhatItLostAndNothingTwice() throws IOException {
    AuditConfig keeping = new AuditConfig(null, true, AuditConfig.REFUSE, 1, 4096, 30);
    Trail trail = Trail.open(folder, keeping, "node-1", new SimpleMeterRegistry());
    trail.ship(room.vertx(), events);
    for (int n = 0; n < 10; n++) get(trail.record(entry("Back/" + n)));
    until("the first are in", () -> here("Back/") == 10);
    AuditPosition then = get(events.position(journal(), "node-1"));
    for (int n = 10; n < 20; n++) get(trail.record(entry("Back/" + n)));
    until("the others are in", () -> here("Back/") == 20);

    room.sql("alter table audit_event disable trigger stays");
    room.sql("delete from audit_event where fact->'what'->>0 ~ 'Back/1[5-9]'");
    room.sql("alter table audit_event enable trigger stays");
    room.sql("update audit_journal set segment = $2, position = $3 where journal = $1", journal(), then.segment(),
        then.offset());
    get(trail.record(entry("Back/20")));

    until("all are in again", () -> here("Back/") == 21);
    assertEquals(21, distinct("Back/").size());
    close(trail);
  }

  @Test
  void filesThatSomebodyRemovedTakeNothingWithThemThatComesAfterwards() throws IOException {
    Trail before = shipping();
    for (int n = 0; n < 10; n++) get(before.record(entry("Gone/" + n)));
    until("the first are in", () -> here("Gone/") == 10);
    close(before);
    try (Stream<Path> all = Files.list(folder)) {
      for (Path file : all.filter(file -> file.toString().endsWith(".jsonl")).toList()) Files.delete(file);
    }

    for (int start = 1; start <= 3; start++) {
      Trail after = shipping();
      int expected = 10 + start;
      get(after.record(entry("Gone/after-" + start)));
      until("what came afterwards is in", () -> here("Gone/") == expected);
      close(after);
    }
  }

  @Test
  void startsWithoutAnAccessForgetNothingOfTheNumbering() throws IOException {
    Trail first = shipping();
    get(first.record(entry("Idle/1")));
    until("it is in", () -> here("Idle/") == 1);
    close(first);
    for (int start = 0; start < 3; start++) {
      Trail idle = shipping();
      get(room.database().answers());
      close(idle);
    }

    Trail last = shipping();
    get(last.record(entry("Idle/2")));
    until("the next is in", () -> here("Idle/") == 2);
    close(last);
  }

  private java.util.UUID journal() throws IOException {
    return java.util.UUID.fromString(Files.readString(folder.resolve("journal")).strip());
  }

  @Test
  void nobodyChangesOrRemovesAnEvent() throws IOException {
    Trail trail = shipping();
    get(trail.record(entry("Stays/1")));
    until("it is in", () -> here("Stays/") == 1);
    close(trail);

    for (String sql : List.of("update audit_event set fact = '{}'", "delete from audit_event", "truncate audit_event"))
      assertEquals("42501", fails(PgException.class, room.database().pool().query(sql).execute()).getSqlState(), sql);
    assertEquals(1, here("Stays/"));
  }

  @Test
  void whatTheDatabaseNeverTakesIsSetAsideAndTheRestGoesOn() throws IOException {
    room.sql(
        """
        create function never() returns trigger language plpgsql as $$ begin
          if new.fact->'what'->>0 = 'Poison/13' then raise exception using errcode = '22023'; end if; return new; end $$""");
    room.sql("create trigger never before insert on audit_event for each row execute function never()");
    Trail trail = shipping();
    for (int n = 0; n < 50; n++) get(trail.record(entry("Poison/" + n)));

    until("the others are in", () -> here("Poison/") == 49);
    get(trail.record(entry("Poison/after")));
    until("and what follows", () -> here("Poison/") == 50);
    close(trail);
    room.sql("drop trigger never on audit_event");
    assertTrue(!distinct("Poison/").contains("Poison/13"));
  }

  @Test
  void killedBetweenAnswerAndShippingNothingKeptIsMissingAndNothingIsTwice() throws Exception {
    Set<String> kept = new HashSet<>();
    for (int kill = 0; kill < 3; kill++)
      kept.addAll(KilledTrail.runAndKill(folder, room.config(), "Killed" + kill, 400 + 700 * kill));

    Trail trail = shipping();
    get(trail.record(entry("Killed/last")));
    until("all are in", () -> here("Killed/last") == 1);
    close(trail);

    Set<String> found = distinct("Killed");
    System.out.printf("kept before the kills %d, in the database %d%n", kept.size(), found.size());
    kept.removeAll(found);
    assertEquals(Set.of(), kept, "kept, and missing");
    assertEquals(found.size(), here("Killed"));
  }

  @Test
  void whileTheDatabaseIsAwayEntriesAreKeptAndThenShipped() throws Exception {
    List<NetSocket> tapped = java.util.Collections.synchronizedList(new ArrayList<>());
    java.util.concurrent.atomic.AtomicBoolean down = new java.util.concurrent.atomic.AtomicBoolean();
    NetServer wire = room.vertx().createNetServer().connectHandler(near -> {
      if (down.get()) {
        near.close();
        return;
      }
      near.pause();
      room.vertx().createNetClient().connect(room.config().port(), room.config().host()).onSuccess(far -> {
        near.handler(far::write).closeHandler(closed -> far.close());
        far.handler(near::write).closeHandler(closed -> near.close());
        tapped.add(near);
        near.resume();
      });
    });
    int port = get(wire.listen(0, "127.0.0.1")).actualPort();
    io.caregrid.cluster.DatabaseConfig direct = room.config();
    Database far = get(Database.open(room.vertx(), new io.caregrid.cluster.DatabaseConfig("127.0.0.1", port,
        direct.database(), direct.user(), direct.password(), 3)));
    Trail trail = trail(new SimpleMeterRegistry());
    trail.ship(room.vertx(), new AuditEvents(far));
    for (int n = 0; n < 200; n++) {
      if (n == 50) {
        down.set(true);
        List.copyOf(tapped).forEach(NetSocket::close);
      }
      get(trail.record(entry("Away/" + n)));
    }
    assertTrue(trail.isKeeping());
    until("it was tried in vain", () -> trail.isAway());
    long before = here("Away/");
    down.set(false);

    until("all are in", () -> here("Away/") >= 200);
    System.out.println("in before the outage: " + before);
    assertEquals(200, here("Away/"));
    close(trail);
    get(far.close());
    get(wire.close());
  }
}
