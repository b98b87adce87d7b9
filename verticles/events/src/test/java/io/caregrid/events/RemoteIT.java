package io.caregrid.events;

import static io.caregrid.events.TellHouse.get;
import static io.caregrid.events.TellHouse.quick;
import static io.caregrid.events.TellHouse.until;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Caller;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.events.FhirPeer.Fault;
import io.caregrid.templates.observation.GroupKey;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.slf4j.LoggerFactory;

/** Observations on their way to another FHIR server, over real HTTP, with tokens. */
@ExtendWith(Engines.class)
class RemoteIT {
  private static final AtomicInteger NUMBER = new AtomicInteger();
  private static TellHouse house;
  private FhirPeer peer;
  /** Of this test alone: patient and device here; there they are {@code 77} and {@code 88} of it. */
  private String patient;
  private String device;

  @BeforeAll
  static void open(LocalPostgres postgres) {
    house = new TellHouse(postgres);
  }

  @AfterAll
  static void close() {
    house.close();
  }

  @BeforeEach
  void somebodyWithADevice() {
    peer = new FhirPeer(house.vertx);
    int n = NUMBER.incrementAndGet();
    patient = "p" + n;
    device = "d" + n;
    house.put("{'resourceType':'Patient','id':'" + patient + "','identifier':[{'system':'urn:mrn','value':'M|" + n
        + "'}],'name':[{'family':'Lovelace'}]}");
    house.put("{'resourceType':'Device','id':'" + device + "','identifier':[{'value':'monitor-" + n
        + "'}],'patient':{'reference':'Patient/" + patient + "'}}");
  }

  @AfterEach
  void quiet() {
    house.quiet();
    peer.close();
  }

  private void knownThere() {
    String n = patient.substring(1);
    peer.store("{'resourceType':'Patient','id':'77','identifier':[{'system':'urn:mrn','value':'M|" + n + "'}]}");
    peer.store("{'resourceType':'Device','id':'88','identifier':[{'value':'monitor-" + n + "'}]}");
  }

  /** A target of the peer. @param more settings of it, key and value in turn */
  private Map<String, String> cloud(String... more) {
    Map<String, String> settings = peer.target("cloud");
    settings.put("targets.cloud.filter", mine());
    for (int i = 0; i < more.length; i += 2) settings.put("targets.cloud." + more[i], more[i + 1]);
    return settings;
  }

  /** What tests before this one left in the feed is none of ours. */
  private String mine() {
    return "subject.reference = 'Patient/" + patient + "'";
  }

  private void tell(Map<String, String> settings) {
    house.teller(settings, quick(1_000));
  }

  private String put(String data) {
    ObjectNode hour = RemoteObservationTest.hour(patient, device, data);
    get(house.store.update(Caller.LOCAL, "Observation", hour.path("id").asText(), hour, OptionalInt.empty()));
    return hour.path("id").asText();
  }

  private String there() {
    return RemoteObservationTest.hour("77", "88", "").path("id").asText();
  }

  private String data(String id) {
    ObjectNode one = peer.current("Observation/" + id);
    return one == null ? "" : one.path("valueSampledData").path("data").asText();
  }

  private void allTold() {
    try {
      until("all is told", () -> house.target("cloud").getLong("waiting") == 0);
    } catch (AssertionError late) {
      throw new AssertionError(house.target("cloud").encode(), late);
    }
  }

  private void said(String start) {
    until(start, () -> String.valueOf(house.target("cloud").getString("error")).startsWith(start));
  }

  private int puts() {
    return peer.asked(one -> one.method().equals("PUT") && one.path().startsWith("Observation")).size();
  }

  @Test
  void anObservationGoesThereUnderTheIdsOfThatServerAndIsAudited() {
    knownThere();
    List<Long> before = puts("201", "200");
    tell(cloud());
    put("60");
    until("it is there", () -> data(there()).equals("60"));
    put("60 61");
    until("and its next version", () -> data(there()).equals("60 61"));
    allTold();

    ObjectNode one = peer.current("Observation/" + there());
    assertEquals("Patient/77 Device/88", one.path("subject").path("reference").asText() + " "
        + one.path("device").path("reference").asText());
    assertEquals("*", peer.asked.stream()
        .filter(ask -> ask.method().equals("PUT"))
        .findFirst()
        .orElseThrow()
        .ifNoneMatch());
    assertEquals("W/\"1\"", peer.asked.get(peer.asked.size() - 1).ifMatch());
    assertEquals(1, peer.asked(ask -> ask.path().equals("Patient/_search")).size(), "looked for once");
    assertEquals(1, peer.tokens.get());
    assertTrue(house.audited.stream()
        .anyMatch(entry -> entry.deed() == Audit.Deed.READ
            && "target:cloud".equals(entry.caller().subject())),
        "what is read for it is in the trail");
    assertEquals(List.of("PUT 127.0.0.1 200 [Patient/" + patient + "]", "PUT 127.0.0.1 200 [Patient/" + patient + "]"),
        sent(), "and what left, each try");
    assertEquals(List.of(before.get(0) + 1, before.get(1) + 1), puts("201", "200"));
    assertTrue(peer.all("Observation").size() == 1 && peer.asked(ask -> ask.path().contains("Lovelace")).isEmpty());
  }

