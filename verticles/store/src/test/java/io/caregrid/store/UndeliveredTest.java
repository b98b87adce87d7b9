package io.caregrid.store;

import static io.caregrid.store.Room.CALLER;
import static io.caregrid.store.Room.fails;
import static io.caregrid.store.Room.get;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.contract.Audit;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.caregrid.store.Deliveries.Delivery;
import io.caregrid.store.Deliveries.Ended;
import io.caregrid.store.Deliveries.Health;
import io.caregrid.store.Undelivered.Letter;
import io.caregrid.store.Undelivered.Replayed;
import io.caregrid.store.Undelivered.Way;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(Room.Key.class)
class UndeliveredTest {
  private static final Health WELL = new Health(0, false, Duration.ZERO, 200, null);
  private static final Way AS_IT_WAS = new Way(false, true);
  private Room room;
  private Deliveries deliveries;
  private Undelivered undelivered;
  private int term;

  @BeforeEach
  void aTermOfOnesOwn(Room room) {
    this.room = room;
    deliveries = new Deliveries(room.database());
    undelivered = new Undelivered(room.database());
    room.sql("delete from tell_delivery");
    room.sql("delete from tell_dead");
    room.sql("delete from tell_target");
    term = get(deliveries.begin(CALLER, List.of("ward"), List.of()));
  }

  private void dead(int position, String id, int version) {
    room.sql("insert into tell_dead (target, incarnation, position, type, id, ver, op, at, bare, tries, error) values"
        + " ('ward', 1, %d, 'Observation', '%s', %d, 'U', now(), false, 5, 'HTTP 410')".formatted(position, id,
            version));
  }

  private void waits(int position, String id, int version, String due) {
    room.sql("insert into tell_delivery (target, incarnation, position, type, id, ver, op, at, bare, due) values"
        + " ('ward', 1, %d, 'Observation', '%s', %d, 'U', now(), false, %s)".formatted(position, id, version, due));
  }

  private Replayed all(Way way) {
    return get(undelivered.replay(CALLER, "ward", way, get(undelivered.now(CALLER, "ward"))));
  }

  private List<String> due() {
    return get(deliveries.due(CALLER, "ward", 100)).stream().map(one -> one.id() + " " + one.version()).toList();
  }

  @Test
  void lettersArePagedTheNewestFirstAndEachStandsOnOnePage() {
    for (int n = 1; n <= 7; n++) dead(n, "o" + n, 1);
    room.sql(
        "update tell_dead set died = timestamptz '2026-11-22 10:00:00.123456Z' + (position / 3) * interval '1 second'");

    List<String> seen = new ArrayList<>();
    String after = null;
    for (int page = 0; page < 4; page++) {
      List<Letter> letters = get(undelivered.page(CALLER, "ward", 2, after));
      letters.forEach(one -> seen.add(one.id()));
      after = letters.get(letters.size() - 1).mark();
    }

    assertEquals(List.of("o6", "o7", "o3", "o4", "o5", "o1", "o2"), seen);
    assertEquals(List.of(), get(undelivered.page(CALLER, "ward", 2, after)));
    fails(Failure.Invalid.class, 400, undelivered.page(CALLER, "ward", 2, "yesterday"));
  }

  @Test
  void oneIsToldAgainAsItWasAndTheOthersStay() {
    dead(1, "a", 1);
    dead(2, "b", 1);

    Replayed one = get(undelivered.replay(CALLER, "ward", AS_IT_WAS, "1-1"));

    assertEquals(new Replayed(1, List.of("Observation/a"), false), one);
    Delivery again = get(deliveries.due(CALLER, "ward", 10)).get(0);
    assertEquals("1-1 1 0", again.key() + " " + again.version() + " " + again.tries());
    assertEquals(1, room.count("from tell_dead"));
    fails(Failure.NotFound.class, 404, undelivered.replay(CALLER, "ward", AS_IT_WAS, "1-1"));
    fails(Failure.NotFound.class, 404, undelivered.replay(CALLER, "ward", AS_IT_WAS, "last"));
    fails(Failure.NotFound.class, 404, undelivered.now(CALLER, "nobody"));
  }

