package io.caregrid.store;

import static io.caregrid.store.Room.CALLER;
import static io.caregrid.store.Room.get;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.contract.Audit;
import io.caregrid.contract.Failure;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A hundred thousand Observations of a thousand patients, skewed so that the planner is tempted: most have one code, some codes are hardly there, and those
 * that are rare are old. What a search reads is counted in pages of 8 kB; the whole table has some ten thousand.
 */
@ExtendWith(Room.Key.class)
@Tag("full")
class SkewedSearchTest {
  private static final int PATIENTS = 1_000;
  private static final Instant NOW = Instant.parse("2026-11-20T12:00:00Z");
  private static final List<String> CODES = List.of("common", "second", "rare", "rarest");
  private static final int VALUES = 200;
  /** Hashes of codes, of codes with their system, of patients (pat), of subject tokens; codes; hashes of status, of value-quantity; of the buckets of values. */
  private static final String FILL = """
      insert into r_observation (id, ver, upd, hour, del, device, pat, d0, d1, fp, tok, body)
      select 'o' || i, 1, t, floor(extract(epoch from t) / 3600), false, false, ($3::bigint[])[1 + p], t, t + interval '1 second', i,
        array[($1::bigint[])[c], ($2::bigint[])[c], ($4::bigint[])[1 + p], $6::bigint, $7::bigint,
          ($8::bigint[])[1 + i % 200], ($9::bigint[])[1 + i % 200], ($10::bigint[])[1 + i % 200]],
        '\\x00'::bytea || convert_to('{"resourceType":"Observation","id":"o' || i || '","status":"final","code":{"coding":[{"system":"urn:c","code":"'
          || ($5::text[])[c] || '"}]},"subject":{"reference":"Patient/p' || p || '"},"effectiveDateTime":"'
          || to_char(t at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') || '","valueQuantity":{"value":' || (i % 200) || '},"note":[{"text":"'
          || repeat('x', 300) || '"}]}', 'UTF8')
      from (select i, i % 1000 as p, timestamptz '2026-01-01 00:00:00+00' + i * interval '4 minutes' as t,
          case when i < 40 then 4 when i < 4000 and i % 20 = 0 then 3 when i % 4 = 0 then 2 else 1 end as c
        from generate_series(1, 100000) i) g""";
  private static Room room;
  private static FhirStore store;

  @BeforeAll
  static void fill(Room shared) {
    room = shared;
    store = new FhirStore(room.database(), Audit.log());
    List<String> patients = IntStream.range(0, PATIENTS).mapToObj(p -> "Patient/p" + p).toList();
    room.sql(FILL, hashes(CODES.stream().map(code -> "code=" + code).toList()),
        hashes(CODES.stream().map(code -> Postings.coded("code", "urn:c", code)).toList()), hashes(patients),
        hashes(patients.stream().map(patient -> "subject=" + patient).toList()), CODES.toArray(String[]::new),
        Hash.of("status=final"), Hash.of("value-quantity?"), buckets(0), buckets(1), buckets(2));
    room.sql(
        "insert into r_patient (id, ver, upd, hour, del, device, pat, d0, d1, fp, tok, body) select 'p' || p, 1, now(), 0, false, false,"
            + " ($1::bigint[])[1 + p], now(), now(), p, array[$2::bigint], '\\x00'::bytea || convert_to('{\"resourceType\":\"Patient\",\"id\":\"p' || p || '\"}', 'UTF8')"
            + " from generate_series(0, 999) p",
        hashes(patients), Hash.of("active=true"));
    room.sql("analyze r_observation");
    room.sql("analyze r_patient");
  }

  private static Long[] hashes(List<String> texts) {
    return texts.stream().map(Hash::of).toArray(Long[]::new);
  }

  /** The first, second or third bucket of each value; zero has one only. */
  private static Long[] buckets(int which) {
    return hashes(IntStream.range(0, VALUES).mapToObj(value -> {
      List<String> all = Buckets.of(BigDecimal.valueOf(value));
      return Postings.number("value-quantity", all.get(Math.min(which, all.size() - 1)), "");
    }).toList());
  }

  private static SearchQuery query(String text, String total) {
    String type = text.substring(0, text.indexOf('?'));
    List<SearchQuery.Param> params = Arrays.stream(text.substring(type.length() + 1).split("&"))
        .map(pair -> new SearchQuery.Param(pair.substring(0, pair.indexOf('=')), pair.substring(pair.indexOf('=') + 1)))
        .toList();
    return new SearchQuery(type, params, 20, total, null);
  }

  private static long pages(JsonObject plan) {
    return plan.getLong("Shared Hit Blocks") + plan.getLong("Shared Read Blocks");
  }

  @ParameterizedTest(name = "{0} finds {1} and reads less than {2} pages")
  @CsvSource(delimiter = '>', value = {
    "Observation?code=common > 20 > 500",
    "Observation?code=urn:c|second > 20 > 500",
    "Observation?code=rare > 20 > 1500",
    "Observation?code=rarest > 20 > 300",
    "Observation?code=rarest&status=final > 20 > 300",
    "Observation?code=rarest,rare > 20 > 1500",
    "Observation?code=common&code=rare > 0 > 1500",
    "Observation?code=nowhere > 0 > 100",
    "Observation?patient=p7 > 20 > 400",
    "Observation?patient=p7&code=common > 20 > 200",
    "Observation?patient=p7&code=common&_sort=-date > 20 > 200",
    "Observation?patient=p8&code=second&date=ge2026-06 > 20 > 200",
    "Observation?patient=p7,p8&code=common,rare > 20 > 400",
    "Observation?patient=p7&code=rarest > 1 > 400",
    "Observation?patient=p7&_sort=-date > 20 > 200",
    "Observation?code=common&_sort=-date > 20 > 500",
    "Observation?code=rarest&_sort=-date > 20 > 400",
    "Observation?code=rarest&_sort=_lastUpdated > 20 > 400",
    "Observation?date=ge2026-06 > 20 > 500",
    "Observation?date=2026-03-01 > 20 > 500",
    "Observation?date=gt2027&code=rarest > 0 > 400",
    "Observation?_id=o7,o8 > 2 > 100",
    "Patient?_has:Observation:patient:code=rarest > 20 > 2000",
    "Patient?_has:Observation:patient:code=rare > 20 > 2000",
    "Patient?_has:Observation:patient:code=common > 20 > 8000"})
  void aSearchReadsFewPages(String text, int found, long most) {
    SearchQuery query = query(text, "none");
    JsonObject root = firstPage(query);

    assertEquals(found, get(store.search(CALLER, query)).entries().size());
    assertTrue(pages(root) < most, text + " reads " + pages(root) + " pages: " + root.encode());
  }

