package io.caregrid.api.fhir;

import io.caregrid.contract.Gate;
import io.vertx.core.Handler;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.Route;
import io.vertx.ext.web.RoutingContext;
import java.util.HashMap;
import java.util.Map;

/**
 * A type, and a type with an id: where nearly all requests go. The router tries its routes one after the other, and those of all types are regular expressions; so these two are told by
 * one look at the path, in front of all others. Each goes to the handler of its own route, behind the lock that this route names. What is not surely one of the two, such as a type that
 * nobody knows or a verb that is not taken, goes the way of all others.
 */
final class CommonAddresses implements Handler<RoutingContext> {
  private static final String BASE = "/fhir/";
  private static final String OF_TYPE = BASE + "TYPE";
  private static final String OF_ONE = BASE + "TYPE/:id";

  private final Map<HttpMethod, Handler<RoutingContext>> ofType = new HashMap<>();
  private final Map<HttpMethod, Handler<RoutingContext>> ofOne = new HashMap<>();

  /** @param route has its name, its verbs and what it needs, and gets this handler; before the first request */
  void serve(Route route, Handler<RoutingContext> handler) {
    route.handler(handler);
    Map<HttpMethod, Handler<RoutingContext>> those = switch (route.getName()) {
      case OF_TYPE -> ofType;
      case OF_ONE -> ofOne;
      default -> throw new IllegalArgumentException(route.getName() + " is none of the common addresses");
    };
    Handler<RoutingContext> guarded = Gate.guarded(Gate.access(route), handler);
    route.methods().forEach(verb -> those.put(verb, guarded));
  }

  @Override
  public void handle(RoutingContext request) {
    String path = request.normalizedPath();
    if (!path.startsWith(BASE)) {
      request.next();
      return;
    }
    int end = path.indexOf('/', BASE.length());
    String type = path.substring(BASE.length(), end < 0 ? path.length() : end);
    String id = end < 0 ? null : path.substring(end + 1);
    Handler<RoutingContext> handler = (id == null ? ofType : ofOne).get(request.request().method());
    boolean known = handler != null && ResourceTypes.has(type) && !type.equals(AuditRoutes.TYPE)
        && (id == null || TypeRoutes.isId(id));
    if (!known) {
      request.next();
      return;
    }
    request.pathParams().put("type", type);
    if (id != null) request.pathParams().put("id", id);
    handler.handle(request);
  }
}
