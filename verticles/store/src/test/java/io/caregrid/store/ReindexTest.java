package io.caregrid.store;

import static io.caregrid.store.Room.CALLER;
import static io.caregrid.store.Room.fails;
import static io.caregrid.store.Room.get;
import static io.caregrid.store.Room.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.contract.Audit;
import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Rows as an older version wrote them: found again by everything when they have been indexed anew. */
@ExtendWith(Room.Key.class)
class ReindexTest {
  private Room room;
  private FhirStore store;

  @BeforeEach
  void open(Room room) {
    this.room = room;
    this.store = new FhirStore(room.database(), Audit.log());
    room.sql("truncate r_device, h_device, reindexing");
  }

  private void old(int many) {
    for (int i = 0; i < many; i++) {
      get(store.update(CALLER, "Device", "d" + i,
          json("{'resourceType':'Device','manufacturer':'Umbrella','url':'http://example.org/" + i + "'}"),
          OptionalInt.empty()));
    }
    room.sql("update r_device set tok = array[$1]::bigint[], fp = 0, key = '', words = null",
        Hash.of("manufacturer=Umbrella"));
    room.sql("insert into reindexing (type, most) select 'Device', max(sid) from r_device");
  }

  private Page found(String name, String value) {
    return get(store.search(CALLER,
        new SearchQuery("Device", List.of(new SearchQuery.Param(name, value)), 1_000, "none", null)));
  }

  private static List<String> ids(Page page) {
    return page.entries().stream().map(Stored::id).sorted().collect(Collectors.toList());
  }

  @Test
  void anAnswerSaysThatItMayLackSomethingUntilAllIsIndexedAnew() {
    old(2);
    assertEquals(List.of(), ids(found("url", "http://example.org/1")));
    assertEquals(1, found("url", "http://example.org/1").notes().size());

    Reindex reindex = Reindex.start(room.database());
    Room.until("all is indexed anew", () -> room.count("from reindexing where done < most") == 0);
    get(reindex.stop());

    FhirStore fresh = new FhirStore(room.database(), Audit.log());
    Page page = get(fresh.search(CALLER, new SearchQuery("Device",
        List.of(new SearchQuery.Param("url", "http://example.org/1")), 10, "none", null)));
    assertEquals(List.of("d1"), ids(page));
    assertEquals(List.of(), page.notes());
  }

  @Test
  void itGoesOnWhereItStoppedAndEachBatchIsDoneOnce() {
    old(650);

    assertEquals(300, get(Reindex.batch(room.database())));
    assertEquals(300, room.count("from r_device where fp <> 0"));
    List<Future<Integer>> racing = List.of(Reindex.batch(room.database()), Reindex.batch(room.database()),
        Reindex.batch(room.database()));
    get(Future.all(racing));
    while (get(Reindex.batch(room.database())) > 0) assertTrue(room.count("from reindexing") == 1);

    assertEquals(650, room.count("from r_device where fp <> 0 and ver = 1"));
    assertEquals(650, ids(found("manufacturer:contains", "brella")).size());
  }

  @Test
  void whereADateEndsIsMendedToo() {
    old(1);
    while (get(Reindex.batch(room.database())) > 0) assertTrue(room.count("from reindexing") == 1);
    room.sql("update r_device set d1 = '9999-12-31'");
    room.sql("update reindexing set done = 0");

    while (get(Reindex.batch(room.database())) > 0) assertTrue(room.count("from reindexing") == 1);

    assertEquals(1, room.count("from r_device where d1 = d0"));
  }

  @Test
  void aBatchHasSoManyBytesInMemoryAndNoMore() {
    String megabytes = "x".repeat(3 << 20);
    for (int i = 0; i < 8; i++)
      get(store.update(CALLER, "Device", "large" + i,
          json("{'resourceType':'Device','manufacturer':'Umbrella','lotNumber':'"
              + megabytes + "'}"),
          OptionalInt.empty()));
    room.sql("update r_device set tok = '{}', fp = 0");
    room.sql("insert into reindexing (type, most) select 'Device', max(sid) from r_device");

    assertEquals(6, get(Reindex.batch(room.database())));
    assertEquals(2, get(Reindex.batch(room.database())));
    assertEquals(0, get(Reindex.batch(room.database())));
    assertEquals(8, room.count("from r_device where fp <> 0"));
  }

  @Test
  void whatIsChangedMeanwhileKeepsItsOwnIndexAndWhatIsUnreadableStopsNothing() {
    old(3);
    get(store.update(CALLER, "Device", "d0", json("{'resourceType':'Device','id':'d0','manufacturer':'Tyrell'}"),
        OptionalInt.empty()));
    room.sql("update r_device set body = '\\x09' where id = 'd1'");

    while (get(Reindex.batch(room.database())) > 0) assertTrue(room.count("from reindexing") == 1);

    assertEquals(List.of("d0"), ids(found("manufacturer", "tyrell")));
    assertEquals(List.of("d2"), ids(found("manufacturer", "umbrella")));
  }

  @Test
  void whatMayBeMeantAndIsNotIndexedYetLetsNothingBeCreatedBesideIt() {
    old(2);
    Criteria url = new Criteria("Device", List.of(new SearchQuery.Param("url", "http://example.org/1")));
    Criteria identifier = new Criteria("Device", List.of(new SearchQuery.Param("identifier", "urn:x|1")));

    fails(Failure.Busy.class, 503, store.create(CALLER, url, json("{'resourceType':'Device'}")));
    assertTrue(get(store.create(CALLER, identifier, json("{'resourceType':'Device'}"))).created(),
        "every version has indexed identifiers");
    while (get(Reindex.batch(room.database())) > 0) assertTrue(room.count("from reindexing") == 1);

    FhirStore fresh = new FhirStore(room.database(), Audit.log());
    assertEquals("d1", get(fresh.create(CALLER, url, json("{'resourceType':'Device'}"))).id());
  }
}
