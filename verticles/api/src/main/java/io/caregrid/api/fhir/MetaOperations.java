package io.caregrid.api.fhir;

import static io.caregrid.api.fhir.TypeRoutes.answer;
import static io.caregrid.api.fhir.TypeRoutes.id;
import static io.caregrid.api.fhir.TypeRoutes.of;
import static io.caregrid.api.fhir.TypeRoutes.reading;
import static io.caregrid.api.fhir.TypeRoutes.type;
import static io.caregrid.contract.Access.FHIR_READ;
import static io.caregrid.contract.Access.FHIR_WRITE;
import static io.caregrid.contract.Gate.needs;
import static io.vertx.core.http.HttpMethod.GET;
import static io.vertx.core.http.HttpMethod.POST;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.api.Requests;
import io.caregrid.api.fhir.r4.Trees;
import io.caregrid.contract.Failure;
import io.caregrid.contract.OperationOutcome;
import io.caregrid.contract.OperationOutcome.Issue;
import io.caregrid.contract.Routes;
import io.caregrid.store.FhirStore;
import io.caregrid.store.Labels;
import io.caregrid.store.Reading;
import io.caregrid.store.Stored;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.BiConsumer;
import java.util.function.Function;

/**
 * {@code $meta}, {@code $meta-add} and {@code $meta-delete} of one resource (FHIR R4 resource-operations.html): profiles, tags and security labels, added to or
 * taken from those that are there, whoever else writes at the same time. A change is a new version like any other. {@code $meta} of a type, or of the system, tells those
 * that current resources have.
 */
final class MetaOperations implements Routes {
  private static final String NAME = "$meta";
  private static final List<String> LABELS = List.of("profile", "security", "tag");
  private static final int ATTEMPTS = 10;
  private final FhirStore store;
  private final Future<ResourceRules> rules;

  MetaOperations(FhirStore store, Future<ResourceRules> rules) {
    this.store = store;
    this.rules = rules;
  }

  @Override
  public void mount(Router router) {
    needs(FHIR_READ, reading(router.get("/fhir/$meta"))).handler(Negotiation::check)
        .handler(answer(request -> labels(request, NAME)));
    needs(FHIR_READ, router.post("/fhir/$meta")).handler(Negotiation::check)
        .handler(answer(asked(request -> labels(request, NAME))));
    needs(FHIR_READ, reading(of(router, GET, "/fhir/TYPE/$meta")))
        .handler(answer(request -> labels(request, type(request), NAME)));
    needs(FHIR_READ, of(router, POST, "/fhir/TYPE/$meta"))
        .handler(answer(asked(request -> labels(request, type(request), NAME))));
    needs(FHIR_READ, reading(of(router, GET, "/fhir/TYPE/:id/$meta"))).handler(answer(this::meta));
    needs(FHIR_READ, of(router, POST, "/fhir/TYPE/:id/$meta")).handler(answer(asked(this::meta)));
    needs(FHIR_WRITE, of(router, POST, "/fhir/TYPE/:id/$meta-add")).handler(answer(changing(MetaOperations::add)));
    needs(FHIR_WRITE, of(router, POST, "/fhir/TYPE/:id/$meta-delete"))
        .handler(answer(changing(MetaOperations::remove)));
  }

  private Future<?> meta(RoutingContext request) {
    return ofOne(store, Ask.of(request, type(request), id(request), NAME))
        .compose(reply -> FhirAnswer.done(request, 200, reply.body()));
  }

  /** Of one resource. @param reading the store, or a transaction's view of it */
  Future<Reply> ofOne(Reading reading, Ask ask) {
    return reading.read(ask.caller(), ask.type(), ask.id()).compose(MetaOperations::told);
  }

  /** By POST, with Parameters or with nothing: there is nothing to be said in them. */
  private Function<RoutingContext, Future<?>> asked(Function<RoutingContext, Future<?>> meta) {
    return request -> request.request().getHeader(HttpHeaders.CONTENT_TYPE) == null
        ? meta.apply(request)
        : Bodies.checked(request, rules, "Parameters").compose(empty -> meta.apply(request));
  }

  private Future<?> labels(RoutingContext request, String... path) {
    return ofMany(Ask.of(request, path)).compose(reply -> FhirAnswer.json(request, 200, reply.body()));
  }

  /** Of a type, or of all. */
  Future<Reply> ofMany(Ask ask) {
    return store.labels(ask.caller(), ask.path().size() == 1 ? null : ask.type())
        .compose(labels -> aside(() -> Buffer.buffer(Trees.write(parameters(labels)))))
        .map(Reply::answer);
  }

