package io.caregrid.api.fhir;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.api.Rejected;
import io.caregrid.api.Ward;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.caregrid.contract.Roles;
import io.caregrid.store.FhirStore;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.client.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What a bundle may do, and how often it does it: for whom, in which crowd, within which bounds. */
class BundleRunTest extends WithBundles {
  @Test
  void ofABatchThatNobodyWaitsForOnlyWhatChangesSomethingIsDone() {
    Ask asked = new Ask(Caller.LOCAL, ward.base() + "/fhir", "POST", List.of(), List.of(),
        new Ask.Terms(null, null, null, null, null));
    ObjectNode batch = (ObjectNode) ResourceReader.parsed(("{\"resourceType\":\"Bundle\",\"type\":\"batch\",\"entry\":["
        + String.join(",", entry("GET", "Patient", null), entry("GET", "Patient/$meta", null),
            entry("POST", "Patient", patient()))
        + "]}").getBytes(StandardCharsets.UTF_8), Format.JSON);
    Bundled bundle = Bundled.read(asked, batch, Ward.get(ResourceRules.load(ward.vertx)));

    List<Reply> replies = Ward.get(run(ward.store, 1 << 20).of(asked, bundle, () -> true));

    assertEquals(List.of(503, 503, 201), replies.stream().map(Reply::status).toList());
  }

  @Test
  void whatAllEntriesAnswerTogetherIsBounded() {
    String id = ward.send("POST", "/fhir/Patient", patient()).bodyAsJsonObject().getString("id");
    int size = ward.send("GET", "/fhir/Patient/" + id, (String) null).body().length();
    ResourceRules rules = Ward.get(ResourceRules.load(ward.vertx));
    Ask asked = new Ask(Caller.LOCAL, ward.base() + "/fhir", "POST", List.of(), List.of(),
        new Ask.Terms(null, null, null, null, "return=representation"));
    BundleRun run = run(ward.store, 2 * size + 10);
    String read = entry("GET", "Patient/" + id, null);

    for (String type : List.of("batch", "transaction")) {
      ObjectNode three = (ObjectNode) ResourceReader.parsed(("{\"resourceType\":\"Bundle\",\"type\":\"" + type
          + "\",\"entry\":[" + String.join(",", read, read, read, entry("POST", "Patient", patient())) + "]}")
          .getBytes(StandardCharsets.UTF_8), Format.JSON);
      Bundled bundle = Bundled.read(asked, three, rules);

      if (type.equals("batch")) {
        List<Integer> statuses = Ward.get(run.of(asked, bundle)).stream().map(Reply::status).sorted().toList();
        assertEquals(List.of(200, 201, 413, 413), statuses, "what was written took its part");
      } else {
        Throwable refused = assertThrows(CompletionException.class, () -> Ward.get(run.of(asked, bundle))).getCause();
        assertEquals(413, ((Rejected) refused).status);
      }
    }
    assertEquals(2, found(), "the batch's, and not the transaction's");
  }

  private BundleRun run(FhirStore store, long most) {
    Future<ResourceRules> rules = ResourceRules.load(ward.vertx);
    Interactions interactions = new Interactions(store);
    EntryOperations operations = new EntryOperations(store, interactions, new EverythingOperation(store, rules),
        new MetaOperations(store, interactions, rules), new ValidateOperation(store, rules, new SimpleMeterRegistry()),
        ask -> Future.failedFuture(new Failure.NotFound("no statement here")));
    return new BundleRun(store, interactions, operations, most);
  }

  /** Of a batch of this one entry, where the first thing asked of the store ends so. */
  private String first(Audit trail, String entry) {
    Ask asked = new Ask(Caller.LOCAL, ward.base() + "/fhir", "POST", List.of(), List.of(),
        new Ask.Terms(null, null, null, null, null));
    FhirStore store = new FhirStore(ward.database, trail);
    ObjectNode batch = (ObjectNode) ResourceReader.parsed(("{\"resourceType\":\"Bundle\",\"type\":\"batch\",\"entry\":["
        + entry + "]}").getBytes(StandardCharsets.UTF_8), Format.JSON);
    Bundled bundle = Bundled.read(asked, batch, Ward.get(ResourceRules.load(ward.vertx)));
    Promise<List<Reply>> done = Promise.promise(); // on a context, as a request is
    ward.vertx.runOnContext(
        here -> run(store, 1 << 20).of(asked, bundle).onComplete(done));
    return String.valueOf(Ward.get(done.future()).get(0).status());
  }

  /** Fails to keep one entry, when what it tells of has been done. @param which from 1 */
  private static Audit failingOnce(int which) {
    AtomicInteger left = new AtomicInteger(which);
    return entry -> left.decrementAndGet() == 0
        ? Future.failedFuture(new Failure.Busy("the disk is full"))
        : Future.succeededFuture();
  }

  /** Sends its first one away. */
  private static Audit crowdedOnce() {
    AtomicBoolean sent = new AtomicBoolean();
    return new Audit() {
      @Override
      public Future<Void> record(Entry entry) {
        return Future.succeededFuture();
      }

      @Override
      public <T> Future<T> around(Entry entry, Supplier<Future<T>> work, Found<T> found) {
        return sent.compareAndSet(false, true)
            ? Future.failedFuture(new Failure.Crowded("come again"))
            : Audit.super.around(entry, work, found);
      }
    };
  }

