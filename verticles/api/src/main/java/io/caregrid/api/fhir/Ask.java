package io.caregrid.api.fhir;

import io.caregrid.api.Requests;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.caregrid.store.SearchQuery.Param;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * One interaction as it was asked for: by an HTTP request, or by an entry of a bundle.
 *
 * @param base of this node's FHIR, without a trailing slash
 * @param verb of HTTP
 * @param path below the base, decoded: type, id, {@code _history}, version
 */
record Ask(Caller caller, String base, String verb, List<String> path, List<Param> query, Terms terms) {

  /** What HTTP says in headers and a bundle in {@code entry.request}; each null when it was not said. */
  record Terms(String ifMatch, String ifNoneMatch, String ifModifiedSince, String ifNoneExist, String prefer) {
    static Terms of(RoutingContext request) {
      HttpServerRequest http = request.request();
      return new Terms(http.getHeader(HttpHeaders.IF_MATCH), http.getHeader(HttpHeaders.IF_NONE_MATCH),
          http.getHeader(HttpHeaders.IF_MODIFIED_SINCE), http.getHeader("If-None-Exist"), FhirAnswer.prefer(request));
    }

    boolean prefers(String what) {
      return prefer != null && prefer.contains("return=" + what);
    }
  }

  Ask {
    path = List.copyOf(path);
    query = List.copyOf(query);
  }

  /** @param path below the base, decoded */
  static Ask of(RoutingContext request, String... path) {
    return new Ask(Requests.caller(request), FhirAnswer.base(request), request.request().method().name(),
        Arrays.asList(path), Query.parse(request.request().query()), Terms.of(request));
  }

  /**
   * An entry of a bundle that came with this request.
   *
   * @param url relative to the base, or below it
   */
  Ask entry(String verb, String url, Terms terms) {
    String relative = url.startsWith(base + "/") ? url.substring(base.length() + 1) : url;
    if (relative.startsWith("/")) relative = relative.substring(1);
    int mark = relative.indexOf('?');
    String address = mark < 0 ? relative : relative.substring(0, mark);
    if (address.contains("://"))
      throw new Failure.Invalid("request.url is below another base than this node's", "Bundle.entry.request.url");
    List<String> segments = new ArrayList<>();
    for (String segment : address.split("/")) if (!segment.isEmpty()) segments.add(decoded(segment));
    return new Ask(caller, base, verb, segments, Query.parse(mark < 0 ? null : relative.substring(mark + 1)), terms);
  }

  private static String decoded(String segment) {
    try {
      return URLDecoder.decode(segment.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException broken) {
      throw new Failure.Invalid("request.url is not percent-encoded UTF-8: write % itself as %25",
          "Bundle.entry.request.url");
    }
  }

  /** NotFound 404 for a type that is not kept. */
  String type() {
    String type = path.get(0);
    boolean kept = ResourceTypes.has(type) && !type.equals(AuditRoutes.TYPE); // that one has a door of its own
    if (!kept)
      throw new Failure.NotFound("this node keeps no resources of that type; see /fhir/metadata for those it keeps");
    return type;
  }

  /** {@code $everything}, {@code _search} or {@code metadata} when it asks for one of the like, which is no interaction with a resource; else null. */
  String operation() {
    if (path.isEmpty() || verb.equals("PUT") || verb.equals("PATCH") || verb.equals("DELETE")) return null;
    String last = path.get(path.size() - 1);
    boolean is = last.startsWith("$") || last.equals("_search") || path.size() == 1 && last.equals("metadata");
    return is ? last : null;
  }

  /** Invalid 400 when it cannot be one. */
  String id() {
    String id = path.get(1);
    TypeRoutes.requireId(id);
    return id;
  }

  /** The last one of that name; null for none. */
  String param(String name) {
    return SearchRequest.last(query, name);
  }

  /** Also as .NET writes it, {@code True}. */
  boolean is(String name) {
    return "true".equalsIgnoreCase(param(name));
  }
}
