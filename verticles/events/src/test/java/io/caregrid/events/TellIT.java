package io.caregrid.events;

import static io.caregrid.events.TellHouse.get;
import static io.caregrid.events.TellHouse.quick;
import static io.caregrid.events.TellHouse.until;
import static io.caregrid.events.TellHouse.webhook;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Caller;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.events.Receiver.Got;
import io.caregrid.events.Receiver.Reply;
import io.caregrid.store.Database;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.slf4j.LoggerFactory;

/** News on their way out, over real HTTP to a receiver that behaves badly. */
@ExtendWith(Engines.class)
class TellIT {
  private static TellHouse house;
  private Receiver receiver;

  @BeforeAll
  static void open(LocalPostgres postgres) {
    house = new TellHouse(postgres);
  }

  @AfterAll
  static void close() {
    house.close();
  }

  @BeforeEach
  void listen() {
    receiver = new Receiver(house.vertx);
  }

  @AfterEach
  void quiet() {
    house.quiet();
    receiver.close();
  }

  private String ward(String... more) {
    Map<String, String> settings = webhook("ward", receiver);
    for (int i = 0; i < more.length; i += 2) settings.put("targets.ward." + more[i], more[i + 1]);
    return house.teller(settings, quick(1_000));
  }

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
  void aVersionWaitsForTheOneBeforeItAndKeepsNobodyElse() {
    AtomicInteger refusals = new AtomicInteger();
    receiver.reply = (got, response) -> response
        .setStatusCode(got.resource().equals("Patient/stuck") && refusals.getAndIncrement() < 6 ? 500 : 200)
        .end();
    ward();
    house.patient("stuck", 1);
    house.patient("stuck", 2);
    house.patient("stuck", 3);
    house.patient("free", 1);

    until("all are told", () -> receiver.of("Patient/stuck").contains("Patient/stuck 3"));

    List<String> stuck = receiver.of("Patient/stuck");
    assertEquals(IntStream.range(0, 9).mapToObj(i -> "Patient/stuck " + (i < 7 ? 1 : i - 5)).toList(), stuck);
    int free = receiver.got.stream().map(Got::what).toList().indexOf("Patient/free 1");
    int second = receiver.got.stream().map(Got::what).toList().indexOf("Patient/stuck 2");
    assertTrue(free < second, "the other one did not wait");
    assertEquals(1, receiver.got.stream()
        .filter(one -> one.what().equals("Patient/stuck 1"))
        .map(Got::id)
        .distinct()
        .count(), "sent again under the same id");
  }

  @Test
  void retryAfterIsHeeded() {
    AtomicBoolean once = new AtomicBoolean(true);
    receiver.reply = (got, response) -> (once.getAndSet(false) ? Reply.later("1") : Reply.status(200)).to(got,
        response);
    ward();
    house.patient("later", 1);

    until("it is told twice", () -> receiver.got.size() == 2);

    long millis = (receiver.got.get(1).nanos() - receiver.got.get(0).nanos()) / 1_000_000;
    assertTrue(millis >= 1_000, "after " + millis + " ms");
  }

  @Test
  void whatIsGoneFiveTimesIsADeadLetterAndTheNextOneGoesOn() {
    receiver.reply = (got, response) -> response.setStatusCode(got.event().getString("version").equals("1") ? 410 : 200)
        .end();
    ward();
    house.patient("gone", 1);
    house.patient("gone", 2);

    until("the next one is told", () -> receiver.of("Patient/gone").contains("Patient/gone 2")
        && house.target("ward").getLong("waiting") == 0);

    assertEquals(6, receiver.got.size());
    assertEquals(1L, house.target("ward").getLong("dead"));
    JsonObject dead = new JsonObject(house.ask("GET", "/tell/ward/dead-letters").body()).getJsonArray("deadLetters")
        .getJsonObject(0);
    assertEquals("Patient/gone 1 5 HTTP 410", dead.getString("resource") + " " + dead.getInteger("version") + " "
        + dead.getInteger("tries") + " " + dead.getString("error"));
  }

  @Test
  void redirectsAreNotFollowed() {
    receiver.reply = Reply.redirect("/elsewhere");
    ward();
    house.patient("moved", 1);

    until("it is tried again", () -> receiver.got.size() >= 2);
    until("and said", () -> house.target("ward").getString("error", "").startsWith("HTTP 302: redirects are not"));

    assertTrue(receiver.got.stream().allMatch(one -> one.path().startsWith("/news")));
    receiver.reply = Reply.status(200);
    until("it is told", () -> house.target("ward").getLong("waiting") == 0);
  }

  @Test
  void whoNeverAnswersIsHungUpOnAndAskedAgain() {
    receiver.reply = Reply.nothing();
    ward();
    house.patient("hung", 1);

    until("it is tried again", () -> receiver.got.size() >= 2);
    until("and hung up on", () -> receiver.hungUp.get() >= 1);
    until("and said", () -> "no answer within 0.4 s".equals(house.target("ward").getString("error")));

    receiver.reply = Reply.status(200);
    until("it is told", () -> house.target("ward").getLong("waiting") == 0);
  }

  @Test
  void aGoodAnswerThatNeverEndsIsGoodAndHungUpOn() {
    receiver.reply = Receiver.endless();
    ward();
    house.patient("endless", 1);

    until("it is told", () -> receiver.got.size() == 1 && house.target("ward").getLong("waiting") == 0);
    until("and hung up on", () -> receiver.hungUp.get() == 1);

    assertEquals(1L, house.target("ward").getLong("sent"));
  }

