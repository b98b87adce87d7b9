package io.caregrid.store;

import static io.caregrid.store.Room.CALLER;
import static io.caregrid.store.Room.fails;
import static io.caregrid.store.Room.get;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.contract.Change;
import io.caregrid.contract.Failure;
import io.caregrid.store.ChangeFeed.Cursor;
import io.caregrid.store.Deliveries.Delivery;
import io.caregrid.store.Deliveries.Ended;
import io.caregrid.store.Deliveries.Fit;
import io.caregrid.store.Deliveries.Health;
import io.caregrid.store.Deliveries.Judged;
import io.caregrid.store.Deliveries.News;
import io.caregrid.store.Deliveries.Pass;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(Room.Key.class)
class DeliveriesTest {
  private static final Instant AT = Instant.parse("2026-11-22T12:00:00Z");
  private static final Health WELL = new Health(0, false, Duration.ZERO, 200, null);
  private static final Health FAILING = new Health(10, true, Duration.ofMinutes(5), 503, "HTTP 503");
  private Room room;
  private Deliveries deliveries;
  private Cursor cursor;
  private int term;

  @BeforeEach
  void aTermOfOnesOwn(Room room) {
    this.room = room;
    deliveries = new Deliveries(room.database());
    room.sql("delete from tell_delivery");
    room.sql("delete from tell_dead");
    room.sql("delete from tell_target");
    term = get(deliveries.begin(CALLER, List.of("ward", "lab"), List.of("rule")));
    cursor = get(new ChangeFeed(room.database()).register(CALLER, Deliveries.LISTENER));
  }

  private static News news(String target, long position, String id, int version) {
    return new News(target, position, "Patient", id, version, Change.Op.UPDATE, AT, false);
  }

  /** The cursor goes on, as if the feed had so many changes. */
  private void enrol(News... news) {
    Cursor next = new Cursor(cursor.incarnation(), cursor.position() + 10, UUID.randomUUID());
    get(deliveries.enrol(CALLER, term, cursor, next, new Pass(List.of(news), List.of(), List.of(), Map.of())));
    cursor = next;
  }

  private List<Delivery> due(String target) {
    return get(deliveries.due(CALLER, target, 100));
  }

  private List<String> ids(String target) {
    return due(target).stream().map(one -> one.id() + " " + one.version()).toList();
  }

  private void settle(List<Ended> ended, Health health) {
    get(deliveries.settle(CALLER, term, "ward", ended, health));
  }

  private static Ended told(Delivery delivery) {
    return new Ended(delivery, null, null);
  }

  @Test
  void ofEachResourceOnlyTheOldestRowIsDue() {
    enrol(news("ward", 1, "a", 1), news("ward", 2, "b", 1), news("ward", 3, "a", 2), news("lab", 1, "a", 1));
    enrol(news("ward", 4, "a", 3), news("ward", 5, "c", 1));

    assertEquals(List.of("a 1", "b 1", "c 1"), ids("ward").stream().sorted().toList());
    settle(due("ward").stream().map(DeliveriesTest::told).toList(), WELL);
    assertEquals(List.of("a 2"), ids("ward"));
    settle(due("ward").stream().map(DeliveriesTest::told).toList(), WELL);
    assertEquals(List.of("a 3"), ids("ward"));
    assertEquals(List.of("a 1"), ids("lab"));
  }

  @Test
  void aLaterIncarnationIsLaterWhateverItsPositions() {
    enrol(news("ward", 7, "a", 8));
    Cursor restored = new Cursor(cursor.incarnation() + 1, 2, UUID.randomUUID());
    get(deliveries.enrol(CALLER, term, cursor, restored,
        new Pass(List.of(news("ward", 1, "a", 5)), List.of(), List.of(), Map.of())));

    assertEquals(List.of("a 8"), ids("ward"));
  }

  @Test
  void whatFailedIsDueLaterAndKeepsItsResourceWaiting() {
    enrol(news("ward", 1, "a", 1), news("ward", 2, "a", 2));
    Delivery first = due("ward").get(0);

    settle(List.of(new Ended(first, Duration.ofHours(1), "HTTP 500")), FAILING);

    assertEquals(List.of(), ids("ward"));
    Delivery probe = get(deliveries.probe(CALLER, "ward")).get(0);
    assertEquals("1 1", probe.version() + " " + probe.tries());
    assertNotNull(probe.failed());
    assertFalse(get(deliveries.areWell(List.of("ward"))));
    assertTrue(get(deliveries.areWell(List.of("lab"))));
    get(deliveries.now(CALLER, "ward"));
    assertEquals(List.of("a 1"), ids("ward"));
    fails(Failure.NotFound.class, 404, deliveries.now(CALLER, "nobody"));
  }