  @Test
  void aBatchDoesNothingTwice() {
    for (int i = 0; i < 5; i++) ward.send("POST", "/fhir/Patient", patient());
    String where = "Patient?identifier=urn:door|" + mark + "&_count=2";
    String id = "p-" + mark;
    ward.send("PUT", "/fhir/Device/" + id, "{\"resourceType\":\"Device\",\"id\":\"" + id + "\"}");
    String guarded = "{\"request\":{\"method\":\"PUT\",\"url\":\"Device/" + id + "\",\"ifMatch\":\"W/\\\"1\\\"\"},"
        + "\"resource\":{\"resourceType\":\"Device\",\"id\":\"" + id + "\",\"lotNumber\":\"2\"}}";

    assertEquals("503", first(failingOnce(2), entry("DELETE", where, null)),
        "the look is kept, the first deletion not");
    assertEquals(3, found(), "of five, by one delete of two");
    assertEquals("503", first(failingOnce(1), guarded), "and not 412 for its own success");
    assertEquals("503", first(crowdedOnce(), entry("DELETE", where, null)));
  }

  @Test
  void whatABatchHasNotBegunBecauseOfTheCrowdIsBegunLater() {
    assertEquals("201", first(crowdedOnce(), entry("POST", "Patient", patient())));
    assertEquals(1, found());
  }

  private static Caller caller(String role) {
    return new Caller(role, null, null, Set.of(role), Roles.BUILT_IN.grants(Set.of(role)), null, null, null);
  }

  private List<Integer> statuses(Caller caller, String type, String... entries) {
    Ask asked = new Ask(caller, ward.base() + "/fhir", "POST", List.of(), List.of(),
        new Ask.Terms(null, null, null, null, null));
    ObjectNode bundle = (ObjectNode) ResourceReader.parsed(("{\"resourceType\":\"Bundle\",\"type\":\"" + type
        + "\",\"entry\":[" + String.join(",", entries) + "]}").getBytes(StandardCharsets.UTF_8), Format.JSON);
    BundleRun run = run(ward.store, 1 << 20);
    try {
      return Ward.get(run.of(asked, Bundled.read(asked, bundle, Ward.get(ResourceRules.load(ward.vertx)))))
          .stream()
          .map(Reply::status)
          .toList();
    } catch (CompletionException refused) {
      return List.of(((Rejected) refused.getCause()).status);
    }
  }

  @Test
  void nobodyMayMoreThroughABundleThanByHimself() {
    String id = ward.send("POST", "/fhir/Patient", patient()).bodyAsJsonObject().getString("id");
    String read = entry("GET", "Patient/" + id, null);
    String[] writes = {entry("POST", "Patient", patient()),
      entry("PUT", "Patient/" + id, patient().replace("\"Patient\",", "\"Patient\",\"id\":\"" + id + "\",")),
      entry("PATCH", "Patient/" + id,
          "{\"resourceType\":\"Parameters\",\"parameter\":[{\"name\":\"operation\",\"part\":[{\"name\":\"type\","
              + "\"valueCode\":\"delete\"},{\"name\":\"path\",\"valueString\":\"Patient.identifier\"}]}]}"),
      entry("DELETE", "Patient/" + id, null), entry("DELETE", "Patient?identifier=urn:door|" + mark, null),
      entry("POST", "Patient/" + id + "/$meta-add", tagged("x"))};
    String[] erasures = {entry("DELETE", "Patient/" + id + "?_hardDelete=true", null),
      entry("DELETE", "Patient?identifier=urn:door|" + mark + "&hardDelete=true", null)};

    for (String write : writes) {
      assertEquals(List.of(403, 200), statuses(caller("FHIR Data Reader"), "batch", write, read));
      assertEquals(List.of(403), statuses(caller("FHIR Data Reader"), "transaction", read, write));
    }
    for (String erasure : erasures) {
      assertEquals(List.of(403, 200), statuses(caller("FHIR Data Writer"), "batch", erasure, read));
      assertEquals(List.of(403), statuses(caller("FHIR Data Writer"), "transaction", read, erasure));
    }
    for (String role : List.of("FHIR Data Reader", "FHIR Data Writer"))
      assertEquals(List.of(403, 200),
          statuses(caller(role), "batch", entry("DELETE", "Patient/" + id + "/$purge-history", null), read));
    assertEquals(List.of(404),
        statuses(caller("FHIR Data Reader"), "batch", entry("GET", "AuditEvent?_count=1", null)));
    assertEquals(1, found());
    assertEquals("W/\"1\"", ward.send("GET", "/fhir/Patient/" + id, (String) null).getHeader("ETag"));
  }

  /** Two of them have their turn and wait for the lock, the others stand in line for longer than anybody stands. */
  @Test
  @Tag("full")
  void entriesThatCrowdEachOtherAreTriedAgain() throws Exception {
    JsonArray entries = new JsonArray();
    for (int i = 0; i < 100; i++)
      entries.add(new JsonObject()
          .put("resource", new JsonObject().put("resourceType", "Location")
              .put("identifier", new JsonArray().add(new JsonObject().put("system", "urn:crowd").put("value", "" + i))))
          .put("request", new JsonObject().put("method", "POST")
              .put("url", "Location")
              .put("ifNoneExist", "identifier=urn:crowd|" + i)));
    String batch = new JsonObject().put("resourceType", "Bundle").put("type", "batch").put("entry", entries).encode();
    List<CompletableFuture<HttpResponse<Buffer>>> answers = new ArrayList<>();
    ward.whileLocked("r_location", "share", () -> {
      answers.add(CompletableFuture.supplyAsync(() -> ward.sendLong("POST", "/fhir", batch)));
      assertThrows(TimeoutException.class, () -> answers.get(0).get(6, TimeUnit.SECONDS));
    });

    JsonArray done = answers.get(0).get(180, TimeUnit.SECONDS).bodyAsJsonObject().getJsonArray("entry");
    assertEquals(List.of(), done.stream()
        .map(one -> ((JsonObject) one).getJsonObject("response"))
        .filter(response -> !response.getString("status").equals("201 Created"))
        .toList());
  }
}
