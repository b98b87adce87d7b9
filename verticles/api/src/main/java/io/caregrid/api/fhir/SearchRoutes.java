package io.caregrid.api.fhir;

import static io.caregrid.contract.Access.FHIR_READ;
import static io.caregrid.contract.Gate.needs;

import io.caregrid.contract.Failure;
import io.caregrid.store.FhirStore;
import io.caregrid.store.SearchQuery.Param;
import io.vertx.core.Future;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.Route;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.function.Function;

/** The addresses of searches that are not over one type: over several, and within a compartment (FHIR R4 http.html#search). */
final class SearchRoutes {
  /** {@code GET /fhir?…} is sent on to here: the base itself is open to everybody, what it finds is not. */
  static final String SYSTEM = "/fhir/_search";
  private static final String COMPARTMENT = "/fhir/(?<of>[A-Z][A-Za-z]*)/(?<id>[A-Za-z0-9\\-.]{1,64})/(?<what>\\*|[A-Z][A-Za-z]*)";

  private final FhirStore store;
  private final Interactions interactions;

  SearchRoutes(FhirStore store, Interactions interactions) {
    this.store = store;
    this.interactions = interactions;
  }

  void mount(Router router) {
    needs(FHIR_READ, router.get(SYSTEM).method(HttpMethod.HEAD)).handler(request -> answer(request,
        asked -> search(asked, null, null, Query.parse(asked.request().query()))));
    needs(FHIR_READ, router.post(SYSTEM)).handler(request -> answer(request, asked -> form(asked, null, null)));
    needs(FHIR_READ, named(router.getWithRegex(COMPARTMENT + "/?").method(HttpMethod.HEAD), "")).handler(
        request -> answer(request, asked -> search(asked, type(asked), within(asked),
            Query.parse(asked.request().query()))));
    needs(FHIR_READ, named(router.postWithRegex(COMPARTMENT + "/_search"), "/_search")).handler(
        request -> answer(request, asked -> form(asked, type(asked), within(asked))));
  }

  private static Route named(Route route, String end) {
    return route.setName("/fhir/COMPARTMENT/:id/TYPE" + end);
  }

  private static void answer(RoutingContext request, Function<RoutingContext, Future<?>> handler) {
    Future.succeededFuture().compose(start -> handler.apply(request)).onFailure(request::fail);
  }

  private static String within(RoutingContext request) {
    return request.pathParam("of") + "/" + request.pathParam("id");
  }

  /** Null for all. */
  private static String type(RoutingContext request) {
    String what = request.pathParam("what");
    if (what.equals("*")) return null;
    if (!ResourceTypes.has(what))
      throw new Failure.NotFound("this node keeps no resources of that type; see /fhir/metadata for those it keeps");
    return what;
  }

  private Future<?> form(RoutingContext request, String type, String within) {
    return Bodies.form(request).compose(params -> search(request, type, within, params));
  }

  private Future<?> search(RoutingContext request, String type, String within, List<Param> params) {
    return interactions.search(store, Ask.of(request), type, within, params)
        .compose(reply -> FhirAnswer.send(request, reply));
  }
}