  @Test
  void aDeadLetterIsKeptAndTheNextOneGoesOn() {
    enrol(news("ward", 1, "a", 1), news("ward", 2, "a", 2));

    settle(List.of(new Ended(due("ward").get(0), null, "HTTP 410")), WELL);

    assertEquals(List.of("a 2"), ids("ward"));
    Undelivered.Letter dead = get(new Undelivered(room.database()).page(CALLER, "ward", 10, null)).get(0);
    assertEquals("a 1 1 HTTP 410", dead.id() + " " + dead.version() + " " + dead.tries() + " " + dead.error());
  }

  @Test
  void whoIsOvertakenWritesNothingAnyMore() {
    enrol(news("ward", 1, "a", 1));
    List<Ended> ended = List.of(told(due("ward").get(0)));
    int before = term;
    term = get(deliveries.begin(CALLER, List.of("ward", "lab"), List.of("rule")));

    fails(Failure.Conflict.class, 409, deliveries.settle(CALLER, before, "ward", ended, WELL));
    Cursor next = new Cursor(cursor.incarnation(), cursor.position() + 1, UUID.randomUUID());
    Pass pass = new Pass(List.of(news("ward", 9, "z", 1)), List.of(), List.of(), Map.of());
    fails(Failure.Conflict.class, 409, deliveries.enrol(CALLER, before, cursor, next, pass));
    fails(Failure.Conflict.class, 409, deliveries.enrol(CALLER, term, next, next, pass));

    assertEquals(List.of("a 1"), ids("ward"));
    assertEquals(cursor, get(new ChangeFeed(room.database()).register(CALLER, Deliveries.LISTENER)));
  }

  @Test
  void whatWaitedTooLongIsBuriedAndTheRestGoesOn() {
    enrol(news("ward", 1, "a", 1), news("ward", 2, "b", 1), news("ward", 3, "a", 2));
    room.sql("update tell_delivery set enrolled = now() - interval '4 days' where position < 3");

    assertEquals(2, get(deliveries.bury(CALLER, term, "ward", Duration.ofDays(3))));
    assertEquals(0, get(deliveries.bury(CALLER, term, "ward", Duration.ofDays(3))));

    assertEquals(List.of("a 2"), ids("ward"));
    assertEquals(2L, get(deliveries.targets(CALLER)).stream()
        .filter(one -> one.name().equals("ward"))
        .findFirst()
        .orElseThrow()
        .dead());
  }

  @Test
  void whatFitsAndWhatFailedIsKeptWithTheCursor() {
    Cursor next = new Cursor(cursor.incarnation(), cursor.position() + 1, UUID.randomUUID());
    get(deliveries.enrol(CALLER, term, cursor, next, new Pass(List.of(), List.of(new Fit("rule", "Patient", "a", 3)),
        List.of(new Judged("rule", 1, 2, "line 1, column 2: no")), Map.of("ward", 4L))));
    Change change = new Change(1, UUID.randomUUID(), "Patient", "a", 4, Change.Op.UPDATE, AT);

    assertEquals(List.of(new Fit("rule", "Patient", "a", 3)),
        get(deliveries.fits(CALLER, List.of(change), List.of("rule"))));
    Deliveries.RuleState rule = get(deliveries.rules(CALLER)).get(0);
    assertEquals("1 2 line 1, column 2: no", rule.found() + " " + rule.errors() + " " + rule.error());

    Cursor last = new Cursor(cursor.incarnation(), cursor.position() + 2, UUID.randomUUID());
    get(deliveries.enrol(CALLER, term, next, last,
        new Pass(List.of(), List.of(new Fit("rule", "Patient", "a", 0)), List.of(), Map.of())));
    assertEquals(List.of(), get(deliveries.fits(CALLER, List.of(change), List.of("rule"))));
  }

  @Test
  void whatFitsARuleThatThisNodeDoesNotKnowIsForgottenAfterAWhileOnly() {
    Cursor next = new Cursor(cursor.incarnation(), cursor.position() + 1, UUID.randomUUID());
    get(deliveries.enrol(CALLER, term, cursor, next,
        new Pass(List.of(), List.of(new Fit("rule", "Patient", "a", 3)), List.of(), Map.of())));

    get(deliveries.begin(CALLER, List.of("ward"), List.of()));
    get(deliveries.tidy(CALLER, List.of("ward"), List.of(), Duration.ofDays(3)));
    assertEquals(1, room.count("from tell_found"));
    room.sql("update tell_rule set seen = now() - interval '4 days'");
    get(deliveries.tidy(CALLER, List.of("ward"), List.of(), Duration.ofDays(3)));

    assertEquals(0, room.count("from tell_found"));
    assertEquals(0, room.count("from tell_rule"));
  }