  /** How often something was put and answered so, as the metrics have it. */
  private static List<Long> puts(String... statuses) {
    return Stream.of(statuses)
        .map(status -> house.metrics.find(TellMetrics.REQUESTS)
            .tags("target", "cloud", "request", "put", "status", status)
            .timer())
        .map(timer -> timer == null ? 0 : timer.count())
        .toList();
  }

  /** What the audit trail says of what left in this test. */
  private List<String> sent() {
    return house.audited.stream()
        .filter(entry -> entry.deed() == Audit.Deed.SENT && entry.patients().contains("Patient/" + patient))
        .map(entry -> entry.query() + " " + entry.status() + " " + entry.patients())
        .toList();
  }

  @Test
  void whatLeftIsNotToldBeforeItIsInTheTrailAndNothingMoreLeaves() {
    knownThere();
    house.trailIsClosed = true;
    try {
      tell(cloud());
      put("60");
      said(Audit.CLOSED);
      assertEquals(List.of(), sent());
      put("60 61");
      until("it is tried again", () -> house.number("select max(tries) from tell_delivery") > 2);
      assertEquals(1, puts());
      assertEquals("well", house.target("cloud").getString("state"));
    } finally {
      house.trailIsClosed = false;
    }
    until("the last version is there", () -> data(there()).equals("60 61"));
    allTold();
    assertEquals(2, sent().size(), "each once");
  }

  @Test
  void whatWasGivenUpIsToldAgainAsItIsNowWhenSomebodySaysSo() {
    knownThere();
    peer.fault = (asked, request) -> asked.method().equals("PUT") && Fault.status(422).answers(asked, request);
    tell(cloud());
    String id = put("60");
    until("it is given up", () -> house.target("cloud").getLong("dead") == 1);
    put("60 61");
    until("and the next version, too", () -> house.target("cloud").getLong("dead") == 2);
    assertEquals(10, sent().stream().filter(one -> one.startsWith("PUT 127.0.0.1 422")).count(), "five tries of each");

    peer.fault = (asked, request) -> false;
    assertEquals(400, house.ask("POST", "/tell/cloud/dead-letters/replay").statusCode(), "all only for who says so");
    assertEquals(new JsonObject().put("replayed", 2).put("more", false),
        new JsonObject(house.ask("POST", "/tell/cloud/dead-letters/replay?all=true").body()));

    until("it is there", () -> data(there()).equals("60 61"));
    allTold();
    assertEquals(1, peer.resources.get("Observation/" + there()).size(), "once");
    assertEquals(0L, house.target("cloud").getLong("dead"));
    assertTrue(house.audited.stream()
        .anyMatch(entry -> entry.deed() == Audit.Deed.DEAD_LETTERS_REPLAYED
            && entry.what().equals(List.of("Observation/" + id))));
    assertEquals(404, house.ask("POST", "/tell/nobody/dead-letters/replay?all=true").statusCode());
    assertTrue(house.audited.stream()
        .anyMatch(entry -> entry.deed() == Audit.Deed.DEAD_LETTERS_REPLAYED && entry.status() == 404), "in vain, too");
  }

  @Test
  void whatWasGivenUpAndThenDeletedHereIsNotMadeThere() {
    knownThere();
    peer.fault = (asked, request) -> asked.method().equals("PUT") && Fault.status(422).answers(asked, request);
    tell(cloud());
    String id = put("60");
    until("it is given up", () -> house.target("cloud").getLong("dead") == 1);
    house.delete("Observation", id);
    peer.fault = (asked, request) -> false;

    assertEquals(200, house.ask("POST", "/tell/cloud/dead-letters/replay?all=true").statusCode());
    assertEquals(0L, house.target("cloud").getLong("dead"));
    allTold();
    assertTrue(peer.all("Observation").isEmpty());
  }