  /** FHIR has no empty objects: without labels there is no parameter. */
  private static ObjectNode parameters(Labels labels) {
    ObjectNode answer = JsonNodeFactory.instance.objectNode().put("resourceType", "Parameters");
    ObjectNode meta = answer.objectNode();
    labels.profiles().forEach(profile -> array(meta, "profile").add(profile));
    labels.security().forEach(label -> array(meta, "security").add(label));
    labels.tags().forEach(label -> array(meta, "tag").add(label));
    if (!meta.isEmpty()) array(answer, "parameter").addObject().put("name", "return").set("valueMeta", meta);
    if (!labels.notes().isEmpty())
      array(answer, "parameter").addObject()
          .put("name", "outcome")
          .set("resource", Trees.own(OperationOutcome.of(labels.notes()
              .stream()
              .map(note -> Issue.warning("incomplete", note))
              .toList()).getBytes()));
    return answer;
  }

  private Function<RoutingContext, Future<?>> changing(BiConsumer<ObjectNode, ObjectNode> change) {
    return request -> Bodies.checked(request, rules, "Parameters")
        .map(MetaOperations::given)
        .compose(given -> changed(request, given, change, ATTEMPTS))
        .compose(MetaOperations::told)
        .compose(reply -> FhirAnswer.done(request, 200, reply.body()));
  }

  private static ObjectNode given(ObjectNode parameters) {
    for (JsonNode parameter : parameters.path("parameter")) {
      if (parameter.path("name").asText().equals("meta") && parameter.get("valueMeta") instanceof ObjectNode meta) {
        return meta;
      }
    }
    throw new Failure.Invalid("the Parameters must have one parameter, meta, with a valueMeta", "Parameters.parameter");
  }

  private Future<Stored> changed(RoutingContext request, ObjectNode given, BiConsumer<ObjectNode, ObjectNode> change,
      int attempts) {
    String type = type(request);
    String id = id(request);
    return store.read(Requests.caller(request), type, id)
        .compose(stored -> request.vertx()
            .executeBlocking(() -> relabelled(stored, given, change), false)
            .compose(resource -> store.update(Requests.caller(request), type, id, resource,
                OptionalInt.of(stored.version()))))
        .recover(lost -> lost instanceof Failure.PreconditionFailed && attempts > 1
            ? changed(request, given, change, attempts - 1)
            : Future.failedFuture(lost));
  }

  private static ObjectNode relabelled(Stored stored, ObjectNode given, BiConsumer<ObjectNode, ObjectNode> change) {
    ObjectNode resource = Trees.own(stored.body().getBytes());
    ObjectNode meta = resource.get("meta") instanceof ObjectNode there ? there : resource.putObject("meta");
    change.accept(meta, given);
    return resource;
  }

  private static void add(ObjectNode meta, ObjectNode given) {
    for (String name : LABELS) {
      Set<Object> there = new HashSet<>();
      for (JsonNode label : meta.path(name)) there.add(key(label));
      for (JsonNode label : given.path(name)) {
        if (there.add(key(label))) array(meta, name).add(label);
      }
    }
  }

  private static void remove(ObjectNode meta, ObjectNode given) {
    for (String name : LABELS) {
      if (!(meta.get(name) instanceof ArrayNode there)) continue;
      Set<Object> gone = new HashSet<>();
      for (JsonNode label : given.path(name)) gone.add(key(label));
      ArrayNode kept = meta.arrayNode();
      for (JsonNode label : there) {
        if (!gone.contains(key(label))) kept.add(label);
      }
      if (kept.isEmpty()) meta.remove(name);
      else meta.set(name, kept);
    }
  }

  private static ArrayNode array(ObjectNode meta, String name) {
    return meta.get(name) instanceof ArrayNode there ? there : meta.putArray(name);
  }

  /** A label is its system and code, a profile its URL. */
  private static Object key(JsonNode one) {
    return one.isObject() ? List.of(one.path("system").asText(), one.path("code").asText()) : one.asText();
  }

  private static Future<Reply> told(Stored stored) {
    return aside(() -> parameters(Trees.own(stored.body().getBytes()))).map(Reply::answer);
  }

  /** On a worker thread. */
  private static <T> Future<T> aside(Callable<T> work) {
    return Vertx.currentContext().executeBlocking(work, false);
  }

  private static Buffer parameters(ObjectNode resource) {
    ObjectNode answer = resource.objectNode().put("resourceType", "Parameters");
    answer.putArray("parameter").addObject().put("name", "return").set("valueMeta", resource.path("meta"));
    return Buffer.buffer(Trees.write(answer));
  }
}