  @Test
  void whoIsNotConfiguredAnyMoreIsForgottenAfterAWhileAndSoIsATellerThatIsGone() {
    enrol(news("lab", 1, "a", 1));
    get(deliveries.tidy(CALLER, List.of("ward"), List.of("rule"), Duration.ofDays(3)));
    assertEquals(1, ids("lab").size(), "another node may still be configured with it");

    room.sql("update tell_target set seen = now() - interval '4 days' where name = 'lab'");
    get(deliveries.tidy(CALLER, List.of("ward"), List.of("rule"), Duration.ofDays(3)));
    assertEquals(List.of(), ids("lab"));

    get(deliveries.leave(CALLER, Duration.ofDays(3)));
    assertEquals(1, room.count("from feed_listener where name = 'tell'"));
    room.sql("update tell_teller set seen = now() - interval '4 days'");
    get(deliveries.leave(CALLER, Duration.ofDays(3)));
    assertEquals(0, room.count("from feed_listener where name = 'tell'"));
  }

  /** @param n versions n and n + 1 of a resource */
  private void gather(int n) {
    Cursor next = new Cursor(cursor.incarnation(), cursor.position() + 2, UUID.randomUUID());
    Pass pass = new Pass(List.of(news("ward", n, "a", n), news("ward", n + 1, "a", n + 1), news("lab", n, "a", n)),
        List.of(), List.of(), Map.of());
    get(deliveries.enrol(CALLER, term, cursor, next, pass, Map.of("ward", Duration.ofHours(1))));
    cursor = next;
  }

  @Test
  void ofATargetThatGathersOneRowOfAResourceWaitsAndSaysWhatIsNewest() {
    for (int n = 1; n < 20; n += 2) gather(n);

    assertEquals(List.of(), ids("ward"), "it waits for more");
    assertEquals(1, room.count("from tell_delivery where target = 'ward'"));
    assertEquals(1, room.count("from tell_delivery where target = 'ward' and ver = 20 and due > now()"));
    assertEquals(10, room.count("from tell_delivery where target = 'lab'"), "each is told elsewhere");
    room.sql("update tell_delivery set due = now() where target = 'ward'");
    assertEquals(List.of("a 20"), ids("ward"));
    gather(21);
    settle(due("ward").stream().map(DeliveriesTest::told).toList(), WELL);
    assertEquals(1, room.count("from tell_delivery where target = 'ward' and ver = 22 and due > now()"));
  }

  @Test
  void whatBecameNewerWhileItWasSentIsNotToldYet() {
    enrol(news("ward", 1, "a", 1), news("ward", 2, "b", 1), news("ward", 3, "c", 1));
    List<Delivery> sent = due("ward");
    room.sql("update tell_delivery set ver = 2");

    settle(List.of(told(sent.get(0)), new Ended(sent.get(1), null, "HTTP 410"),
        new Ended(sent.get(2), Duration.ofHours(1), "HTTP 500")), WELL);

    assertEquals(List.of("a 2", "b 2", "c 2"), ids("ward"));
    assertEquals(0, room.count("from tell_dead"));
  }

  @Test
  void whoIsUnknownThereDoesNotKeepOutWhatWasThereBefore() {
    room.sql("""
        insert into tell_delivery (target, incarnation, position, type, id, ver, op, at, bare, due, failed)
        select 'ward', 0, -n, 'Observation', 'o' || n, 1, 'U', now(), false, now(), case when n <= 5000 then now() end
        from generate_series(1, 9999) n""");
    get(deliveries.fillAnew(CALLER, term, List.of("ward")));

    get(deliveries.fill(CALLER, term, "ward", "Basic"));
    assertEquals(1, room.count("from tell_target where name = 'ward' and filled is null"), "there is room");

    get(deliveries.fillAnew(CALLER, term, List.of("ward")));
    room.sql("update tell_delivery set failed = null where position = -1");
    assertEquals(0, get(deliveries.fill(CALLER, term, "ward", "Basic")));
    assertEquals(1, room.count("from tell_target where name = 'ward' and filled = ''"), "too much waits");
  }

  @Test
  void nothingToTellIsNeitherSentNorAnAnswer() {
    enrol(news("ward", 1, "a", 1));

    settle(List.of(Ended.ofNothing(due("ward").get(0))), WELL);

    assertEquals(0, room.count("from tell_delivery where target = 'ward'"));
    assertEquals(1, room.count("from tell_target where name = 'ward' and sent = 0 and answered is null"));
  }

  /** A plan made while the table is empty is kept by its connection. Nobody waits longer than a minute here. */
  @Test
  void aLongQueueIsSettledInItsTime() {
    for (int i = 0; i < 10; i++) due("ward");
    room.sql("""
        insert into tell_delivery (target, incarnation, position, type, id, ver, op, at, bare, due)
        select 'ward', 1, n, 'Patient', 'p' || n / 2, n, 'U', now(), false, case when n % 2 = 0 then now() end
        from generate_series(2, 100001) n""");
    List<Ended> ended = new ArrayList<>();
    due("ward").forEach(one -> ended.add(told(one)));

    settle(ended, WELL);

    assertEquals(100, due("ward").size());
  }
}
