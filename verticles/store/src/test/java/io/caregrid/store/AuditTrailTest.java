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
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetSocket;
import io.vertx.pgclient.PgException;
import io.vertx.sqlclient.Row;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** From an access to the database: each once, whatever happens on the way. */
@ExtendWith(Room.Key.class)
class AuditTrailTest {
  private static final AuditConfig CONFIG = new AuditConfig(null, true, AuditConfig.REFUSE, 1, 4096, 0, 0, 30);
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

  /** What the lines in the database name first, as often as it is there. */
  private List<String> all(String prefix) {
    List<String> found = new ArrayList<>();
    for (Row row : room.sql("select lines from audit_block"))
      for (byte[] line : AuditBlock.lines(row.getBuffer("lines").getBytes())) {
        if (!new String(line, java.nio.charset.StandardCharsets.UTF_8).contains(prefix)) continue;
        String what = AuditEvents.Recorded.of(line).fact().at("/what/0").asText();
        if (what.startsWith(prefix)) found.add(what);
      }
    return found;
  }

  private long here(String prefix) {
    return all(prefix).size();
  }

  private Set<String> distinct(String prefix) {
    return new HashSet<>(all(prefix));
  }

  private static AuditQuery about(String entity, int count, UUID after) {
    return new AuditQuery(null, null, List.of(), List.of(), List.of(entity), List.of(), List.of(), List.of(), null,
        null,
        List.of(), count, true, after);
  }

  private static AuditQuery of(List<String> patients, List<String> patientIds) {
    return new AuditQuery(null, null, patients, patientIds, List.of(), List.of(), List.of(), List.of(), null, null,
        List.of(), 1000, true, null);
  }

  /** Of everything in the database, page by page. */
  private List<UUID> found(String entity) {
    List<UUID> ids = new ArrayList<>();
    UUID after = null;
    do {
      AuditEvents.Found page = get(events.search(about(entity, 7, after)));
      page.events().forEach(one -> ids.add(one.id()));
      after = page.next();
    } while (after != null);
    return ids;
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
    assertEquals(429, get(events.search(of(List.of("Patient/p1"), List.of()))).total().orElseThrow());
  }

  @Test
  @Tag("full")
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
    AuditConfig keeping = new AuditConfig(null, true, AuditConfig.REFUSE, 1, 4096, 30, 0, 30);
    Trail trail = Trail.open(folder, keeping, "node-1", new SimpleMeterRegistry());
    trail.ship(room.vertx(), events);
    for (int n = 0; n < 10; n++) get(trail.record(entry("Back/" + n)));
    until("the first are in", () -> here("Back/") == 10);
    AuditPosition then = get(events.position(journal(), "node-1"));
    UUID lastThen = found("Back/9").get(0);
    for (int n = 10; n < 20; n++) get(trail.record(entry("Back/" + n)));
    until("the others are in", () -> here("Back/") == 20);

    room.sql("alter table audit_block disable trigger stays");
    room.sql("delete from audit_block where last > $1", lastThen);
    room.sql("alter table audit_block enable trigger stays");
    room.sql("update audit_journal set segment = $2, position = $3 where journal = $1", journal(), then.segment(),
        then.offset());
    get(trail.record(entry("Back/20")));

