package io.caregrid.api.fhir;

import static io.caregrid.api.fhir.TypeRoutes.answer;
import static io.caregrid.api.fhir.TypeRoutes.id;
import static io.caregrid.api.fhir.TypeRoutes.of;
import static io.caregrid.api.fhir.TypeRoutes.reading;
import static io.caregrid.api.fhir.TypeRoutes.type;
import static io.caregrid.contract.Access.FHIR_HARD_DELETE;
import static io.caregrid.contract.Access.FHIR_READ;
import static io.caregrid.contract.Access.FHIR_WRITE;
import static io.caregrid.contract.Gate.needs;
import static io.vertx.core.http.HttpMethod.DELETE;
import static io.vertx.core.http.HttpMethod.GET;
import static io.vertx.core.http.HttpMethod.PATCH;
import static io.vertx.core.http.HttpMethod.POST;
import static io.vertx.core.http.HttpMethod.PUT;

import io.caregrid.contract.Failure;
import io.caregrid.store.Edit;
import io.caregrid.store.FhirStore;
import io.vertx.core.Future;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.concurrent.Callable;

/**
 * What changes something: create, update, patch and delete, by id and by condition; bundles; and the histories of types and of the system. Each handler reads
 * what was sent into an {@link Ask} and a {@link Change}; {@link Interactions} does the rest, for requests and entries of bundles alike.
 */
final class WriteRoutes {
  private static final String JSON_PATCH = "application/json-patch+json";

  private final FhirStore store;
  private final Future<ResourceRules> rules;
  private final Interactions interactions;
  private final BundleRun bundles;
  private final BundleRoom room = BundleRoom.HEAP;

  WriteRoutes(FhirStore store, Interactions interactions, EntryOperations operations, Future<ResourceRules> rules) {
    this.store = store;
    this.rules = rules;
    this.interactions = interactions;
    this.bundles = new BundleRun(store, interactions, operations, room.most());
  }

  void mount(Router router, CommonAddresses common) {
    needs(FHIR_READ, router.post("/fhir")).handler(answer(this::bundle));
    needs(FHIR_READ, reading(router.get("/fhir/_history"))).handler(answer(request -> asked(request, "_history")));
    needs(FHIR_READ, reading(of(router, GET, "/fhir/TYPE/_history")))
        .handler(answer(request -> asked(request, type(request), "_history")));
    needs(FHIR_READ, reading(of(router, GET, "/fhir/TYPE/:id/_history")))
        .handler(answer(request -> asked(request, type(request), id(request), "_history")));
    for (HttpMethod verb : List.of(POST, PUT))
      common.serve(needs(FHIR_WRITE, of(router, verb, "/fhir/TYPE")),
          answer(request -> whole(request, type(request))));
    common.serve(needs(FHIR_WRITE, of(router, PUT, "/fhir/TYPE/:id")),
        answer(request -> whole(request, type(request), id(request))));
    common.serve(needs(FHIR_WRITE, of(router, PATCH, "/fhir/TYPE")), answer(request -> patch(request, type(request))));
    common.serve(needs(FHIR_WRITE, of(router, PATCH, "/fhir/TYPE/:id")),
        answer(request -> patch(request, type(request), id(request))));
    common.serve(needs(FHIR_WRITE, of(router, DELETE, "/fhir/TYPE")),
        answer(request -> delete(request, type(request))));
    common.serve(needs(FHIR_WRITE, of(router, DELETE, "/fhir/TYPE/:id")),
        answer(request -> delete(request, type(request), id(request))));
    needs(FHIR_HARD_DELETE, of(router, DELETE, "/fhir/TYPE/:id/" + Interactions.PURGE))
        .handler(answer(request -> interactions.purge(Ask.of(request, type(request), id(request), Interactions.PURGE))
            .compose(reply -> FhirAnswer.send(request, reply))));
  }

  private Future<?> asked(RoutingContext request, String... path) {
    return interactions.ask(store, Ask.of(request, path)).compose(reply -> FhirAnswer.send(request, reply));
  }

  private Future<?> whole(RoutingContext request, String... path) {
    Ask ask = Ask.of(request, path);
    return Bodies.checked(request, rules, path[0])
        .compose(sent -> single(request, ask, new Change.Whole(new OwnAddress(ask.base()).relative(sent))));
  }

  private Future<?> patch(RoutingContext request, String... path) {
    Ask ask = Ask.of(request, path);
    return edit(request).compose(edit -> single(request, ask, new Change.Part(edit)));
  }

  private Future<?> delete(RoutingContext request, String... path) {
    return single(request, Ask.of(request, path), new Change.Nothing());
  }

  private Future<?> single(RoutingContext request, Ask ask, Change change) {
    String provenance = request.request().getHeader(Provenances.HEADER);
    Future<Reply> done = provenance == null
        ? interactions.single(ask, interactions.step(null, ask, change))
        : rules.compose(ready -> interactions.with(Provenances.read(provenance, ready), ask, change));
    return done.compose(reply -> FhirAnswer.send(request, reply));
  }

  private Future<Edit> edit(RoutingContext request) {
    String type = Bodies.mediaType(request.request());
    if (!type.equals(JSON_PATCH) && !type.isEmpty() && Format.of(type) == null)
      throw new Failure.UnsupportedMedia("a patch is " + JSON_PATCH
          + " (RFC 6902), or Parameters of FHIRPath Patch as application/fhir+json or application/fhir+xml");
    if (!type.equals(JSON_PATCH))
      return Bodies.checked(request, rules, "Parameters")
          .compose(sent -> rules
              .map(ready -> new CheckedEdit(FhirPathPatch.read(sent)::apply, ready, FhirAnswer.base(request))));
    return Bodies.read(request)
        .compose(body -> rules.compose(ready -> thought(request, body.length(),
            () -> new CheckedEdit(JsonPatch.read(ResourceReader.parsed(body.getBytes(), Format.JSON))::apply, ready,
                FhirAnswer.base(request)))));
  }

  private static <T> Future<T> thought(RoutingContext request, int bytes, Callable<T> work) {
    if (bytes > Bodies.INLINE_BYTES) return request.vertx().executeBlocking(work, false);
    return Future.succeededFuture().map(now -> {
      try {
        return work.call();
      } catch (RuntimeException refused) {
        throw refused;
      } catch (Exception impossible) {
        throw new IllegalStateException(impossible);
      }
    });
  }

  private Future<?> bundle(RoutingContext request) {
    Ask asked = Ask.of(request);
    if (request.request().getHeader("If-None-Exist") != null)
      throw new Failure.Invalid("If-None-Exist stands in the entries of a bundle, as request.ifNoneExist");
    return room.within(request, body -> rules
        .compose(ready -> thought(request, body.bytes().length(),
            () -> Bundled.read(asked, ResourceReader.read(body.bytes(), body.format(), "Bundle"), ready)))
        .compose(bundle -> bundles.of(asked, bundle, () -> BundleRoom.isGone(request))
            .compose(replies -> thought(request, body.bytes().length(),
                () -> Bundles.response(asked.base(), bundle.isTransaction, replies)))))
        .compose(answer -> FhirAnswer.done(request, 200, answer));
  }
}