  @Test
  void aTryWhoseEntryWasLostWithItsNodeIsInTheTrailAllTheSame() {
    knownThere();
    house.trailIsClosed = true;
    try {
      String first = house.teller(cloud(), quick(1_000));
      put("60");
      said(Audit.CLOSED);
      house.undeploy(first);
    } finally {
      house.trailIsClosed = false;
    }
    tell(cloud());
    allTold();

    assertEquals(1, puts());
    assertEquals(List.of("PUT 127.0.0.1 304 [Patient/" + patient + "]"), sent(), "it stands there as it is here");
  }

  @Test
  void whatIsAnsweredToAPutIsNotRead() {
    knownThere();
    Buffer all = Buffer.buffer(new byte[17 << 20]);
    peer.fault = (asked, request) -> {
      if (!asked.method().equals("PUT")) return false;
      peer.store(TellHouse.json(asked.body()));
      request.response().setStatusCode(201).putHeader("ETag", "W/\"1\"").end(all);
      return true;
    };
    tell(cloud());
    put("60");
    until("it was put", () -> puts() > 0);
    allTold();

    assertEquals(1, puts());
    assertEquals(List.of("PUT 127.0.0.1 200 [Patient/" + patient + "]"), sent());
  }

  @Tag("full")
  @Test
  void whatIsThereIsReadWithinBoundsAndAllOfItInTheEnd() {
    knownThere();
    List<String> all = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      ObjectNode theirs = RemoteObservationTest.hour("77", "88", "50 E");
      all.add(named(theirs, i));
      theirs.putArray("note").addObject().put("text", "x".repeat(12 << 20));
      peer.store(theirs);
      ObjectNode ours = RemoteObservationTest.hour(patient, device, "E 6" + i);
      String id = named(ours, i);
      get(house.store.update(Caller.LOCAL, "Observation", id, ours, OptionalInt.empty()));
    }
    tell(cloud("from", "start"));

