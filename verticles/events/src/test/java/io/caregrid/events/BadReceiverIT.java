package io.caregrid.events;

import static io.caregrid.events.TellHouse.get;
import static io.caregrid.events.TellHouse.quick;
import static io.caregrid.events.TellHouse.until;
import static io.caregrid.events.TellHouse.webhook;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.caregrid.contract.Audit;
import io.caregrid.events.Receiver.Got;
import io.caregrid.events.Receiver.Reply;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** Receivers that hang, fail, redirect, refuse, or never end, over real HTTP. */
class BadReceiverIT extends Listening {
  @Test
  void aVersionWaitsForTheOneBeforeItAndKeepsNobodyElse() {
    AtomicInteger refusals = new AtomicInteger();
    receiver.reply = (got, response) -> response
        .setStatusCode(got.resource().equals("Patient/stuck")
            && (refusals.getAndIncrement() < 6 || receiver.of("Patient/free").isEmpty()) ? 500 : 200)
        .end();
    ward();
    house.patient("stuck", 1);
    house.patient("stuck", 2);
    house.patient("stuck", 3);
    house.patient("free", 1);

    until("all are told", () -> receiver.of("Patient/stuck").contains("Patient/stuck 3"));

    List<String> stuck = receiver.of("Patient/stuck");
    int tries = stuck.size() - 2;
    assertTrue(tries >= 7, stuck.toString());
    assertEquals(
        IntStream.range(0, tries + 2).mapToObj(i -> "Patient/stuck " + (i < tries ? 1 : i - tries + 2)).toList(),
        stuck, "the first one until it is taken, which it is not before the other resource was told");
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
    assertTrue(house.audited.stream().anyMatch(entry -> entry.deed() == Audit.Deed.DEAD_LETTERS));
    assertEquals("Patient/gone 1 5 HTTP 410", dead.getString("resource") + " " + dead.getInteger("version") + " "
        + dead.getInteger("tries") + " " + dead.getString("error"));
  }

  @Test
  void aDeadLetterIsToldAgainAsItWasAndPagesShowEachOnce() {
    receiver.reply = Reply.status(410);
    ward();
    for (int i = 0; i < 3; i++) house.patient("again-" + i, 1);
    until("all are given up", () -> house.target("ward").getLong("dead") == 3);

    List<String> keys = new ArrayList<>();
    String after = "";
    for (int page = 0; page < 3; page++) {
      JsonObject said = new JsonObject(house.ask("GET", "/tell/ward/dead-letters?_count=1" + after).body());
      keys.add(said.getJsonArray("deadLetters").getJsonObject(0).getString("key"));
      after = "&_after=" + said.getString("next");
    }
    assertEquals(3, keys.stream().distinct().count());
    assertEquals(400, house.ask("GET", "/tell/ward/dead-letters?_after=x").statusCode());

    receiver.got.clear();
    receiver.reply = Reply.status(200);
    assertEquals(200, house.ask("POST", "/tell/ward/dead-letters/replay?key=" + keys.get(1)).statusCode());
    until("it is told", () -> receiver.got.size() == 1 && house.target("ward").getLong("waiting") == 0);
    assertEquals(keys.get(1), receiver.got.get(0).id(), "under the same id");
    assertEquals(404, house.ask("POST", "/tell/ward/dead-letters/replay?key=" + keys.get(1)).statusCode());
    assertEquals(404, house.ask("POST", "/tell/nobody/dead-letters/replay?all=true").statusCode());

    assertEquals(200, house.ask("POST", "/tell/ward/dead-letters/replay?all=true").statusCode());
    until("all are told", () -> receiver.got.size() == 3 && house.target("ward").getLong("waiting") == 0);
    assertEquals(0L, house.target("ward").getLong("dead"));
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
    house.patience(Duration.ofMinutes(3), Duration.ofMillis(1_500));
    ward();
    house.patient("hung", 1);

    until("it is tried again", () -> receiver.got.size() >= 2);
    until("and hung up on", () -> receiver.hungUp.get() >= 1);
    until("and said", () -> "no answer within 1.5 s".equals(house.target("ward").getString("error")));

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
    assertTrue(house.audited.stream().anyMatch(entry -> entry.deed() == Audit.Deed.REQUEST));
    assertEquals(404, house.ask("POST", "/tell/nobody/retry").statusCode());
  }