  @Test
  void aTargetThatFailsIsAskedOneThingAtATimeAndSeenToFail() {
    receiver.reply = Reply.status(503);
    house.teller(webhook("ward", receiver), slowWhenFailing());
    for (int i = 0; i < 30; i++) house.patient("many-" + i, 1);

    until("it is seen", () -> house.target("ward").getString("state").equals("failing"));
    until("all wait", () -> house.target("ward").getLong("waiting") == 30);
    assertFalse(get(house.deliveries.areWell(Set.of("ward"))));
    int asked = receiver.got.size();
    assertTrue(asked < 12, asked + " were sent to one that fails");

    receiver.reply = Reply.status(200);
    assertEquals(204, house.ask("POST", "/tell/ward/retry").statusCode());
    until("all are told", () -> house.target("ward").getLong("waiting") == 0);
    until("and it is well", () -> house.target("ward").getString("state").equals("well"));
    assertTrue(get(house.deliveries.areWell(Set.of("ward"))));
    assertEquals(404, house.ask("POST", "/tell/nobody/retry").statusCode());
  }

  /** After five failures in a row it is tried every ten minutes, and what failed again after ten. */
  private static Retries slowWhenFailing() {
    Retries quick = quick(5);
    java.time.Duration long_ = java.time.Duration.ofMinutes(10);
    return new Retries(long_, long_, long_, quick.refused(), quick.giveUpAfter(), 5, quick.chance());
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
      Database through = get(Database.open(other, house.config));
      house.teller(other, through, webhook("ward", receiver), quick(1_000));
      for (int i = 0; i < 20; i++) house.patient("two-" + i, 1);
      until("all are told", () -> house.target("ward").getLong("waiting") == 0 && receiver.got.size() >= 20);
      assertEquals(20, receiver.got.size());
      long term = house.number("select term from tell_teller");

      house.undeploy(first);
      house.patient("two-last", 1);

      until("the other one goes on", () -> receiver.got.size() == 21);
      assertEquals(term + 1, house.number("select term from tell_teller"));
    } finally {
      get(other.close());
    }
    until("its lease is over", () -> house
        .number("select count(*) from lease where name = 'tell' and held_until > now()") == 0);
  }

  @Test
  void neitherSecretsNorPatientsStandInLogsAndAnswers() {
    ListAppender<ILoggingEvent> lines = new ListAppender<>();
    Logger root = (Logger) LoggerFactory.getLogger("io.caregrid");
    lines.start();
    root.addAppender(lines);
    try {
      receiver.reply = Reply.text("{\"you\":\"sent Ada Lovelace\"}");
      house.teller(webhook("ward", receiver), quick(2));
      house.put("{'resourceType':'Patient','id':'mrn-4711','name':[{'family':'Lovelace'}]}");
      until("it is told", () -> receiver.got.size() == 1);
      receiver.reply = (got, response) -> response.setStatusCode(500).end("Lovelace");
      house.put("{'resourceType':'Patient','id':'mrn-4711','name':[{'family':'Byron'}]}");
      until("it fails", () -> house.target("ward").getString("state").equals("failing"));
    } finally {
      root.detachAppender(lines);
    }

    String all = lines.list.stream().map(ILoggingEvent::getFormattedMessage).collect(Collectors.joining("\n"))
        + house.ask("GET", "/tell").body();
    assertTrue(all.contains("target takes no news"), all);
    for (String secret : List.of("hush-hush", Receiver.SECRET, "Lovelace", "Byron", "mrn-4711"))
      assertFalse(all.contains(secret), secret + " in " + all);
    assertFalse(receiver.got.get(0).body().contains("Lovelace"));
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

  @Test
  void cardsAndRowsGoTheSameWay() {
    Map<String, String> settings = new TreeMap<>();
    for (String kind : List.of("teams", "powerbi")) {
      settings.put("targets." + kind + ".kind", kind);
      settings.put("targets." + kind + ".url", receiver.url() + "&kind=" + kind);
      settings.put("targets." + kind + ".types", "Observation");
    }
    settings.put("targets.powerbi.resource", "true");
    settings.put("targets.powerbi.roles", "FHIR Data Reader");
    AtomicBoolean once = new AtomicBoolean(true);
    receiver.reply = (got, response) -> response.end(got.path().contains("teams") && once.getAndSet(false)
        ? "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429"
        : "1");
    house.teller(settings, quick(1_000));
    for (int i = 0; i < 3; i++)
      house.put("{'resourceType':'Observation','id':'c" + i
          + "','status':'final','code':{'text':'K'},'subject':{'reference':'Patient/ada'},'valueQuantity':{'value':" + i
          + ".50}}");

    until("all are told",
        () -> house.target("teams").getLong("sent") == 3 && house.target("powerbi").getLong("sent") == 3);

    List<Got> cards = receiver.got.stream().filter(one -> one.path().contains("teams")).toList();
    assertEquals(4, cards.size(), "one of them twice");
    assertFalse(cards.toString().contains("Patient/ada"), cards.toString());
    assertTrue(cards.get(0).body().contains("AdaptiveCard"));
    Set<String> values = receiver.got.stream()
        .filter(one -> one.path().contains("powerbi"))
        .flatMap(one -> one.rows().stream())
        .map(row -> ((JsonObject) row).getValue("value").toString())
        .collect(Collectors.toSet());
    assertEquals(Set.of("0.5", "1.5", "2.5"), values);
  }

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
    assertEquals("it fits, but names no Patient: see the rule's subject", house.rule("nobody").getString("error"));
  }
}