    for (int i = 0; i < 3; i++) {
      String last = "50 6" + i;
      String id = all.get(i);
      until(last, () -> data(id).equals(last));
    }
    assertEquals("what is there is too much to be read at once", house.target("cloud").getString("error"));
  }

  private static String named(ObjectNode hour, int n) {
    String value = RemoteObservation.identifier(hour).replace(".hr.", ".much" + n + ".");
    ((ObjectNode) hour.path("identifier").path(0)).put("value", value);
    String id = RemoteObservation.idOf(GroupKey.SYSTEM, value);
    hour.put("id", id);
    return id;
  }

  @Test
  void whatTheConnectorBeganIsContinuedAndItsSamplesStay() {
    knownThere();
    peer.store(RemoteObservationTest.hour("77", "88", "50 51 52 53"));
    tell(cloud());

    put("E 61");
    until("both are there", () -> data(there()).equals("50 61 52 53"));
    put("E 61 62");
    until("and go on", () -> data(there()).equals("50 61 62 53"));

    assertEquals(1, peer.all("Observation").size());
    assertEquals("amended", peer.current("Observation/" + there()).path("status").asText());
  }

  @Test
  void anObservationWithItsIdentifierUnderAnotherIdIsFound() {
    knownThere();
    ObjectNode theirs = RemoteObservationTest.hour("77", "88", "50");
    peer.store(theirs.put("id", "server-given"));
    tell(cloud());

    put("E 61");
    until("it is there", () -> data("server-given").equals("50 61"));

    assertEquals(1, peer.all("Observation").size());
  }

  @Test
  void whoeverWasQuickerLosesNothing() {
    knownThere();
    tell(cloud());
    put("60");
    until("it is there", () -> data(there()).equals("60"));
    ObjectNode theirs = peer.current("Observation/" + there()).deepCopy();
    ((ObjectNode) theirs.path("valueSampledData")).put("data", "60 E E 63");
    peer.store(theirs);

    put("60 61");

    until("both are there", () -> data(there()).equals("60 61 E 63"));
    allTold();
    assertEquals("well", house.target("cloud").getString("state"));
  }

  @Test
  void aDeviceThatIsUnknownThereWaitsWithItsReasonAndHoldsUpNobody() {
    tell(cloud());
    put("60");
    said("no Patient there has an identifier of its Patient");
    assertEquals("well", house.target("cloud").getString("state"));
    assertEquals(0, puts());
    assertEquals(1L, house.target("cloud").getLong("waiting"));
  }

  @Test
  void whoseIdentifiersBelongToTwoThereWaits() {
    knownThere();
    peer.store("{'resourceType':'Patient','id':'78','identifier':[{'system':'urn:card','value':'C'}]}");
    house.put("{'resourceType':'Patient','id':'" + patient + "','identifier':[{'system':'urn:mrn','value':'M|"
        + patient.substring(1) + "'},{'system':'urn:card','value':'C'}]}");
    tell(cloud());
    put("60");
    said("the identifiers of its Patient belong to two Patients there");
    assertEquals(0, puts());
  }

  @Test
  void aCorrectionHereIsLookedForAtOnce() {
    knownThere();
    house.put("{'resourceType':'Patient','id':'" + patient + "','identifier':[{'system':'urn:mrn','value':'wrong'}]}");
    tell(cloud());
    put("60");
    said("no Patient there has an identifier of its Patient");

    house.put("{'resourceType':'Patient','id':'" + patient + "','identifier':[{'system':'urn:mrn','value':'M|"
        + patient.substring(1) + "'}]}");
    until("it is there", () -> data(there()).equals("60"));
  }

  @Test
  void nobodyThereIsOverwrittenByWhoIsMade() {
    String id = RemoteObservation.idOf("urn:mrn", "M|" + patient.substring(1));
    peer.store("{'resourceType':'Patient','id':'" + id + "','name':[{'family':'Curie'}]}");
    tell(cloud("identity", "create"));
    put("60");
    said("another Patient there has the id that it would be given");

    assertEquals(1, peer.resources.get("Patient/" + id).size());
    assertEquals(List.of(), peer.asked(one -> one.method().equals("PUT")));
  }

  @Test
  void whatWasDeletedThereIsNotMadeAgain() {
    knownThere();
    peer.fault = (asked, request) -> asked.what().equals("GET Observation/" + there())
        && Fault.status(410).answers(asked, request);
    tell(cloud());
    put("60");
    until("it is given up", () -> house.target("cloud").getLong("dead") == 1);

    said("it was deleted there");
    assertEquals(0, puts());
    assertEquals("well", house.target("cloud").getString("state"));
  }

  @Test
  void whoIsMissingThereIsMadeWithIdentifiersAndNothingElse() {
    tell(cloud("identity", "create"));
    put("60");
    until("it is there", () -> peer.all("Observation").size() == 1
        || String.valueOf(house.target("cloud").getString("error")).length() > 5);
    assertEquals(null, house.target("cloud").getString("error"));

    ObjectNode made = peer.all("Patient").get(0);
    String n = patient.substring(1);
    assertEquals(RemoteObservation.idOf("urn:mrn", "M|" + n), made.path("id").asText());
    assertFalse(made.has("name"));
    ObjectNode monitor = peer.all("Device").get(0);
    assertEquals(RemoteObservation.idOf("", "monitor-" + n), monitor.path("id").asText());
    assertEquals("Patient/" + made.path("id").asText(), monitor.path("patient").path("reference").asText());
    assertEquals(made.path("id").asText() + "." + monitor.path("id").asText() + ".hr.20261122100000Z.20261122105959Z",
        RemoteObservation.identifier(peer.all("Observation").get(0)));
    allTold();
    assertEquals(List.of("PUT 127.0.0.1 201 [Patient/" + patient + "]", "PUT 127.0.0.1 201 [Patient/" + patient + "]",
        "PUT 127.0.0.1 200 [Patient/" + patient + "]"), sent(), "the Patient, the Device, the Observation");
  }

  @Test
  void aTokenThatIsNotTakenAnyMoreIsReplacedOnce() {
    knownThere();
    tell(cloud());
    put("60");
    until("it is there", () -> data(there()).equals("60"));
    peer.good = "another";
    put("60 61");
    until("the next one is there", () -> data(there()).equals("60 61"));
    assertEquals(2, peer.tokens.get());

    peer.tokenSeconds = 1;
    peer.good = "another";
    put("60 61 62");
    until("and with tokens that end at once", () -> data(there()).equals("60 61 62"));
    allTold();
  }

  @Tag("full")
  @Test
  void aWrongSecretIsSaidAndNothingIsGivenUpForIt() {
    knownThere();
    tell(cloud("secret", "wrong-one"));
    put("60");
    said("the token endpoint gives no token");
    until("it is tried often", () -> house.target("cloud").getInteger("failures", 0) >= 0
        && house.number("select max(tries) from tell_delivery") > 6);

    assertEquals(0L, house.target("cloud").getLong("dead"));
    assertEquals(0, peer.asked.size(), "nothing is asked without a token");
  }

  @Tag("full")
  @Test
  void retryAfterIsHeededForAllThatGoesThere() {
    knownThere();
    AtomicInteger times = new AtomicInteger();
    peer.fault = (asked, request) -> {
      if (!asked.method().equals("PUT") || times.getAndIncrement() > 0) return false;
      request.response().setStatusCode(429).putHeader("Retry-After", "1").end();
      return true;
    };
    tell(cloud());
    put("60");
    until("it is there", () -> data(there()).equals("60"));

    List<Long> puts = peer.asked.stream().filter(one -> one.method().equals("PUT")).map(FhirPeer.Asked::nanos).toList();
    assertTrue(puts.get(1) - puts.get(0) >= 1_000_000_000L, "after " + (puts.get(1) - puts.get(0)) / 1_000_000 + " ms");
    assertEquals(0, peer.asked.stream()
        .filter(one -> one.nanos() > puts.get(0) && one.nanos() < puts.get(0) + 1_000_000_000L)
        .count(), "nothing else meanwhile");
  }

  @Tag("full")
  @Test
  void errorsHungServersAndRedirectsPass() {
    knownThere();
    peer.fault = Fault.status(500);
    house.patience(Duration.ofMinutes(3), Duration.ofMillis(1_500));
    tell(cloud());
    put("60");
    said("HTTP 500");
    peer.fault = (asked, request) -> true;
    said("no answer in time");
    peer.fault = Fault.status(307);
    said("HTTP 307: redirects are not followed");
    peer.fault = Fault.status(403);
    said("HTTP 403");
    peer.fault = (asked, request) -> false;

    until("it is there", () -> data(there()).equals("60"));
    assertEquals(0L, house.target("cloud").getLong("dead"));
  }

  @Tag("full")
  @Test
  void whatIsNotTakenAsItIsIsADeadLetterAndTheOthersGoOn() {
    knownThere();
    peer.fault = (asked, request) -> asked.method().equals("PUT") && asked.body().contains("bad-one")
        && Fault.status(422).answers(asked, request);
    tell(cloud());
    put("bad-one");
    until("it is given up", () -> house.target("cloud").getLong("dead") == 1);
    put("60");

    until("the next version is there", () -> data(there()).equals("60"));
    assertEquals("well", house.target("cloud").getString("state"));
  }

  @Tag("full")
  @Test
  void anAnswerThatWasLostIsNothingDoneTwice() {
    knownThere();
    AtomicInteger times = new AtomicInteger();
    peer.fault = (asked, request) -> {
      if (!asked.method().equals("PUT") || times.getAndIncrement() > 0) return false;
      peer.store(TellHouse.json(asked.body()));
      return true;
    };
    house.patience(Duration.ofMinutes(3), Duration.ofMillis(1_500));
    tell(cloud());
    put("60");
    until("it was put", () -> puts() > 0);
    allTold();

    assertEquals(1, peer.resources.get("Observation/" + there()).size(), "versions of it there");
    assertEquals(1, peer.all("Observation").size());
  }

  @Test
  void aServerThatWasAwayIsToldWhenItIsBackAndHoldsUpNoOther() {
    knownThere();
    FhirPeer other = new FhirPeer(house.vertx);
    try {
      Map<String, String> both = cloud();
      other.target("near").forEach(both::put);
      String n = patient.substring(1);
      other.store("{'resourceType':'Patient','id':'1','identifier':[{'system':'urn:mrn','value':'M|" + n + "'}]}");
      other.store("{'resourceType':'Device','id':'2','identifier':[{'value':'monitor-" + n + "'}]}");
      peer.leave();
      tell(both);
      put("60");
      until("the near one has it", () -> other.all("Observation").size() == 1);
      until("the other one waits", () -> house.target("cloud").getLong("waiting") == 1
          && house.target("cloud").getString("error") != null);
      peer.comeBack();
      until("it has it, too", () -> data(there()).equals("60"));
    } finally {
      other.close();
    }
  }

  @Tag("full")
  @Test
  void manyGoInOneRequestWhereTheServerCanAndAloneWhereItCannot() {
    knownThere();
    for (boolean can : List.of(true, false)) {
      peer.takesBatches = can;
      Map<String, String> settings = cloud("batch", "10", "every", "1s");
      house.undeploy(house.teller(settings, quick(1_000)));
      for (int i = 0; i < 10; i++) {
        ObjectNode one = RemoteObservationTest.hour(patient, device, "6" + i);
        String value = RemoteObservation.identifier(one).replace(".hr.", ".hr" + i + (can ? "a." : "b."));
        ((ObjectNode) one.path("identifier").path(0)).put("value", value);
        one.put("id", RemoteObservation.idOf(GroupKey.SYSTEM, value));
        get(house.store.update(Caller.LOCAL, "Observation", one.path("id").asText(), one, OptionalInt.empty()));
      }
      until("they have their places", () -> house.number("select count(*) from change_queue") == 0);
      house.teller(settings, quick(1_000)); // all are due at the same time
      int all = can ? 10 : 20;
      until("all are there", () -> peer.all("Observation").size() == all);
      allTold();
      house.quiet();
    }

    assertTrue(peer.asked(one -> one.what().equals("POST ")).size() >= 2);
    assertEquals(10, puts(), "alone, those that the server did not take together");
    assertEquals(1, sent().stream().filter(one -> one.startsWith("POST 127.0.0.1 404")).count(), "which left, too");
  }

  @Tag("full")
  @Test
  void whatChangesAllTheTimeIsSentOnceInAWhileAndTheLastOfItInTheEnd() {
    knownThere();
    tell(cloud("every", "2s"));
    long from = System.nanoTime();
    for (int i = 10; i < 40; i++) put("60 " + i);

    until("the last one is there", () -> data(there()).equals("60 39"));
    allTold();

    long most = 1 + (System.nanoTime() - from) / 2_000_000_000L;
    assertTrue(puts() <= most, puts() + " requests for thirty versions, more than " + most);
    assertEquals(puts(), house.target("cloud").getLong("sent"));
  }

  @Test
  void whatWasThereBeforeTheTargetGoesThereToo() {
    knownThere();
    put("60");
    house.put("{'resourceType':'Observation','id':'by-hand','status':'final','code':{'text':'x'}}");
    tell(cloud("from", "start"));
    until("it is there", () -> data(there()).equals("60"));
    until("and all of it", () -> house.target("cloud").getBoolean("filling") == null);
    allTold();

    assertEquals(1, peer.all("Observation").size(), "nothing that no device made");
    assertEquals(1, puts(), "once");
    assertEquals(1L, house.target("cloud").getLong("sent"));
  }

  @Test
  void aTargetWithAFilterGetsWhatFitsItAndDeletesWhatIsDeletedOnlyIfItIsToldSo() {
    knownThere();
    tell(cloud("filter", mine() + " and code.text = 'hr'", "deletes", "true"));
    String id = put("60");
    until("it is there", () -> data(there()).equals("60"));
    house.delete("Patient", patient);
    house.delete("Observation", id);
    until("it is gone, with whom it is about gone before", () -> peer.all("Observation").isEmpty());
    allTold();
    assertTrue(sent().contains("DELETE 127.0.0.1 204 [Patient/" + patient + "]"), sent().toString());
    house.quiet();

    tell(cloud("filter", mine() + " and code.text = 'spo2'"));
    String other = put("61");
    house.delete("Observation", other);
    allTold();
    assertTrue(peer.all("Observation").isEmpty());
    house.quiet();

    house.put("{'resourceType':'Patient','id':'" + patient + "','identifier':[{'system':'urn:mrn','value':'M|"
        + patient.substring(1) + "'}]}");
    tell(cloud("every", "1s"));
    put("62");
    house.delete("Observation", other);
    until("what was measured is there", () -> data(there()).equals("62"));
  }

  @Test
  void neitherSecretsNorPatientsStandInLogsAndAnswers() {
    ListAppender<ILoggingEvent> lines = new ListAppender<>();
    Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    lines.start();
    root.addAppender(lines);
    try {
      house.teller(cloud("secret", "wrong-one"), new Retries(Duration.ofMillis(20), Duration.ofMillis(100),
          Duration.ofHours(1), List.of(), Duration.ofDays(3), 3, new SplittableRandom(7)));
      put("60");
      until("it fails", () -> house.target("cloud").getString("state").equals("failing"));
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
    for (String secret : List.of("wrong-one", "hush-hush", "Lovelace", "monitor-", "M|", patient + "."))
      assertFalse(all.contains(secret), secret + " in " + all);
  }
}
