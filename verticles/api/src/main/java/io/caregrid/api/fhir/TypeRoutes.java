package io.caregrid.api.fhir;

import io.caregrid.api.fhir.r4.Suggestion;
import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.Route;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.Arrays;
import java.util.Map;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Addresses below {@code /fhir/TYPE}: one route serves all types, because a route a type would make a thousand, which are tried one after the other. AuditEvent
 * has a door of its own.
 */
final class TypeRoutes {
  private static final int LONGEST_ID = 64;
  private static final Map<String, String> SEGMENTS = Map.of(
      "TYPE", "(?<type>(?!AuditEvent(?:/|$))[A-Z][A-Za-z]*)", ":id", "(?<id>[^/_$][^/]*)", ":version",
      "(?<version>[^/]+)");

  private TypeRoutes() {}

  /** @param name such as {@code /fhir/TYPE/:id}, by which the table of doors and the capability statement know it */
  static Route of(Router router, HttpMethod verb, String name) {
    String regex = Arrays.stream(name.split("/"))
        .map(segment -> SEGMENTS.getOrDefault(segment, Pattern.quote(segment)))
        .collect(Collectors.joining("/"));
    return router.routeWithRegex(verb, regex + "/?").setName(name);
  }

  static Route reading(Route get) {
    return get.method(HttpMethod.HEAD);
  }

  /** What a handler throws before it has a future, or its future fails with, goes the one way of all errors. */
  static Handler<RoutingContext> answer(Function<RoutingContext, Future<?>> handler) {
    return request -> Future.succeededFuture().compose(start -> handler.apply(request)).onFailure(request::fail);
  }

  /** NotFound 404 for a type that this node does not keep. */
  static String type(RoutingContext request) {
    String type = request.pathParam("type");
    if (!ResourceTypes.has(type))
      throw new Failure.NotFound("this node keeps no resources of that type; see /fhir/metadata for those it keeps"
          + Suggestion.of(type, ResourceTypes.ALL));
    return type;
  }

  /** Invalid 400 for what can be no id. */
  static String id(RoutingContext request) {
    String id = request.pathParam("id");
    requireId(id);
    return id;
  }

  /** FHIR R4 datatypes.html#id. Invalid 400. */
  static void requireId(String id) {
    if (!isId(id)) throw new Failure.Invalid("an id has 1 to 64 characters out of A-Z a-z 0-9 - and .");
  }

  static boolean isId(String text) {
    if (text.isEmpty() || text.length() > LONGEST_ID) return false;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean legal = c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c == '-' || c == '.';
      if (!legal) return false;
    }
    return true;
  }
}