  @Test
  void allAreToldInTheirOrderAndBeforeWhatStillWaits() {
    waits(9, "a", 4, "now()");
    waits(10, "c", 1, "now()");
    dead(4, "a", 3);
    dead(2, "a", 1);
    dead(3, "b", 1);

    assertEquals(new Replayed(3, List.of("Observation/a", "Observation/b"), false), all(AS_IT_WAS));

    List<String> told = new ArrayList<>();
    for (List<Delivery> due = get(deliveries.due(CALLER, "ward", 10)); !due.isEmpty(); due = get(
        deliveries.due(CALLER, "ward", 10))) {
      assertEquals(due.size(), due.stream().map(Delivery::id).distinct().count(), "of each resource one");
      due.forEach(one -> told.add(one.id() + one.version()));
      get(deliveries.settle(CALLER, term, "ward", due.stream().map(one -> new Ended(one, null, null)).toList(), WELL));
    }
    assertEquals(List.of("a1", "a3", "a4"), told.stream().filter(one -> one.startsWith("a")).toList());
    assertEquals(5, told.size());
    assertEquals(0, room.count("from tell_dead"));
  }

  @Test
  void whatIsBeingSentMeanwhileAndFailsWaitsBehindTheOlderOne() {
    waits(9, "a", 4, "now()");
    Delivery sending = get(deliveries.due(CALLER, "ward", 10)).get(0);
    dead(4, "a", 3);
    all(AS_IT_WAS);

    Ended failed = new Ended(sending, Duration.ZERO, "HTTP 500");
    get(deliveries.settle(CALLER, term, "ward", List.of(failed), WELL));

    assertEquals(List.of("a 3"), due());
  }

  @Test
  void whatDiesAgainIsNotToldAgainByTheSameCall() {
    dead(1, "a", 1);
    var until = get(undelivered.now(CALLER, "ward"));
    room.sql("update tell_dead set died = now() + interval '1 second'");

    assertEquals(0, get(undelivered.replay(CALLER, "ward", AS_IT_WAS, until)).letters());
    assertEquals(1, room.count("from tell_dead"));
  }

  @Test
  void whatWasBareIsBareAgainAndSoIsWhatNobodyKnowsItOf() {
    waits(1, "a", 1, "now()");
    room.sql("update tell_delivery set bare = true");
    get(deliveries.settle(CALLER, term, "ward",
        List.of(new Ended(get(deliveries.due(CALLER, "ward", 1)).get(0), null, "HTTP 410")), WELL));
    dead(2, "b", 1);
    room.sql("insert into tell_dead (target, incarnation, position, type, id, ver, op, at, tries, error) values"
        + " ('ward', 1, 3, 'Observation', 'old', 1, 'U', now(), 5, 'HTTP 410')");

    all(AS_IT_WAS);

    assertEquals(List.of("a", "old"), get(deliveries.due(CALLER, "ward", 10)).stream()
        .filter(Delivery::bare)
        .map(Delivery::id)
        .sorted()
        .toList());
  }

  @Test
  void whereResourcesAreToldAsTheyAreEachIsToldOnceAsItIsNow() {
    String id = "undelivered-1";
    FhirStore store = new FhirStore(room.database(), Audit.log());
    for (int n = 1; n <= 3; n++)
      get(store.update(Caller.LOCAL, "Observation", id, Room.json("{'resourceType':'Observation','id':'" + id
          + "','status':'final','code':{'text':'" + n + "'}}"), OptionalInt.empty()));
    dead(4, id, 1);
    dead(5, id, 2);
    dead(6, "undelivered-gone", 7);
    waits(8, "undelivered-waits", 9, "now() + interval '1 minute'");
    dead(7, "undelivered-waits", 8);

    Replayed all = all(new Way(true, false));

    assertEquals(4, all.letters());
    assertEquals(List.of(id + " 3", "undelivered-gone 7"), due());
    assertEquals(1, room.count("from tell_delivery where id = 'undelivered-waits' and ver = 9"));
    assertTrue(get(undelivered.page(Caller.LOCAL, "ward", 10, null)).isEmpty());
  }

  @Test
  void whatWasDeletedSinceIsToldAsThatOrNotAtAll() {
    String id = "undelivered-deleted";
    FhirStore store = new FhirStore(room.database(), Audit.log());
    get(store.update(Caller.LOCAL, "Observation", id, Room.json("{'resourceType':'Observation','id':'" + id
        + "','status':'final','code':{'text':'of somebody else'}}"), OptionalInt.empty()));
    get(store.delete(Caller.LOCAL, "Observation", id, OptionalInt.empty()));

    dead(4, id, 1);
    assertEquals(new Replayed(1, List.of("Observation/" + id), false), all(new Way(true, false)));
    assertEquals(List.of(), due(), "it would be made there");
    assertEquals(0, room.count("from tell_dead"));

    dead(5, id, 1);
    all(new Way(true, true));
    assertEquals(List.of(id + " 2 DELETE"), get(deliveries.due(CALLER, "ward", 10)).stream()
        .map(one -> one.id() + " " + one.version() + " " + one.op())
        .toList());
  }
}