  /** After ten failures of one thing its pause is a quarter of an hour: nobody here waits so long. */
  @Test
  void tenRefusedConnectionsAreForgottenWithinSeconds() {
    receiver.leave();
    house.teller(webhook("ward", receiver),
        Retries.of(Duration.ofDays(3), new java.util.SplittableRandom(7)));
    for (int i = 0; i < 20; i++) house.patient("refused-" + i, 1);
    until("it fails", () -> house.target("ward").getString("state").equals("failing"));
    receiver.comeBack();

    until("it is well", () -> house.target("ward").getString("state").equals("well"));
    until("all are told", () -> house.target("ward").getLong("waiting") == 0);
  }

  /** After five failures in a row it is tried every ten minutes, and what failed again after ten. */
  private static Retries slowWhenFailing() {
    Retries quick = quick(5);
    Duration long_ = Duration.ofMinutes(10);
    return new Retries(long_, long_, long_, quick.refused(), quick.giveUpAfter(), 5, quick.chance());
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
      lines.stop();
    }

    String all = List.copyOf(lines.list)
        .stream()
        .map(ILoggingEvent::getFormattedMessage)
        .collect(Collectors.joining("\n"))
        + house.ask("GET", "/tell").body();
    assertTrue(all.contains("target takes no news"), all);
    for (String secret : List.of("hush-hush", Receiver.SECRET, "Lovelace", "Byron", "mrn-4711"))
      assertFalse(all.contains(secret), secret + " in " + all);
    assertFalse(receiver.got.get(0).body().contains("Lovelace"));
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

  /** Power BI refuses all rows of a request when one of them is not to its liking. */
  @Test
  @Tag("full")
  void ofRowsThatAreRefusedTogetherEachGoesAloneAndTheBadOneIsADeadLetter() {
    Map<String, String> settings = new TreeMap<>(Map.of("targets.bi.kind", "powerbi", "targets.bi.url", receiver.url(),
        "targets.bi.types", "Observation", "targets.bi.resource", "true", "targets.bi.roles", "FHIR Data Reader"));
    receiver.reply = (got, response) -> response.setStatusCode(got.body().contains("666") ? 400 : 200).end();
    house.undeploy(house.teller(settings, quick(1_000)));
    for (String value : List.of("1", "666", "3"))
      house.put("{'resourceType':'Observation','id':'bi" + value
          + "','status':'final','code':{'text':'K'},'valueQuantity':{'value':" + value + "}}");
    until("they have their places", () -> house.number("select count(*) from change_queue") == 0);

    house.teller(settings, quick(1_000));
    until("two are told", () -> house.target("bi").getLong("sent") == 2);
    until("one is given up", () -> house.target("bi").getLong("dead") == 1);

    assertEquals(List.of(3, 1, 1, 1, 1, 1, 1),
        receiver.got.stream().map(one -> one.rows().size()).toList(), "together once, then each alone");
    assertEquals(Set.of("1", "3"), receiver.got.stream()
        .filter(one -> !one.body().contains("666"))
        .map(one -> one.rows().getJsonObject(0).getValue("value").toString())
        .collect(Collectors.toSet()));
    assertEquals("well", house.target("bi").getString("state"));
    JsonObject dead = new JsonObject(house.ask("GET", "/tell/bi/dead-letters").body()).getJsonArray("deadLetters")
        .getJsonObject(0);
    assertEquals("Observation/bi666 5", dead.getString("resource") + " " + dead.getInteger("tries"));
  }
}