    until("all are in again", () -> here("Back/") == 21);
    assertEquals(21, distinct("Back/").size());
    close(trail);
  }

  @Test
  void whatIsShippedTwiceIsFoundAndCountedOnce() throws IOException {
    AuditConfig keeping = new AuditConfig(null, false, AuditConfig.REFUSE, 1, 4096, 30, 0, 30);
    Trail trail = Trail.open(folder, keeping, "node-1", new SimpleMeterRegistry());
    trail.ship(room.vertx(), events);
    for (int n = 0; n < 30; n++) get(trail.record(entry("Twice/x")));
    until("all are in", () -> here("Twice/") == 30);
    close(trail);
    Files.writeString(folder.resolve("journal"), UUID.randomUUID() + "\n");

    Trail again = Trail.open(folder, keeping, "node-1", new SimpleMeterRegistry());
    again.ship(room.vertx(), events);
    until("all are in again", () -> here("Twice/") == 60);
    close(again);

    List<UUID> ids = found("Twice/x");
    assertEquals(30, ids.size());
    assertEquals(30, new HashSet<>(ids).size());
    assertEquals(30, get(events.search(about("Twice/x", 0, null))).total().orElseThrow());
    assertEquals("Twice/x", get(events.read(ids.get(5))).fact().at("/what/0").asText());
  }

  @Test
  void whatWasRecordedBeforeThereWereBlocksIsFoundAmongThem() throws IOException {
    UUID old = UUID.fromString("0190a000-0000-7000-8000-000000000001");
    room.sql(
        "insert into audit_event (id, at, keys, fact) values ($1, '2024-07-11T00:00:00Z', array['agent|old', 'Old/1'], "
            + "'{\"node\":\"n\",\"subject\":\"old\",\"deed\":\"read\",\"status\":200,\"what\":[\"Old/1\"]}')",
        old);
    Trail trail = shipping();
    for (int n = 0; n < 9; n++) get(trail.record(entry("Old/1")));
    until("all are in", () -> here("Old/") == 9);
    close(trail);

    List<UUID> ids = found("Old/1");
    assertEquals(10, ids.size());
    assertEquals(old, ids.get(9), "newest first");
    assertEquals(10, get(events.search(about("Old/1", 0, null))).total().orElseThrow());
    assertEquals("old", get(events.read(old)).fact().path("subject").asText());
  }

  @Test
  void aPatientIsFoundByWhatPicturesCallHimInWhateverCase() throws IOException {
    Trail trail = shipping();
    get(trail.record(entry("Id/1").aboutIds(List.of("MRN-7a"))));
    get(trail.record(entry("Id/2").about(List.of("Patient/id7"))));
    get(trail.record(entry("Id/3").aboutIds(List.of("MRN-7"))));
    until("all are in", () -> here("Id/") == 3);
    close(trail);

    List<String> found = get(events.search(of(List.of("Patient/id7"), List.of("mrn-7A")))).events()
        .stream()
        .map(one -> one.fact().at("/what/0").asText())
        .toList();
    assertEquals(List.of("Id/2", "Id/1"), found);
  }

  private void keep(String at, String what) {
    UUID journal = UUID.randomUUID();
    get(events.position(journal, "n"));
    long millis = java.time.Instant.parse(at).toEpochMilli();
    UUID id = new UUID(millis << 16 | 0x7000, 0x8000000000000001L);
    String line = "{\"id\":\"" + id + "\",\"at\":\"" + at + "\",\"node\":\"n\",\"subject\":\"s\",\"deed\":\"read\","
        + "\"status\":200,\"what\":[\"" + what + "\"],\"crc\":\"00000000\"}";
    assertTrue(get(events.keep(journal, AuditPosition.START, new AuditPosition(1, 0),
        List.of(line.getBytes(java.nio.charset.StandardCharsets.UTF_8)))));
  }

  @Test
  void monthsThatAreOverForLongEnoughAreRemovedAndNothingYounger() {
    room.withinADay();
    for (String at : List.of("2020-01-01T00:00:00Z", "2020-01-31T23:59:59.999Z", "2020-02-01T00:00:00Z",
        "2020-03-15T00:00:00Z"))
      keep(at, "Months/" + at);
    assertEquals(4, here("Months/"));

    assertEquals(List.of(), get(events.forget(1)), "they have just come here, whatever their nodes' clocks say");
    assertEquals(4, here("Months/"));
    cameHere("2020-04-01");
    assertEquals(List.of(), get(events.forget(days("2020-01-31"))));
    assertEquals(4, here("Months/"));
    get(events.forget(days("2020-04-02")));
    assertEquals(List.of("2020-01", "2020-02", "2020-03"), get(events.forget(days("2020-04-02"))), "until it is told");
    get(events.told(List.of("2020-01", "2020-02", "2020-03")));
    assertEquals(0, here("Months/"));
    keep("2020-01-15T00:00:00Z", "Months/late");
    assertEquals(List.of(), get(events.forget(days("2020-05-01"))));
    assertEquals(1, here("Months/"));
    cameHere("2020-01-20");
    keep("2020-02-15T00:00:00Z", "Months/late");
    cameHere("2020-02-20");
    assertEquals(List.of("2020-01"), get(events.forget(days("2020-02-29"))), "nothing younger");
    get(events.told(List.of("2020-01")));
    assertEquals(1, here("Months/"));
  }

  /** So many days lie between then and the database's today. */
  private int days(String day) {
    return room.sql("select (now() at time zone 'UTC')::date - $1::date", LocalDate.parse(day))
        .iterator()
        .next()
        .getInteger(0);
  }

  /** As if all that came up to now from before 2021 had come then. */
  private void cameHere(String day) {
    room.sql("alter table audit_block disable trigger stays");
    room.sql("update audit_block set kept = $1::date where month < '2021-01-01'", LocalDate.parse(day));
    room.sql("alter table audit_block enable trigger stays");
  }

  @Test
  void thisMonthAndTheLastAreNeverRemovedAndTheNextIsThereAhead() {
    room.withinADay();
    LocalDate today = LocalDate.now(java.time.ZoneOffset.UTC);
    for (int ago = 0; ago < 3; ago++) keep(today.withDayOfMonth(1).minusMonths(ago) + "T00:00:00Z", "Now/" + ago);
    String ahead = "audit_block_" + today.plusMonths(1).toString().substring(0, 7).replace('-', '_');
    assertEquals(1, room.count("from pg_class where relname = $1", ahead));
    room.sql("alter table audit_block disable trigger stays");
    room.sql("update audit_block set kept = '2020-01-01' where month > '2021-01-01'");
    room.sql("alter table audit_block enable trigger stays");

    List<String> gone = get(events.forget(1));
    get(events.told(gone));
    assertTrue(gone.contains(today.minusMonths(2).toString().substring(0, 7)), gone.toString());
    assertEquals(Set.of("Now/0", "Now/1"), distinct("Now/"));
  }

  @Test
  void aNewMonthWaitsForNoReaderOfTheTrail() {
    var reader = get(Room.connect(room.vertx(), room.config()));
    get(reader.query("begin").execute());
    get(reader.query("select count(*) from audit_block").execute());
    keep("2029-05-01T00:00:00Z", "Reader/1");
    get(reader.query("rollback").execute());
    get(reader.close());
    assertEquals(1, here("Reader/"));
  }

  @Test
  void aPatientIdFindsNoSingleEventOfOthers() {
    room.sql("insert into audit_event (id, at, keys, fact) values ('0190a000-0000-7000-8000-000000000002', "
        + "'2024-07-11T00:00:00Z', array['Single/1'], "
        + "'{\"node\":\"n\",\"subject\":\"old\",\"deed\":\"read\",\"status\":200,\"what\":[\"Single/1\"]}')");

    AuditEvents.Found found = get(events.search(of(List.of(), List.of("nobody-has-this"))));
    assertEquals(List.of(), found.events());
    assertEquals(0, found.total().orElseThrow());
  }

  @Test
  void aTrailWithARetentionRemovesWhatIsOlderAndSaysSo() throws IOException {
    keep("2020-06-01T00:00:00Z", "Forgotten/1");
    cameHere("2020-07-01");
    Trail trail = Trail.open(folder, new AuditConfig(null, false, AuditConfig.REFUSE, 1, 4096, 0, 365, 30), "node-1",
        new SimpleMeterRegistry());
    trail.ship(room.vertx(), events);

    until("it is removed", () -> here("Forgotten/") == 0);
    AuditQuery removals = new AuditQuery(null, null, List.of(), List.of(), List.of(), List.of(),
        List.of("audit-removed"),
        List.of(), null, null, List.of(), 1, false, null);
    until("and that is recorded", () -> !get(events.search(removals)).events().isEmpty());
    assertTrue(get(events.search(removals)).events().get(0).fact().path("query").asText().contains("2020-06"));
    close(trail);
  }

  @Test
  void aStrangersFloodIsAFewEntriesAndACountAndNothingAllowedIsMissing() throws IOException {
    Trail trail = shipping();
    Caller stranger = Caller.unknown().from("198.51.100.7");
    for (int n = 0; n < 5_000; n++) {
      get(trail.record(Entry.of(stranger, Deed.REQUEST, "Flood/" + n).ended(401)));
      if (n % 50 == 0) get(trail.record(entry("Flood/allowed")));
    }
    assertEquals(0, get(trail.drain(java.time.Duration.ofSeconds(55))));
    trail.close();

    assertEquals(30 + 100, here("Flood/"));
    AuditQuery his = new AuditQuery(null, null, List.of(), List.of(), List.of(), List.of(), List.of(),
        List.of("198.51.100.7"), 400, 500, List.of(), 100, true, null);
    AuditEvents.Found found = get(events.search(his));
    assertEquals(31, found.total().orElseThrow());
    assertEquals(4_970, found.events().stream().mapToLong(one -> one.fact().path("times").asLong()).sum());
  }

  @Test
  void drainingBringsAllToTheDatabaseAndSaysWhatItCouldNot() throws IOException {
    Trail trail = shipping();
    List<Future<Void>> kept = new ArrayList<>();
    for (int n = 0; n < 20_000; n++) kept.add(trail.record(entry("Drain/" + n)));
    get(Future.all(kept));

    assertEquals(0, get(trail.drain(java.time.Duration.ofSeconds(55))));
    assertEquals(20_000, here("Drain/"));
    get(trail.record(entry("Drain/late")));
    trail.close();
    Trail left = Trail.open(folder, CONFIG, "node-1", new SimpleMeterRegistry());
    left.ship(room.vertx(), new AuditEvents(get(nowhere())));
    long remaining = get(left.drain(java.time.Duration.ofSeconds(2)));
    assertTrue(remaining != 0, "what is left is known to be left");
    left.close();
  }

  /** A database that is there no more. */
  private Future<Database> nowhere() {
    return Database.open(room.vertx(), room.config()).compose(open -> open.close().map(open));
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

  private UUID journal() throws IOException {
    return UUID.fromString(Files.readString(folder.resolve("journal")).strip());
  }

  @Test
  void nobodyChangesOrRemovesAnEvent() throws IOException {
    Trail trail = shipping();
    get(trail.record(entry("Stays/1")));
    until("it is in", () -> here("Stays/") == 1);
    close(trail);

    String month = room.sql("select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid "
        + "where i.inhparent = 'audit_block'::regclass order by 1 desc limit 1").iterator().next().getString(0);
    for (String sql : List.of("update audit_event set fact = '{}'", "delete from audit_event", "truncate audit_event",
        "update audit_block set lines = ''", "delete from audit_block", "truncate audit_block",
        "update " + month + " set lines = ''", "delete from " + month, "truncate " + month))
      assertEquals("42501", fails(PgException.class, room.database().pool().query(sql).execute()).getSqlState(), sql);
    assertEquals(1, here("Stays/"));
  }

  @Test
  void whatTheDatabaseNeverTakesIsSetAsideAndTheRestGoesOn() throws IOException {
    room.sql(
        """
        create function never() returns trigger language plpgsql as $$ begin
          if new.keys @> array[%d]::bigint[] then raise exception using errcode = '22023'; end if; return new; end $$"""
            .formatted(AuditBlock.key("", "Poison/13")));
    room.sql("create trigger never before insert on audit_block for each row execute function never()");
    Trail trail = shipping();
    for (int n = 0; n < 50; n++) get(trail.record(entry("Poison/" + n)));

    until("the others are in", () -> here("Poison/") == 49);
    get(trail.record(entry("Poison/after")));
    until("and what follows", () -> here("Poison/") == 50);
    close(trail);
    room.sql("drop trigger never on audit_block");
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
    NetClient toPostgres = room.vertx().createNetClient();
    NetServer wire = room.vertx().createNetServer().connectHandler(near -> {
      if (down.get()) {
        near.close();
        return;
      }
      near.pause();
      toPostgres.connect(room.config().port(), room.config().host()).onSuccess(far -> {
        near.handler(far::write).closeHandler(closed -> far.close());
        far.handler(near::write).closeHandler(closed -> near.close());
        tapped.add(near);
        if (down.get()) near.close();
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
    get(toPostgres.close());
  }
}
