package io.caregrid.store;

import static io.caregrid.store.Room.CALLER;
import static io.caregrid.store.Room.get;
import static io.caregrid.store.Room.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.cluster.DatabaseConfig;
import io.caregrid.contract.Audit;
import io.vertx.core.Vertx;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** V012 and V019, on a database that an older version has filled: the indexes stay as they are, and what comes now waits for company in them. */
@ExtendWith(Room.Key.class)
class GatheredTokensTest {
  private static final int BEFORE = 11;

  private DatabaseConfig config;
  private Vertx vertx;

  @BeforeEach
  void create(Postgres postgres) {
    config = postgres.createDatabase();
    vertx = Vertx.vertx();
  }

  @AfterEach
  void close() {
    get(vertx.close());
  }

  private static void patient(Database on, String id) {
    get(new FhirStore(on, Audit.log()).update(CALLER, "Patient", id,
        json("{'resourceType':'Patient','active':true,'name':[{'family':'Lovelace','given':['" + id + "']}]}"),
        OptionalInt.empty()));
  }

  private static List<String> found(Database in, String name, String value) {
    SearchQuery query = new SearchQuery("Patient", List.of(new SearchQuery.Param(name, value)), 10, "accurate", null);
    Page page = get(new FhirStore(in, Audit.log()).search(CALLER, query));
    assertEquals(page.entries().size(), page.total().getAsLong());
    return page.entries().stream().map(Stored::id).sorted().collect(Collectors.toList());
  }

  private static long count(Database in, String sql) {
    return get(in.pool().query("select count(*) " + sql).execute()).iterator().next().getLong(0);
  }

  private static List<String> files(Database of) {
    List<String> files = new java.util.ArrayList<>();
    get(of.pool()
        .query("select relname || ' ' || relfilenode from pg_class where relname like 'r\\_%' order by 1")
        .execute())
        .forEach(row -> files.add(row.getString(0)));
    return files;
  }

  @Test
  void whatAnOlderVersionWroteIsFoundBesideWhatIsStillWaitingAndNoIndexIsBuiltAnew() {
    Database older = get(Database.open(vertx, config, new Migrations(Migrations.shipped().steps().subList(0, BEFORE))));
    patient(older, "ada");
    List<String> files = files(older);
    get(older.close());

    Database now = get(Database.open(vertx, config));
    assertEquals(files, files(now));
    patient(now, "augusta");

    for (String name : List.of("family", "name:contains"))
      assertEquals(List.of("ada", "augusta"), found(now, name, "lovelace"), name);
    assertEquals(1, count(now, "from (select gin_clean_pending_list('r_patient_tok_idx') as pages) c where pages > 0"));
    for (String name : List.of("family", "name:contains"))
      assertEquals(List.of("ada", "augusta"), found(now, name, "lovelace"), name);
    get(now.close());
  }

  @Test
  void whatWaitsIsSortedInWithoutAnotherWriteSoonAfterItsPlaceInTheFeed() {
    Database now = get(Database.open(vertx, config));
    patient(now, "ada");
    Sequencer sequencer = Sequencer.start(now);
    Room.until("it has a place in the feed", () -> count(now, "from feed") == 1);
    get(sequencer.stop());

    assertEquals(0, count(now, "from (select gin_clean_pending_list('r_patient_tok_idx') as pages) c where pages > 0"));
    assertEquals(List.of("ada"), found(now, "family", "lovelace"));
    get(now.close());
  }

  @Test
  void onlyWhatWasWrittenBehindThatPlaceIsSortedIn() {
    Database now = get(Database.open(vertx, config));
    patient(now, "ada");
    assertEquals(1, get(Sequencer.pass(now)));

    assertEquals(0L, get(IndexLists.sortIn(now, 1)), "nothing has a place behind that");
    assertTrue(get(IndexLists.sortIn(now, 0)) > 0);
    assertEquals(0L, get(IndexLists.sortIn(now, 0)), "it is sorted in already");
    get(now.close());
  }

  @Test
  void noTokenIndexSortsItsEntriesInOneByOneAndNoneLetsManyWait() {
    Database now = get(Database.open(vertx, config));

    String indexes = """
        from pg_index x join pg_class c on c.oid = x.indexrelid join pg_am m on m.oid = c.relam
          join pg_attribute a on a.attrelid = x.indrelid and a.attnum = x.indkey[0]
        where m.amname = 'gin' and a.attname in ('tok', 'words') and x.indrelid::regclass::text like 'r\\_%'""";
    assertEquals(Definition.types().size(), count(now, indexes + " and a.attname = 'tok'"));
    assertEquals(0, count(now, indexes + " and not coalesce(c.reloptions, '{}') @> '{fastupdate=on}'"));
    assertEquals(0, count(now, indexes + " and (select max(substring(o from 'gin_pending_list_limit=(.*)')::int) "
        + "from unnest(c.reloptions) o) > 2048"));
    assertEquals(1, count(now, indexes + " and c.relname = 'r_observation_tok_idx' "
        + "and c.reloptions @> '{gin_pending_list_limit=256}'"));
    get(now.close());
  }
}
