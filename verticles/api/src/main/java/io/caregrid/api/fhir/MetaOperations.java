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

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.api.fhir.r4.Trees;
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
import java.util.concurrent.Callable;
import java.util.function.Function;

/**
 * {@code $meta}, {@code $meta-add} and {@code $meta-delete} of one resource (FHIR R4 resource-operations.html): profiles, tags and security labels, added to or
 * taken from those that are there, whoever else writes at the same time. A change is a new version like any other. {@code $meta} of a type, or of the system, tells those
 * that current resources have.
 */
final class MetaOperations implements Routes {
  private static final String NAME = "$meta";
  private final FhirStore store;
  private final Interactions interactions;
  private final Future<ResourceRules> rules;

  MetaOperations(FhirStore store, Interactions interactions, Future<ResourceRules> rules) {
    this.store = store;
    this.interactions = interactions;
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
    needs(FHIR_WRITE, of(router, POST, "/fhir/TYPE/:id/$meta-add"))
        .handler(answer(request -> change(request, MetaEdit.ADD)));
    needs(FHIR_WRITE, of(router, POST, "/fhir/TYPE/:id/$meta-delete"))
        .handler(answer(request -> change(request, MetaEdit.DELETE)));
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

  private Future<?> change(RoutingContext request, String operation) {
    Ask ask = Ask.of(request, type(request), id(request), operation);
    return Bodies.checked(request, rules, "Parameters")
        .map(sent -> new Change.Part(MetaEdit.of(operation, sent)))
        .compose(change -> interactions.single(ask, interactions.step(null, ask, change)))
        .compose(reply -> FhirAnswer.done(request, 200, reply.body()));
  }

  private static ArrayNode array(ObjectNode object, String name) {
    return object.get(name) instanceof ArrayNode there ? there : object.putArray(name);
  }

  /** Which labels this version has. */
  static Future<Reply> told(Stored stored) {
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
