package io.caregrid.api.fhir;

import static io.caregrid.contract.Gate.needs;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.caregrid.api.Requests;
import io.caregrid.contract.Access;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Failure;
import io.caregrid.contract.Routes;
import io.caregrid.store.AuditEvents;
import io.caregrid.store.AuditEvents.Found;
import io.caregrid.store.AuditEvents.Recorded;
import io.caregrid.store.AuditQuery;
import io.caregrid.store.Page;
import io.caregrid.store.SearchQuery;
import io.caregrid.store.SearchQuery.Param;
import io.caregrid.store.Stored;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;

/**
 * {@code GET /fhir/AuditEvent}: who touched whose data, for Auditors. Nothing here creates, changes or removes one, and looking is recorded like any other
 * access.
 */
public final class AuditRoutes implements Routes {
  static final String TYPE = "AuditEvent";
  private static final String ALL = "/fhir/" + TYPE;
  private final AuditEvents events;
  private final Audit audit;

  public AuditRoutes(AuditEvents events, Audit audit) {
    this.events = events;
    this.audit = audit;
  }

  @Override
  public void mount(Router router) {
    needs(Access.AUDIT_READ, router.get(ALL).method(HttpMethod.HEAD)).handler(request -> answer(request, this::search));
    needs(Access.AUDIT_READ, router.get(ALL + "/:id").method(HttpMethod.HEAD))
        .handler(request -> answer(request, this::read));
  }

  private static void answer(RoutingContext request, Function<RoutingContext, Future<Void>> handler) {
    Future.succeededFuture().compose(start -> handler.apply(request)).onFailure(request::fail);
  }

  private Future<Void> search(RoutingContext request) {
    List<Param> params = Query.parse(request.request().query());
    AuditQuery query = AuditSearch.of(params);
    Audit.Entry entry = Audit.Entry.of(Requests.caller(request), Audit.Deed.AUDIT_READ, null)
        .about(query.patients())
        .asking(TYPE + "?" + Query.format(params));
    return audit.around(entry, () -> found(query))
        .compose(found -> FhirAnswer.json(request, 200, bundle(request, params, query, found)));
  }

  /** Pictures name their patient as DICOM does: whoever asks for a Patient means his identifiers, too. */
  private Future<Found> found(AuditQuery query) {
    return events.identifiers(query.patients()).compose(also -> events.search(query.alsoOf(also)));
  }

  private static Buffer bundle(RoutingContext request, List<Param> params, AuditQuery query, Found found) {
    List<Param> asked = params.stream().filter(param -> !param.name().equals(SearchRequest.PAGE)).toList();
    SearchQuery same = new SearchQuery(TYPE, List.of(), query.count(), "none",
        SearchRequest.last(params, SearchRequest.PAGE));
    Page page = new Page(found.events().stream().map(AuditRoutes::stored).toList(), found.total(),
        found.next() == null ? null : found.next().toString(), List.of(), List.of());
    return Bundles.searchset(FhirAnswer.base(request),
        new SearchRequest(same, asked, List.of(), Selection.of(null, null)), page);
  }

  private Future<Void> read(RoutingContext request) {
    String id = request.pathParam("id");
    Audit.Entry entry = Audit.Entry.of(Requests.caller(request), Audit.Deed.AUDIT_READ, TYPE + "/" + id);
    return audit.around(entry, () -> events.read(uuid(id)))
        .compose(recorded -> FhirAnswer.json(request, 200, stored(recorded).body()));
  }

  private static UUID uuid(String id) {
    try {
      return UUID.fromString(id);
    } catch (IllegalArgumentException none) {
      throw new Failure.NotFound("There is no such AuditEvent");
    }
  }

  private static Stored stored(Recorded recorded) {
    try {
      byte[] json = FhirJson.MAPPER.writeValueAsBytes(AuditEventJson.of(recorded));
      return new Stored(TYPE, recorded.id().toString(), 1, recorded.at(), false, true, Buffer.buffer(json));
    } catch (JsonProcessingException impossible) {
      throw new UncheckedIOException(impossible);
    }
  }
}
