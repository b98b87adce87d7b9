package io.caregrid.events;

import static io.caregrid.events.TellHouse.get;
import static io.caregrid.events.TellHouse.quick;
import static io.caregrid.events.TellHouse.until;
import static io.caregrid.events.TellHouse.webhook;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.contract.Caller;
import io.caregrid.engines.AskAgain;
import io.caregrid.store.Database;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import io.vertx.pgclient.PgConnection;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What rules make of resources, and who is told of that. */
class RulesIT extends Listening {
  private static String potassium(String id, String value) {
    return "{'resourceType':'Observation','id':'" + id + "','status':'final','code':{'text':'K'},"
        + "'subject':{'reference':'Patient/ada'},'valueQuantity':{'value':" + value + "}}";
  }

  private Map<String, String> potassiumRule() {
    Map<String, String> settings = webhook("ward", receiver);
    settings.put("targets.ward.types", "Flag");
    settings.put("rules.potassium.types", "Observation,Flag");
    settings.put("rules.potassium.when", "value.value > 6 or status = 'active'");
    settings.put("rules.potassium.text", "Potassium is above 6");
    return settings;
  }

  @Test
  void whatFitsARuleIsFlaggedOnceToldAndEndsWhenItFitsNoLonger() {
    house.teller(potassiumRule(), quick(1_000));
    house.put(potassium("k1", "5.0"));
    house.put(potassium("k1", "6.5"));
    house.put(potassium("k1", "7.5"));
    until("it is told", () -> receiver.got.size() == 1);
    house.put(potassium("k1", "4.0"));
    until("its end is told", () -> receiver.got.size() == 2 && house.target("ward").getLong("waiting") == 0);
    house.put(potassium("k1", "8.0"));
    until("the next one is told", () -> receiver.got.size() == 3);

    assertEquals(List.of("Created", "Updated", "Created"),
        receiver.got.stream().map(one -> one.event().getString("action")).toList());
    String id = receiver.got.get(0).event().getString("id");
    assertEquals(id, receiver.got.get(1).event().getString("id"));
    assertNotEquals(id, receiver.got.get(2).event().getString("id"));
    JsonObject flag = new JsonObject(get(house.store.read(Caller.LOCAL, "Flag", id)).body());
    assertEquals("inactive", flag.getString("status"));
    assertEquals("Patient/ada", flag.getJsonObject("subject").getString("reference"));
    assertEquals(2L, house.rule("potassium").getLong("found"));
    assertTrue(house.audited.stream()
        .anyMatch(entry -> entry.caller().subject().equals("system:rules")
            && entry.what().contains("Flag/" + id)));
  }

  /** The rule above looks at Flags, too, and each Flag it makes would fit. */
  @Test
  void aRuleThatFitsWhatItMakesMakesNothingOfIt() {
    house.teller(potassiumRule(), quick(1_000));
    house.put(potassium("loop", "6.5"));
    until("it is told", () -> receiver.got.size() == 1);
    house.patient("behind", 1);
    long head = house.number("select position from feed_head");

    until("all is read", () -> house.number("select position from feed_listener where name = 'tell'") >= head
        && house.number("select count(*) from change_queue") == 0);

    assertEquals(1, receiver.got.size());
    assertEquals(1L, house.rule("potassium").getLong("found"));
  }

  @Test
  void aRuleThatFailsIsCountedAndStopsNobody() {
    Map<String, String> settings = webhook("ward", receiver);
    settings.put("targets.ward.types", "Patient");
    settings.put("rules.fails.types", "Patient");
    settings.put("rules.fails.when", "name.family.single() = 'x'");
    settings.put("rules.fails.text", "never");
    settings.put("rules.nobody.types", "Organization");
    settings.put("rules.nobody.when", "active");
    settings.put("rules.nobody.text", "an Organization is no patient");
    house.teller(settings, quick(1_000));
    house.put("{'resourceType':'Patient','id':'fails','name':[{'family':'Lovelace'},{'family':'Byron'}]}");
    house.put("{'resourceType':'Organization','id':'active','active':true}");

    until("it is told all the same", () -> receiver.got.size() == 1);
    until("both are counted", () -> house.rule("fails").getLong("errors") == 1
        && house.rule("nobody").getLong("errors") == 1);

    assertTrue(house.rule("fails").getString("error").startsWith("line 1, column"), house.rule("fails").toString());
    assertFalse(house.rule("fails").toString().contains("Lovelace"));
    assertEquals("it fits, but names no Patient of this store: see the rule's subject",
        house.rule("nobody").getString("error"));
  }

  /** Somebody else has the table of Flags locked for longer than the lease holds. */
  @Test
  @Tag("full")
  void aRuleThatTakesLongerThanTheLeaseKeepsItAndNobodyElseBegins() {
    house.undeploy(house.teller(potassiumRule(), quick(1_000)));
    house.put(potassium("slow", "6.5"));
    until("it has its place", () -> house.number("select count(*) from change_queue") == 0);
    Vertx other = Vertx.vertx();
    PgConnection locking = house.connection();
    try {
      get(locking.query("begin; lock table r_flag in share row exclusive mode").execute());
      house.patience(Duration.ofSeconds(15), Duration.ofSeconds(5));
      house.teller(potassiumRule(), quick(1_000));
      until("the rule waits",
          () -> house.number("select count(*) from pg_locks where not granted and relation = 'r_flag'::regclass") > 0);
      long term = house.number("select term from tell_teller");
      long held = heldUntil();
      Database through = AskAgain.whileBusy(() -> get(Database.open(other, house.config)));
      String second = house.teller(other, through, potassiumRule(), quick(1_000));

      until("the lease that it had is over", () -> house.number("select extract(epoch from now()) * 1000") > held);
      assertTrue(heldUntil() > held, "it was taken again meanwhile");
      assertEquals(term, house.number("select term from tell_teller"), "nobody else has begun");
      assertEquals(0, receiver.got.size());

      get(locking.query("rollback").execute());
      until("it is told", () -> receiver.got.size() == 1 && house.target("ward").getLong("waiting") == 0);
      assertEquals(term, house.number("select term from tell_teller"));
      assertEquals(1L, house.rule("potassium").getLong("found"));
      get(other.undeploy(second));
    } finally {
      get(locking.close());
      get(other.close());
    }
  }

  /** Milliseconds since 1970 by the database's clock. */
  private static long heldUntil() {
    return house.number("select extract(epoch from held_until) * 1000 from lease where name = 'tell'");
  }

  @Test
  void whatBeginsToFitAndIsDeletedInOnePassIsFlaggedAndTheFlagEnds() {
    String first = house.teller(potassiumRule(), quick(1_000));
    house.undeploy(first);
    house.put(potassium("brief", "6.5"));
    house.delete("Observation", "brief");
    house.patient("brief", 1);
    until("both have their place", () -> house.number("select count(*) from change_queue") == 0);

    house.teller(potassiumRule(), quick(1_000));

    until("beginning and end are told", () -> receiver.got.size() == 2);
    JsonObject flag = new JsonObject(
        get(house.store.read(Caller.LOCAL, "Flag", receiver.got.get(0).event().getString("id"))).body());
    assertEquals("inactive", flag.getString("status"));
    assertEquals(0, house.number("select count(*) from tell_found where id = 'brief'"));
  }
}