  /** Pages that were read before cost nothing; rows held against each other, or looked up again for each Patient, do. */
  @ParameterizedTest
  @CsvSource({"rarest", "rare", "second", "common", "nowhere"})
  void whatLeadsToPatientsIsNotLookedThroughForEachOfThem(String code) {
    JsonObject root = firstPage(query("Patient?_has:Observation:patient:code=" + code, "none"));

    assertTrue(rows(root) < 10_000, code + " looks at " + rows(root) + " rows: " + root.encode());
  }

  private static JsonObject firstPage(SearchQuery query) {
    Asking asking = Asking.within(Duration.ofMinutes(1), room.database(), null);
    SearchPlan plan = get(SearchTerms.of(query, NOW).plan(new Links(asking)));
    SearchPlan.Way way = get(room.database().frequencies().way(room.database().finding(), plan));
    SearchPlan.Statement page = plan.page(way, plan.order(), 21, 0, null);
    JsonArray explained = (JsonArray) get(room.database()
        .finding()
        .preparedQuery("explain (analyze, buffers, format json) " + page.sql())
        .execute(page.values())).iterator().next().getValue(0);
    return explained.getJsonObject(0).getJsonObject("Plan");
  }

  /** All that its nodes hand on and throw away. */
  private static double rows(JsonObject node) {
    double each = node.getDouble("Actual Rows") + node.getDouble("Rows Removed by Filter", 0.0)
        + node.getDouble("Rows Removed by Join Filter", 0.0);
    double rows = each * node.getDouble("Actual Loops");
    for (Object below : node.getJsonArray("Plans", new JsonArray())) rows += rows((JsonObject) below);
    return rows;
  }

  /** Each with an identifier of its own, and all with one code: nothing lies between for the planner to judge by. */
  @Test
  void anIdentifierIsLookedUpThoughThePlannerTakesItForFrequent() {
    List<String> identifiers = IntStream.range(0, 50_000).mapToObj(i -> "identifier=i" + i).toList();
    room.sql(
        "insert into r_basic (id, ver, upd, hour, del, device, pat, d0, d1, fp, tok, body) select 'b' || i, 1, now(), 0, false, false, null, now(),"
            + " now(), i, array[$2::bigint, ($1::bigint[])[1 + i]], '\\x00'::bytea || convert_to('{\"resourceType\":\"Basic\",\"code\":{\"coding\":[{\"code\":\"x\"}]},\"id\":\"b' || i ||"
            + " '\",\"identifier\":[{\"value\":\"i' || i || '\"}],\"text\":{\"div\":\"' || repeat('x', 300) || '\"}}', 'UTF8')"
            + " from generate_series(0, 49999) i",
        hashes(identifiers), Hash.of("code=x"));
    room.sql("select gin_clean_pending_list('r_basic_tok_idx')");
    room.sql("analyze r_basic");
    room.database().frequencies().forget();

    aSearchReadsFewPages("Basic?identifier=i7", 1, 100);
    aSearchReadsFewPages("Basic?code=x&_sort=_id", 20, 500);
    aSearchReadsFewPages("Basic?code=x", 20, 100);
    room.sql("truncate r_basic");
  }

  @Test
  void whatIsMeantCanBeLookedUpAndSortedInEveryOrderWithoutWalkingThroughTheTable() {
    SearchPlan plan = get(SearchTerms.of(query("Observation?code=rare", "none"), NOW).plan(null));
    for (Order order : Order.values()) {
      SearchPlan.Statement page = plan.page(SearchPlan.Way.PLANNED, order, 21, 1 << 20, null);
      JsonArray explained = (JsonArray) get(room.database()
          .finding()
          .preparedQuery("explain (analyze, buffers, format json) " + page.otherwise())
          .execute(page.values())).iterator().next().getValue(0);

      assertTrue(pages(explained.getJsonObject(0).getJsonObject("Plan")) < 400, order + " " + explained.encode());
    }
  }

  @Test
  void aWideCriterionBesideASelectiveOneReadsOnlyThat() {
    assertEquals(1, get(store.search(CALLER, query("Observation?code=rarest&value-quantity=7", "accurate"))).total()
        .getAsLong());
    assertEquals(20, get(store.search(CALLER, query("Observation?value-quantity=ge100", "none"))).entries().size());
  }

  @Test
  void whatWouldHaveToBeLookedAtWholeIsTooCostlyAndNotAnError() {
    Room.fails(Failure.TooCostly.class, 422,
        store.search(CALLER, query("Observation?_sort=value-quantity", "none")));
    Room.fails(Failure.TooCostly.class, 422,
        store.search(CALLER, query("Observation?status=final&_sort=status,-code", "none")));
    Room.fails(Failure.TooCostly.class, 422,
        store.search(CALLER, query("DiagnosticReport?result.code=common", "none")));
  }
}
