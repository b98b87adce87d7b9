package io.caregrid.events;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Change;
import io.caregrid.contract.Failure;
import io.caregrid.events.RemoteServer.Ask;
import io.caregrid.events.RemoteServer.Reply;
import io.caregrid.store.Deliveries.Delivery;
import io.caregrid.store.FhirStore;
import io.caregrid.templates.observation.GroupKey;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The Observations of devices, to another FHIR server, as they are now. At least once, and doing it again changes nothing there: each is put under the one id that
 * is made of its identifier, and only if what is there is what was seen there ({@code If-Match}, {@code If-None-Match}).
 *
 * <p>What is there is read and merged ({@link RemoteObservation#merged}), unless it is known to be just what this courier has put there. When somebody else
 * was quicker (409, 412), that is forgotten and the Observation is tried again a moment later, by then perhaps by another node: so a frozen one that wakes up
 * puts nothing old over something new. Any thread.
 *
 * <p>Each try stands in the audit trail before anybody goes on from it ({@link Disclosures}). In memory at once: ours of one sending ({@link Contents}), 32 MB of
 * what is there, and what one merge makes of both.
 */
final class FhirCourier implements Courier {
  private static final Logger log = LoggerFactory.getLogger(FhirCourier.class);
  /** Under way at once when each has a request of its own. */
  private static final int TOGETHER = 16;
  private static final int SEEN = 20_000;
  /** Bytes of Observations in one Bundle, unless it is one alone. */
  private static final int BUNDLE = 4 << 20;
  private static final String OBSERVATION = "Observation";
  /** In the trail: nothing was put, since it stands there; perhaps by a try whose entry was lost with its node. */
  private static final int UNCHANGED = 304;
  /** Of a Bundle as such: then each Observation has a request of its own from then on. */
  private static final Set<Integer> NO_BUNDLES = Set.of(400, 404, 405, 413, 415, 422, 501);

  /**
   * What was put there last.
   *
   * @param ours   our version and its time
   * @param key    the id that it has by its identifier
   * @param id     the one that it has there
   * @param there  the version that it has there
   * @param isOurs nothing in it is theirs alone
   * @param about  what it refers to here
   */
  private record Seen(String ours, String key, String id, String there, boolean isOurs, Set<String> about) {}

  /** @param there version that it must have there, null: none is said; @param isNew it must not be there */
  private record Put(Letter letter, String ours, String key, ObjectNode body, String there, boolean isNew,
      boolean isOurs, Set<String> references) {
    String path() {
      return OBSERVATION + "/" + body.path("id").asText();
    }

    Map<String, String> headers() {
      return isNew || there != null ? RemoteServer.unless(there) : Map.of();
    }
  }

  /** An answer, or what has still to be put. */
  private record Step(Answer answer, Put put) {
    static final Step TAKEN = new Step(Answer.TAKEN, null);
    static final Step NOTHING = new Step(Answer.NOTHING, null);
  }

  private final Vertx vertx;
  private final FhirStore store;
  private final Disclosures disclosures;
  private final Target target;
  private final RemoteServer server;
  private final RemoteIdentity identity;
  private final Duration patience;
  private volatile boolean bundles;
  private final Map<String, Seen> seen = new LinkedHashMap<>(64, 0.75f, true) {
    private static final long serialVersionUID = 1;

    @Override
    protected boolean removeEldestEntry(Map.Entry<String, Seen> eldest) {
      return size() > SEEN;
    }
  };

  FhirCourier(Vertx vertx, FhirStore store, Audit audit, Target target, TellMetrics metrics, Duration patience,
      Clock clock) {
    this.vertx = vertx;
    this.store = store;
    this.disclosures = new Disclosures(audit, target);
    this.target = target;
    this.patience = patience;
    this.server = new RemoteServer(vertx, target.config(),
        (kind, status, nanos) -> metrics.requested(target.name(), kind, status, nanos), patience, clock);
    this.identity = new RemoteIdentity(store, server, disclosures, target.reader(), target.config().creates(),
        target.config().anySystem());
    this.bundles = target.config().batch() > 1;
  }

  /** What left is not told before it is in the trail: then it is sent again, which changes nothing there. */
  @Override
  public Future<List<Answer>> send(List<Letter> letters) {
    return disclosures.kept()
        .compose(before -> sent(letters))
        .compose(answers -> disclosures.kept().map(answers))
        .recover(cause -> cause instanceof Failure.Busy
            ? Future.succeededFuture(Collections.nCopies(letters.size(), Answer.waits(503, Audit.CLOSED)))
            : Future.failedFuture(cause))
        .onComplete(done -> server.letGo());
  }

  private Future<List<Answer>> sent(List<Letter> letters) {
    long end = System.nanoTime() + patience.toNanos();
    List<Future<Step>> steps = new ArrayList<>();
    for (Letter letter : letters)
      steps.add(step(letter, end).otherwise(cause -> new Step(Verdict.of(cause), null)));
    return Future.join(steps).compose(ready -> {
      List<Put> puts = steps.stream().map(Future::result).filter(one -> one.put() != null).map(Step::put).toList();
      return put(puts, end).map(put -> {
        disclosed(puts, put);
        return steps.stream()
            .map(Future::result)
            .map(one -> one.put() == null ? one.answer() : put.get(one.put()))
            .toList();
      });
    });
  }

  private void disclosed(List<Put> puts, Map<Put, Answer> answers) {
    Map<Integer, List<Put>> alike = new TreeMap<>();
    for (Put put : puts) alike.computeIfAbsent(answers.get(put).status(), first -> new ArrayList<>()).add(put);
    alike.forEach((status, some) -> disclosed("PUT", some, status));
  }

  private void disclosed(String how, List<Put> puts, int status) {
    disclosures.add(how,
        puts.stream().map(put -> OBSERVATION + "/" + put.letter().delivery().id()).toList(),
        puts.stream().flatMap(put -> put.references().stream()).collect(Collectors.toCollection(LinkedHashSet::new)),
        status);
  }

  private Future<Step> step(Letter letter, long end) {
    Delivery delivery = letter.delivery();
    if (delivery.op() == null) {
      synchronized (seen) {
        seen.clear(); // the feed was broken: versions may be others under the same number
      }
      return Future.succeededFuture(Step.NOTHING);
    }
    if (delivery.op() == Change.Op.DELETE)
      return target.config().deletes() ? deleted(delivery, end) : Future.succeededFuture(Step.NOTHING);
    if (delivery.bare())
      return Future.succeededFuture(new Step(Answer.refused(422, "the target's filter fails on it"), null));
    // gone since: its deletion is told by itself
    if (letter.resource() == null) return Future.succeededFuture(Step.NOTHING);
    return aside(() -> wanted(letter.resource()))
        .compose(ours -> ours == null ? Future.succeededFuture(Step.NOTHING) : next(letter, ours, end));
  }

  /** Off the event loop: an Observation of a day is a megabyte. */
  private <T> Future<T> aside(Callable<T> work) {
    return vertx.executeBlocking(work, false);
  }

  /** The same, one after the other: samples take ten times their bytes while they are put together. */
  private <T> Future<T> oneByOne(Callable<T> work) {
    return vertx.executeBlocking(work, true);
  }

  /** Null: it is not for this target. */
  private ObjectNode wanted(Buffer resource) {
    JsonNode tree = Trees.read(resource);
    return target.wants(tree) ? (ObjectNode) tree : null;
  }

  private static String versionOf(ObjectNode ours) {
    JsonNode meta = ours.path("meta");
    return meta.path("versionId").asText() + " " + meta.path("lastUpdated").asText();
  }

  private Future<Step> next(Letter letter, ObjectNode ours, long end) {
    String version = versionOf(ours);
    Seen last = seen(letter.delivery().id());
    if (last != null && last.ours().equals(version)) return Future.succeededFuture(Step.NOTHING);
    Set<String> references = RemoteObservation.references(ours);
    return identity.of(references, end)
        .compose(theirs -> aside(() -> RemoteObservation.translated(ours, theirs)))
        .onFailure(cause -> {
          if (cause instanceof Refusal) identity.forget(references);
        })
        .compose(translated -> {
          String key = translated.path("id").asText();
          if (last != null && last.isOurs() && last.key().equals(key)) {
            translated.put("id", last.id());
            return Future.succeededFuture(new Step(null,
                new Put(letter, version, key, translated, last.there(), false, true, references)));
          }
          return there(translated, end).compose(there -> there == null
              ? Future.succeededFuture(
                  new Step(null, new Put(letter, version, key, translated, null, true, true, references)))
              : oneByOne(() -> merged(letter, version, translated, there, references)));
        });
  }

  private Step merged(Letter letter, String version, ObjectNode translated, ObjectNode there, Set<String> references) {
    if (!RemoteObservation.isOfSameSubject(there, translated)) {
      identity.forget(references);
      throw new RemoteIdentity.Missing("the Observation there is about somebody else");
    }
    RemoteObservation.Merged merged = RemoteObservation.merged(there, translated);
    String has = there.path("meta").path("versionId").textValue();
    Put put = new Put(letter, version, translated.path("id").asText(), merged.resource(), has, false, merged.isOurs(),
        references);
    if (!merged.isTheirs()) return new Step(null, put);
    remember(put, has);
    disclosed("PUT", List.of(put), UNCHANGED);
    return Step.TAKEN;
  }

  /** As it is there: under its id, which no index can be late with, or under another with its identifier. Null: nowhere. */
  private Future<ObjectNode> there(ObjectNode translated, long end) {
    return server.ask(Ask.read(OBSERVATION + "/" + translated.path("id").asText()), end).compose(reply -> {
      if (reply.isNone())
        return byIdentifier(RemoteObservation.identifier(translated), end)
            .compose(found -> found == null && reply.status() == 410
                ? Future.failedFuture(new Refusal(410, "it was deleted there, and stays so"))
                : Future.succeededFuture(found));
      boolean isOne = reply.isGood() && reply.body().path("resourceType").asText().equals(OBSERVATION);
      return isOne
          ? Future.succeededFuture((ObjectNode) reply.body())
          : Future.failedFuture(new RemoteIdentity.Refused(reply));
    });
  }

  private Future<ObjectNode> byIdentifier(String value, long end) {
    return identity.found(OBSERVATION, GroupKey.SYSTEM, value, end)
        .compose(found -> found.size() > 1
            ? Future.failedFuture(new RemoteIdentity.Missing("several Observations there have its identifier"))
            : Future.succeededFuture(found.isEmpty() ? null : (ObjectNode) found.get(0)));
  }

  /** An answer for each. */
  private Future<Map<Put, Answer>> put(List<Put> puts, long end) {
    return bundles && puts.size() > 1 ? bundled(puts, end) : alone(puts, end);
  }

  private Future<Map<Put, Answer>> alone(List<Put> puts, long end) {
    Map<Put, Answer> answers = Collections.synchronizedMap(new IdentityHashMap<>());
    List<Future<Answer>> all = new ArrayList<>();
    for (Put put : puts)
      all.add(server.ask(Ask.put(put.path(), put.headers(), Trees.bytes(put.body())), end)
          .map(reply -> outcome(put, reply.status(), reply.version(), reply.retryAfter()))
          .otherwise(cause -> unknown(put, cause))
          .onSuccess(answer -> answers.put(put, answer)));
    return Future.join(all).map(answers);
  }

  /** In Bundles that are not too large, one after the other. */
  private Future<Map<Put, Answer>> bundled(List<Put> puts, long end) {
    List<List<Put>> parts = new ArrayList<>();
    long bytes = 0;
    for (Put put : puts) {
      int more = Trees.bytes(put.body()).length();
      if (parts.isEmpty() || bytes + more > BUNDLE) {
        parts.add(new ArrayList<>());
        bytes = 0;
      }
      bytes += more;
      parts.get(parts.size() - 1).add(put);
    }
    Map<Put, Answer> all = new IdentityHashMap<>();
    Future<?> done = Future.succeededFuture();
    for (List<Put> part : parts)
      done = done.compose(next -> bundles && part.size() > 1 ? together(part, end) : alone(part, end))
          .onSuccess(all::putAll);
    return done.map(all);
  }

  /** In one request: a batch, so that each has an outcome of its own (FHIR R4 http.html#transaction). */
  private Future<Map<Put, Answer>> together(List<Put> puts, long end) {
    ObjectNode bundle = Trees.object().put("resourceType", "Bundle").put("type", "batch");
    ArrayNode entries = bundle.putArray("entry");
    for (Put put : puts) {
      ObjectNode entry = entries.addObject();
      entry.set("resource", put.body());
      ObjectNode request = entry.putObject("request").put("method", "PUT").put("url", put.path());
      put.headers().forEach((name, value) -> request.put(name.equals("If-Match") ? "ifMatch" : "ifNoneMatch", value));
    }
    return server.ask(new Ask(HttpMethod.POST, "", Map.of(), Trees.bytes(bundle), false), end)
        .compose(reply -> {
          JsonNode outcomes = reply.body().path("entry");
          boolean isBatch = reply.isGood() && outcomes.size() == puts.size();
          if (!isBatch && (reply.isGood() || NO_BUNDLES.contains(reply.status()))) return noBundles(puts, reply, end);
          Map<Put, Answer> answers = new IdentityHashMap<>();
          for (int i = 0; i < puts.size(); i++)
            answers.put(puts.get(i), isBatch
                ? outcome(puts.get(i), outcomes.get(i).path("response"), reply.retryAfter())
                : Verdict.of(reply));
          return Future.succeededFuture(answers);
        })
        .recover(cause -> {
          Map<Put, Answer> answers = new IdentityHashMap<>();
          puts.forEach(put -> answers.put(put, unknown(put, cause)));
          return Future.succeededFuture(answers);
        });
  }

  /** It may be there, or not. */
  private Answer unknown(Put put, Throwable cause) {
    forget(put.letter());
    return Verdict.of(cause);
  }

  private Future<Map<Put, Answer>> noBundles(List<Put> puts, Reply reply, long end) {
    log.warn("a FHIR server takes no batches, each Observation has a request of its own target={} status={}",
        target.name(), reply.status());
    bundles = false;
    disclosed("POST", puts, reply.status());
    return alone(puts, end);
  }

  private Answer outcome(Put put, JsonNode response, Duration retryAfter) {
    String status = response.path("status").asText();
    int code = status.matches("\\d{3}\\b.*") ? Integer.parseInt(status.substring(0, 3)) : 0;
    return outcome(put, code, RemoteServer.version(response.path("etag").asText()), retryAfter);
  }

  private Answer outcome(Put put, int status, String version, Duration retryAfter) {
    if (status >= 200 && status < 300) {
      remember(put, version);
      return Answer.TAKEN;
    }
    forget(put.letter());
    if (status == 400 || status == 409 || status == 412 || status == 422) identity.forget(put.references());
    if (put.there() != null && (status == 404 || status == 410))
      return Answer.waits(status, "HTTP " + status + ": it is no longer there");
    return Verdict.of(status, retryAfter);
  }

  /** Where it was put, as far as that is remembered; else what it was, to find it there. */
  private Future<Step> deleted(Delivery delivery, long end) {
    Seen last = seen(delivery.id());
    if (last != null)
      return server.ask(Ask.read(OBSERVATION + "/" + last.id()), end).compose(reply -> {
        if (reply.isNone()) return Future.succeededFuture(Step.TAKEN);
        return reply.isGood() && reply.body().path("resourceType").asText().equals(OBSERVATION)
            ? deleted(delivery, (ObjectNode) reply.body(), last.about(), end)
            : Future.succeededFuture(new Step(Verdict.of(reply), null));
      });
    return store.vread(target.reader(), delivery.type(), delivery.id(), delivery.version() - 1)
        .compose(stored -> aside(() -> wanted(stored.body())))
        .compose(ours -> {
          if (ours == null) return Future.succeededFuture(Step.NOTHING);
          Set<String> about = RemoteObservation.references(ours);
          return identity.of(about, end)
              .compose(theirs -> there(RemoteObservation.translated(ours, theirs), end))
              .compose(there -> there == null
                  ? Future.succeededFuture(Step.TAKEN)
                  : deleted(delivery, there, about, end));
        })
        .recover(cause -> {
          if (cause instanceof Refusal refusal && refusal.status() == 410) return Future.succeededFuture(Step.TAKEN);
          return cause instanceof Failure.NotFound || cause instanceof Failure.Gone
              ? Future.succeededFuture(new Step(
                  Answer.refused(422, "it is erased here, so that it cannot be found there: delete it there"), null))
              : Future.failedFuture(cause);
        });
  }

  private Future<Step> deleted(Delivery delivery, ObjectNode there, Set<String> about, long end) {
    String version = there.path("meta").path("versionId").textValue();
    Map<String, String> headers = version == null ? Map.of() : RemoteServer.unless(version);
    Ask ask = new Ask(HttpMethod.DELETE, OBSERVATION + "/" + there.path("id").asText(), headers, null, false);
    return server.ask(ask, end)
        .onComplete(asked -> disclosures.add("DELETE", List.of(OBSERVATION + "/" + delivery.id()), about,
            asked.succeeded() ? asked.result().status() : 0))
        .map(reply -> {
          synchronized (seen) {
            seen.remove(delivery.id());
          }
          return reply.isGood() || reply.isNone()
              ? Step.TAKEN
              : new Step(Verdict.of(reply.status(), reply.retryAfter()), null);
        });
  }

  private Seen seen(String id) {
    synchronized (seen) {
      return seen.get(id);
    }
  }

  /** @param version there; null: it is not said, and has to be read next time */
  private void remember(Put put, String version) {
    String id = put.letter().delivery().id();
    synchronized (seen) {
      if (version == null) seen.remove(id);
      else
        seen.put(id, new Seen(put.ours(), put.key(), put.body().path("id").asText(), version, put.isOurs(),
            put.references()));
    }
  }

  private void forget(Letter letter) {
    synchronized (seen) {
      seen.remove(letter.delivery().id());
    }
  }

  @Override
  public void changed(List<Change> changes) {
    identity.forget(changes.stream().map(change -> change.type() + "/" + change.id()).toList());
  }

  @Override
  public int most() {
    return Math.max(TOGETHER, target.config().batch());
  }

  @Override
  public Future<Void> close() {
    return server.close();
  }
}
