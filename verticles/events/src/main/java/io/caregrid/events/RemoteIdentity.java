package io.caregrid.events;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.caregrid.events.RemoteServer.Ask;
import io.caregrid.events.RemoteServer.Reply;
import io.caregrid.store.FhirStore;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Who a Patient, a Device or an Encounter of this house is on another server: found by its identifiers, one after the other; or made there, with its identifiers
 * and nothing else, under the id that the connector would have given, so that whoever makes it at the same time makes the same one. Encounters are never made.
 *
 * <p>Found ones are remembered for an hour, {@link #MOST} at most, missing ones for half a minute. Any thread.
 */
final class RemoteIdentity {
  private static final int MOST = 20_000;
  private static final long FOUND = Duration.ofHours(1).toNanos();
  private static final long MISSING = Duration.ofSeconds(30).toNanos();
  private static final Pattern REFERENCE = Pattern.compile("(Patient|Device|Encounter)/([A-Za-z0-9\\-.]{1,64})");
  private static final Pattern ID = Pattern.compile("[A-Za-z0-9\\-.]{1,64}");
  private static final Set<String> MADE = Set.of("Patient", "Device");

  /** What is known of one. @param there null: it is not there, {@code problem} says why; @param until by System.nanoTime */
  private record Known(String there, String problem, long until) {}

  /** There is nobody there for it. The message names types and settings only. */
  static final class Missing extends RuntimeException {
    private static final long serialVersionUID = 1;

    Missing(String why) {
      super(why, null, false, false);
    }
  }

  /** The server does not answer as it should. */
  static final class Refused extends RuntimeException {
    private static final long serialVersionUID = 1;
    private final transient Reply reply;

    Refused(Reply reply) {
      super(null, null, false, false);
      this.reply = reply;
    }

    Reply reply() {
      return reply;
    }
  }

  private final FhirStore store;
  private final RemoteServer server;
  private final Disclosures disclosures;
  private final Caller reader;
  private final boolean creates;
  private final boolean anySystem;
  private final Map<String, Known> known = new LinkedHashMap<>(64, 0.75f, true) {
    private static final long serialVersionUID = 1;

    @Override
    protected boolean removeEldestEntry(Map.Entry<String, Known> eldest) {
      return size() > MOST;
    }
  };
  private final Map<String, Future<String>> asking = new HashMap<>();

  /**
   * @param creates   whether who is missing there is made
   * @param anySystem whether an identifier without system here is that of a Patient or an Encounter there with any system
   */
  RemoteIdentity(FhirStore store, RemoteServer server, Disclosures disclosures, Caller reader, boolean creates,
      boolean anySystem) {
    this.store = store;
    this.server = server;
    this.disclosures = disclosures;
    this.reader = reader;
    this.creates = creates;
    this.anySystem = anySystem;
  }

  /** Reference here → reference there, of all of them. Fails with Missing, Refused, Unheard, Busy 503. */
  Future<Map<String, String>> of(Iterable<String> references, long end) {
    Future<Map<String, String>> all = Future.succeededFuture(new LinkedHashMap<>());
    for (String reference : references)
      all = all.compose(before -> there(reference, before, end).map(there -> {
        before.put(reference, there);
        return before;
      }));
    return all;
  }

  /** Something went wrong with a resource that names these: they are looked for anew. */
  synchronized void forget(Iterable<String> references) {
    references.forEach(known::remove);
  }

  /** @param before what is known of the Observation's other references already */
  private Future<String> there(String reference, Map<String, String> before, long end) {
    Matcher local = REFERENCE.matcher(reference);
    if (!local.matches())
      return Future.failedFuture(new Missing(
          "it is about something else than a Patient, a Device and an Encounter of this house"));
    synchronized (this) {
      Known one = known.get(reference);
      if (one != null && System.nanoTime() - one.until() < 0)
        return one.there() != null
            ? Future.succeededFuture(one.there())
            : Future.failedFuture(new Missing(one.problem()));
      Future<String> asked = asking.get(reference);
      if (asked != null) return asked;
      asked = looked(local.group(1), local.group(2), Map.copyOf(before), end);
      asking.put(reference, asked);
      asked.onComplete(done -> remember(reference, done.result(), done.cause()));
      return asked;
    }
  }

  private synchronized void remember(String reference, String there, Throwable cause) {
    asking.remove(reference);
    if (there != null) known.put(reference, new Known(there, null, System.nanoTime() + FOUND));
    else
      if (cause instanceof Missing)
        known.put(reference, new Known(null, cause.getMessage(), System.nanoTime() + MISSING));
  }

  private Future<String> looked(String type, String id, Map<String, String> before, long end) {
    return store.read(reader, type, id)
        .recover(cause -> cause instanceof Failure.Busy
            ? Future.failedFuture(cause)
            : Future.failedFuture(new Missing("its " + type + " cannot be read here")))
        .compose(stored -> {
          JsonNode own = Trees.read(stored.body());
          List<JsonNode> identifiers = identifiers(own);
          if (identifiers.isEmpty())
            return Future.failedFuture(new Missing("its " + type + " has no identifier here to find it there by"));
          return first(type, identifiers, 0, null, end).compose(found -> found != null
              ? Future.succeededFuture(type + "/" + found)
              : creates && MADE.contains(type)
                  ? made(type, id, own, identifiers, before, end)
                  : Future.failedFuture(new Missing("no " + type + " there has an identifier of its " + type)));
        });
  }

  private static List<JsonNode> identifiers(JsonNode resource) {
    List<JsonNode> all = new ArrayList<>();
    for (JsonNode identifier : resource.path("identifier"))
      if (!identifier.path("value").asText().isBlank() && !identifier.path("use").asText().equals("old"))
        all.add(identifier);
    return all;
  }

  /** Who carries one of them. All are asked, since they may be of two there. Null: none of them. @param so whom those before have found, null: nobody */
  private Future<String> first(String type, List<JsonNode> identifiers, int n, String so, long end) {
    if (n == identifiers.size()) return Future.succeededFuture(so);
    JsonNode identifier = identifiers.get(n);
    return found(type, identifier.path("system").asText(), identifier.path("value").asText(), end).compose(found -> {
      List<JsonNode> valid = found.stream().filter(RemoteIdentity::isValid).toList();
      if (valid.size() > 1)
        return missing("several " + type + "s there have the same identifier as its " + type);
      if (valid.isEmpty() && !found.isEmpty()) return missing("its " + type + " is no longer in use there");
      String one = valid.isEmpty() ? so : valid.get(0).path("id").asText();
      if (so != null && !so.equals(one))
        return missing("the identifiers of its " + type + " belong to two " + type + "s there");
      return first(type, identifiers, n + 1, one, end);
    });
  }

  private static <T> Future<T> missing(String why) {
    return Future.failedFuture(new Missing(why));
  }

  /** Not one who was merged into another, nor one entered in error. */
  static boolean isValid(JsonNode there) {
    for (JsonNode link : there.path("link")) if (link.path("type").asText().equals("replaced-by")) return false;
    return there.path("active").asBoolean(true) && !there.path("status").asText().equals("entered-in-error");
  }

  /** Those that really have it: servers were seen to compare only its beginning. Fails with Missing, Refused, Unheard. */
  Future<List<JsonNode>> found(String type, String system, String value, long end) {
    return server.ask(Ask.search(type, system, value), end).compose(reply -> {
      if (!reply.isGood() || !reply.body().path("resourceType").asText().equals("Bundle"))
        return Future.failedFuture(new Refused(reply));
      for (JsonNode link : reply.body().path("link"))
        if (link.path("relation").asText().equals("next"))
          return missing("too many " + type + "s there are found by one identifier of its " + type);
      List<JsonNode> all = new ArrayList<>();
      for (JsonNode entry : reply.body().path("entry")) {
        JsonNode resource = entry.path("resource");
        if (resource.path("resourceType").asText().equals(type) && ID.matcher(resource.path("id").asText()).matches()
            && carries(resource, system, value, anySystem || type.equals("Device")))
          all.add(resource);
      }
      return Future.succeededFuture(all);
    });
  }

  /** @param anySystem none here is like any there: numbers of devices are unlike each other, those of patients begin at 1 in every house */
  static boolean carries(JsonNode resource, String system, String value, boolean anySystem) {
    String own = system == null ? "" : system;
    for (JsonNode identifier : resource.path("identifier"))
      if (identifier.path("value").asText().equals(value)
          && (own.isEmpty() && anySystem || identifier.path("system").asText().equals(own)))
        return true;
    return false;
  }

  /** What is under its id there is read first, since not every server heeds {@code If-None-Match}: nobody's record is overwritten. */
  private Future<String> made(String type, String here, JsonNode own, List<JsonNode> identifiers,
      Map<String, String> before, long end) {
    ObjectNode made = Trees.object().put("resourceType", type);
    JsonNode first = identifiers.get(0);
    String id = RemoteObservation.idOf(first.path("system").asText(), first.path("value").asText());
    made.put("id", id);
    for (JsonNode identifier : identifiers) {
      ObjectNode copy = made.withArray("identifier").addObject();
      if (!identifier.path("system").asText().isEmpty()) copy.put("system", identifier.path("system").asText());
      copy.put("value", identifier.path("value").asText());
    }
    String whose = own.path("patient").path("reference").asText();
    String patient = type.equals("Device") ? before.get(whose) : null;
    if (patient != null) made.putObject("patient").put("reference", patient);
    String reference = type + "/" + here;
    Set<String> about = patient == null ? Set.of(reference) : Set.of(reference, whose);
    String path = type + "/" + id;
    return server.ask(Ask.read(path), end).compose(reply -> {
      if (reply.status() != 404) return whose(reply, path, first);
      Future<Reply> sent = server.ask(Ask.put(path, RemoteServer.unless(null), Trees.bytes(made)), end)
          .onComplete(done -> disclosures.add("PUT", List.of(reference), about,
              done.succeeded() ? done.result().status() : 0));
      return sent.compose(put -> {
        if (put.status() == 201) return Future.succeededFuture(path);
        // somebody else has made it since, or the server does not say
        return put.isGood() || put.status() == 412
            ? server.ask(Ask.read(path), end).compose(there -> whose(there, path, first))
            : Future.failedFuture(new Refused(put));
      });
    });
  }

  /** The path, when who is there carries the identifier that it is made of. */
  private static Future<String> whose(Reply reply, String path, JsonNode identifier) {
    if (reply.status() == 410) return missing("who was made there was deleted there: " + path.replaceFirst("/.*", ""));
    if (!reply.isGood()) return Future.failedFuture(new Refused(reply));
    boolean isIt = carries(reply.body(), identifier.path("system").asText(), identifier.path("value").asText(), false);
    return isIt && isValid(reply.body())
        ? Future.succeededFuture(path)
        : missing("another " + path.replaceFirst("/.*", "") + " there has the id that it would be given");
  }
}
