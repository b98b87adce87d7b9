package io.caregrid.store;

import static io.caregrid.store.Room.CALLER;
import static io.caregrid.store.Room.body;
import static io.caregrid.store.Room.fails;
import static io.caregrid.store.Room.get;
import static io.caregrid.store.Room.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import io.vertx.sqlclient.SqlConnection;
import io.vertx.sqlclient.Tuple;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Soft deletions: one statement each, or one for many, whatever is there and whoever writes it meanwhile. */
@ExtendWith(Room.Key.class)
class DeletionsTest {
  private static final OptionalInt ANY = OptionalInt.empty();
  private static final String WAITING = "from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
  private final Map<String, List<String>> audited = new ConcurrentHashMap<>();
  private Room room;
  private FhirStore store;

  @BeforeEach
  void open(Room room) {
    this.room = room;
    store = new FhirStore(room.database(), entry -> {
      if (entry.deed() == io.caregrid.contract.Audit.Deed.DELETE) audited.put(entry.what().get(0), entry.patients());
      return Future.succeededFuture();
    });
  }

  private static ObjectNode observation(int i) {
    return json("{'resourceType':'Observation','status':'final','code':{'text':'c" + i
        + "'},'subject':{'reference':'Patient/of-" + i + "'}}");
  }

  @Test
  void manyAtOnceAreGoneEachWithItsPastItsChangeAndItsPatient() {
    get(Future.all(IntStream.range(0, 300)
        .mapToObj(i -> store.update(CALLER, "Observation", "many-" + i, observation(i), ANY))
        .toList()));

    List<Future<Stored>> gone = IntStream.range(0, 300)
        .mapToObj(i -> store.delete(CALLER, "Observation", "many-" + i, i % 2 == 0 ? ANY : OptionalInt.of(1)))
        .toList();
    get(Future.all(gone));

    assertTrue(gone.stream().allMatch(one -> one.result().deleted() && one.result().version() == 2));
    assertEquals(300, room
        .count("from r_observation where id like 'many-%' and del and tok = '{}' and pat is null and body is null"));
    assertEquals(300, room.count("from h_observation where id like 'many-%' and ver = 1 and not del"));
    assertEquals(300, room.count("from change_queue where id like 'many-%' and op = 'D' and ver = 2"));
    for (int i = 0; i < 300; i++)
      assertEquals(List.of("Patient/of-" + i), audited.get("Observation/many-" + i));
    assertEquals("c7", body(get(store.vread(CALLER, "Observation", "many-7", 1))).at("/code/text").asText());
    List<Stored> history = get(store.history(CALLER, "Observation", "many-7", new HistoryQuery(5, null, null)))
        .entries();
    assertEquals(gone.get(7).result(), history.get(0));
  }

  @Test
  void ofManyWhoDeleteOneIdOneDoes() {
    get(store.update(CALLER, "Patient", "once", json("{'resourceType':'Patient'}"), ANY));

    List<Future<Stored>> racing = IntStream.range(0, 30)
        .mapToObj(i -> new FhirStore(room.database(), entry -> Future.succeededFuture()))
        .map(other -> other.delete(CALLER, "Patient", "once", ANY))
        .toList();
    get(Future.all(racing));

    assertEquals(1, racing.stream().map(Future::result).filter(Objects::nonNull).count());
    assertEquals(1, room.count("from change_queue where id = 'once' and op = 'D'"));
  }

  @Test
  void whatSomebodyWritesMeanwhileIsDeletedAndKept() {
    get(store.update(CALLER, "Patient", "meanwhile", json("{'resourceType':'Patient','gender':'male'}"), ANY));
    SqlConnection holder = get(room.database().pool().getConnection());
    io.vertx.sqlclient.Transaction holding = get(holder.begin());
    get(holder.preparedQuery("update r_patient set ver = 2, upd = upd + interval '1 day' where id = $1")
        .execute(Tuple.of("meanwhile")));

    Future<Stored> first = store.delete(CALLER, "Patient", "meanwhile", OptionalInt.of(1));
    Room.until("the first waits", () -> room.count(WAITING) == 1);
    Future<Stored> any = new FhirStore(room.database(), entry -> Future.succeededFuture())
        .delete(CALLER, "Patient", "meanwhile", ANY);
    Room.until("both wait", () -> room.count(WAITING) == 2);
    assertFalse(first.isComplete() || any.isComplete());
    get(holding.commit());
    get(holder.close());

    fails(Failure.PreconditionFailed.class, 412, first);
    assertEquals(3, get(any).version());
    assertTrue(get(any).updated().isAfter(java.time.Instant.now().plusSeconds(3_600)), "behind the version before it");
    assertEquals(1, room.count("from h_patient where id = 'meanwhile' and ver = 2"));
  }

  @Test
  void whatIsLargeIsNotAnsweredTogetherWithOthers() {
    ObjectNode large = observation(1);
    byte[] noise = new byte[100_000];
    new java.util.Random(1).nextBytes(noise);
    large.putObject("note").put("text", java.util.Base64.getEncoder().encodeToString(noise));
    get(store.update(CALLER, "Observation", "large", large, ANY));
    get(store.update(CALLER, "Observation", "small", observation(2), ANY));
    Postings nothing = Postings.NOTHING;
    Tuple both = Tuple.tuple()
        .addValue(new String[] {"large", "small"})
        .addValue(Version.utc(java.time.Instant.now()))
        .addValue(new Integer[] {null, null})
        .addValue(true)
        .addValue(Version.utc(nothing.date().from()))
        .addValue(Version.utc(nothing.date().to()))
        .addValue(nothing.fingerprint(nothing.hashes()))
        .addValue(true);

    var gone = get(room.database().askWriting(Table.of(Definition.of("Observation")).deleteMany(), both));

    assertEquals(1, gone.size());
    assertEquals("small", gone.iterator().next().getString("id"));
    assertEquals(2, get(store.delete(CALLER, "Observation", "large", ANY)).version());
    assertEquals(List.of("Patient/of-1"), audited.get("Observation/large"));
  }

  @Test
  void whoNamesAnotherVersionDeletesNothing() {
    get(store.update(CALLER, "Observation", "named", observation(1), ANY));

    fails(Failure.PreconditionFailed.class, 412, store.delete(CALLER, "Observation", "named", OptionalInt.of(2)));

    assertEquals(1, get(store.read(CALLER, "Observation", "named")).version());
    assertEquals(0, room.count("from h_observation where id = 'named'"));
    assertEquals(0, room.count("from change_queue where id = 'named' and op = 'D'"));
  }

  @Test
  void whatCannotBeReadCanBeDeleted() {
    get(store.update(CALLER, "Observation", "damaged", observation(1), ANY));
    room.sql("update r_observation set body = '\\x00ff' where id = 'damaged'");

    assertEquals(2, get(store.delete(CALLER, "Observation", "damaged", ANY)).version());
  }
}
