package io.caregrid.events;

import static io.caregrid.events.TellHouse.get;
import static io.caregrid.events.TellHouse.quick;
import static io.caregrid.events.TellHouse.until;
import static io.caregrid.events.TellHouse.webhook;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.contract.Audit;
import io.caregrid.engines.AskAgain;
import io.caregrid.events.Receiver.Got;
import io.caregrid.store.Database;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** News on their way out, over real HTTP. */
class TellIT extends Listening {
  @Test
  void everyChangeIsToldOnceSignedAndInItsOrder() throws Exception {
    ward();
    house.patient("ada", 1);
    house.patient("ada", 2);
    house.delete("Patient", "ada");

    until("all are told", () -> receiver.got.size() >= 3 && house.target("ward").getLong("waiting") == 0);

    assertEquals(List.of("Patient/ada 1", "Patient/ada 2", "Patient/ada 3"), receiver.of("Patient/ada"));
    assertEquals(List.of("Created", "Updated", "Deleted"),
        receiver.got.stream().map(one -> one.event().getString("action")).toList());
    JsonObject event = receiver.got.get(0).event();
    assertEquals(Set.of("action", "resourcetype", "id", "version", "lastupdated", "source"), event.fieldNames());
    assertEquals(TellHouse.SOURCE, event.getString("source"));
    for (Got one : receiver.got) assertTrue(one.isSigned(Receiver.SECRET), "signature of " + one.id());
    assertEquals(3, receiver.got.stream().map(Got::id).distinct().count());
    assertEquals(3L, house.target("ward").getLong("sent"));
    assertEquals("well", house.target("ward").getString("state"));
  }

  @Test
  void twoSecretsSignWhileOneIsExchanged() throws Exception {
    String before = "whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo=";
    ward("secretBefore", before);
    house.patient("exchanged", 1);

    until("it is told", () -> receiver.got.size() == 1);

    assertTrue(receiver.got.get(0).isSigned(before) && receiver.got.get(0).isSigned(Receiver.SECRET));
  }

  @Test
  void whoeverTakesOverSendsAgainWhatWasNotKeptUnderTheSameId() {
    AtomicBoolean once = new AtomicBoolean(true);
    receiver.reply = (got, response) -> {
      if (!once.getAndSet(false)) {
        response.end();
        return;
      }
      // as if the node was killed after the answer and before it was kept: its term is over
      house.vertx.executeBlocking(() -> get(house.deliveries.begin(Sieve.CALLER, List.of("ward"), List.of())))
          .onComplete(done -> response.end());
    };
    ward();
    house.patient("killed", 1);

    until("it is told twice", () -> receiver.got.size() == 2 && house.target("ward").getLong("waiting") == 0);

    assertEquals(receiver.got.get(0).id(), receiver.got.get(1).id());
    assertEquals(receiver.got.get(0).body(), receiver.got.get(1).body());
  }

  @Test
  void whileATargetIsAwayTheFeedIsPrunedAndNothingIsLost() {
    receiver.leave();
    ward();
    for (int i = 1; i <= 5; i++) house.patient("pruned", i);
    until("all wait", () -> house.target("ward").getLong("waiting") == 5);

    house.sql("delete from feed where position < (select position from feed_listener where name = 'tell')");
    receiver.comeBack();

    until("all are told", () -> house.target("ward").getLong("waiting") == 0);
    assertEquals(IntStream.rangeClosed(1, 5).mapToObj(i -> "Patient/pruned " + i).toList(),
        receiver.of("Patient/pruned"));
  }

  @Test
  void whenTheCursorIsLostEachTargetIsToldToSynchroniseAnew() {
    ward();
    house.sql("update feed_head set incarnation = incarnation + 1, position = 0");
    house.patient("after", 1);
    house.patient("after", 2);

    until("it goes on", () -> receiver.got.stream().anyMatch(one -> one.event().getString("action").equals("Unknown"))
        && house.target("ward").getLong("waiting") == 0);
    house.patient("after", 3);
    until("in the new incarnation", () -> receiver.of("Patient/after").contains("Patient/after 3"));

    Got unknown = receiver.got.stream()
        .filter(one -> one.event().getString("action").equals("Unknown"))
        .findFirst()
        .orElseThrow();
    assertEquals("*", unknown.event().getString("resourcetype"));
  }

  @Test
  void ofTwoNodesOneTellsAndTheOtherGoesOnWhenItStops() {
    String first = ward();
    Vertx other = Vertx.vertx();
    try {
      Database through = AskAgain.whileBusy(() -> get(Database.open(other, house.config)));
      String second = house.teller(other, through, webhook("ward", receiver), quick(1_000));
      for (int i = 0; i < 20; i++) house.patient("two-" + i, 1);
      until("all are told", () -> house.target("ward").getLong("waiting") == 0 && receiver.got.size() >= 20);
      assertEquals(20, receiver.got.size());
      long term = house.number("select term from tell_teller");

      house.undeploy(first);
      house.patient("two-last", 1);

      until("the other one goes on", () -> receiver.got.size() == 21);
      assertEquals(term + 1, house.number("select term from tell_teller"));
      get(other.undeploy(second));
    } finally {
      get(other.close());
    }
  }

  @Test
  void aReaderIsToldWhatTheResourceSaysDigitsIncludedAndThatIsAudited() {
    ward("resource", "true", "roles", "FHIR Data Reader", "types", "Observation");
    house.put(
        "{'resourceType':'Observation','id':'o1','status':'final','code':{'text':'K'},'subject':{'reference':'Patient/ada'},"
            + "'valueQuantity':{'value':6.70}}");

    until("it is told", () -> receiver.got.size() == 1);

    assertTrue(receiver.got.get(0).body().contains("\"value\":6.70"), receiver.got.get(0).body());
    Audit.Entry read = house.audited.stream()
        .filter(entry -> entry.caller().subject().equals("target:ward"))
        .findFirst()
        .orElseThrow();
    assertEquals(List.of("Observation/o1"), read.what());
    assertEquals(List.of("Patient/ada"), read.patients());
  }

  @Test
  void aTargetHearsOfItsTypesAndOfWhatItsFilterFits() {
    ward("types", "Patient,Device", "filter", "active = true");
    house.put("{'resourceType':'Patient','id':'in','active':true}");
    house.put("{'resourceType':'Patient','id':'out','active':false}");
    house.put("{'resourceType':'Organization','id':'else','active':true}");
    house.delete("Patient", "out");

    until("the deletion is told", () -> receiver.got.size() == 2 && house.target("ward").getLong("waiting") == 0);

    assertEquals(Set.of("Patient/in 1", "Patient/out 2"),
        receiver.got.stream().map(Got::what).collect(Collectors.toSet()));
  }

  @Test
  void aFilterThatFailsTellsTheChangeWithoutWhatTheResourceSays() {
    ward("types", "Patient", "filter", "name.family.single() = 'x'", "resource", "true", "roles", "FHIR Data Reader");
    house.put("{'resourceType':'Patient','id':'two-names','name':[{'family':'Lovelace'},{'family':'Byron'}]}");

    until("it is told", () -> receiver.got.size() == 1);

    assertFalse(receiver.got.get(0).body().contains("resource\":{"), receiver.got.get(0).body());
    until("it is counted", () -> house.target("ward").getLong("filterErrors") == 1);
  }
}
