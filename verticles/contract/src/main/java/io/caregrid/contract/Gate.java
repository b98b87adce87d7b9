package io.caregrid.contract;

import io.vertx.core.AsyncResult;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.Route;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The one lock of all HTTP doors. Each route names what it asks for before it gets its handler:
 *
 * <pre>{@code needs(Access.FHIR_READ, router.get("/fhir/Patient")).handler(this::search)}</pre>
 *
 * <p>Default deny: a route that named nothing stops the HTTP server from starting ({@link #unguarded}), and where no {@link Doorman} stands, nobody
 * comes in. Refusals are audited here; what is allowed is audited by the door, which knows what it gave.
 */
public final class Gate {
  /** The name under which the front door puts the request's trace. */
  public static final String TRACE = "trace";
  private static final String ACCESS = "access";
  private static final String FILTER = "filter";
  private static final String GUARDS = "gate.guards";
  private static final String CALLER = "gate.caller";
  private static final String STAY = "gate.stay";
  private static final Pattern RESOURCE = Pattern.compile("/fhir/([A-Za-z]{1,64})/([A-Za-z0-9\\-.]{1,64})(?:/.*)?");
  private static final String CHALLENGE = "Bearer realm=\"caregrid\"";

  /**
   * One line of the table of a node's routes.
   *
   * @param path as it was mounted, or the name of a route that is a regular expression
   */
  public record Line(String verb, String path, Access access) {}

  private record Guards(Doorman doorman, Audit audit) {}

  private static final Guards NOBODY = new Guards(
      request -> Future.failedFuture(new Failure.Unauthenticated("nobody keeps this door")), Audit.log());

  private Gate() {}

  /** Put this before all doors of a router. */
  public static Handler<RoutingContext> kept(Doorman doorman, Audit audit) {
    Guards guards = new Guards(doorman, audit);
    return request -> {
      request.put(GUARDS, guards);
      request.next();
    };
  }

  /**
   * Call before the route gets its handler.
   *
   * @param access what the route asks for; {@link Access#OPEN} asks nobody
   * @return the route
   */
  public static Route needs(Access access, Route route) {
    route.putMetadata(ACCESS, access);
    return access == Access.OPEN ? route : route.handler(guarded(access, RoutingContext::next));
  }

  /**
   * The same lock for who hands a request to the handler of another route, which names this access, without the router: see {@link #access(Route)}.
   *
   * @param inside gets only whom the lock lets in
   */
  public static Handler<RoutingContext> guarded(Access access, Handler<RoutingContext> inside) {
    Objects.requireNonNull(access, "a route that names no access");
    return access == Access.OPEN ? inside : request -> guard(access, request, inside);
  }

  /** Marks a route that only looks at requests on their way, and answers none but to refuse it. */
  public static Route filter(Route route) {
    return route.putMetadata(FILTER, true);
  }

  public static boolean isFilter(Route route) {
    return Boolean.TRUE.equals(route.metadata().get(FILTER));
  }

  /** What this route asks for; null for a filter, and for one that forgot to say. */
  public static Access access(Route route) {
    return (Access) route.metadata().get(ACCESS);
  }

  /** The routes that name no access and are no filters. Not one may be served. */
  public static List<Route> unguarded(Router router) {
    return router.getRoutes().stream().filter(route -> access(route) == null && !isFilter(route)).toList();
  }

  /** What every route of this router asks for, a line a verb; {@code *} where a route takes all. Filters are left out. */
  public static List<Line> table(Router router) {
    return router.getRoutes()
        .stream()
        .filter(route -> access(route) != null)
        .flatMap(route -> verbs(route).map(verb -> new Line(verb, route.getName(), access(route))))
        .toList();
  }

  private static Stream<String> verbs(Route route) {
    return route.methods() == null || route.methods().isEmpty()
        ? Stream.of("*")
        : route.methods().stream().map(HttpMethod::name).sorted();
  }

  /**
   * Who sends this request.
   *
   * @throws IllegalStateException on an open route, where nobody was asked
   */
  public static Caller caller(RoutingContext request) {
    Caller caller = request.get(CALLER);
    if (caller == null) throw new IllegalStateException("nobody was asked who calls: the route needs nothing");
    return caller;
  }

  /** For a {@link Doorman} whose callers may have to go before their proof runs out. */
  public static void stays(RoutingContext request, Stay stay) {
    request.put(STAY, stay);
  }

  /** How long {@link #caller} may go on with what outlives this request. */
  public static Stay stay(RoutingContext request) {
    return request.get(STAY) instanceof Stay stay ? stay : Stay.UNTIL_PROOF_ENDS;
  }

  private static void guard(Access access, RoutingContext request, Handler<RoutingContext> inside) {
    Guards guards = request.get(GUARDS) instanceof Guards kept ? kept : NOBODY;
    if (request.get(CALLER) instanceof Caller known) {
      decide(access, request, guards, known, inside);
      return;
    }
    Future<Caller> asked = asked(request, guards);
    if (asked.isComplete()) {
      answered(access, request, guards, asked, inside);
    } else {
      Context context = request.vertx().getOrCreateContext();
      request.request().pause();
      asked.onComplete(done -> context.runOnContext(back -> {
        request.request().resume();
        attempted(request, () -> answered(access, request, guards, done, inside));
      }));
    }
  }

  /** Nobody else is there any more who would answer in its place: the router has gone. */
  private static void attempted(RoutingContext request, Runnable work) {
    try {
      work.run();
    } catch (Throwable cause) {
      request.fail(cause);
    }
  }

  private static Future<Caller> asked(RoutingContext request, Guards guards) {
    if (request.queryParams().contains("access_token"))
      return Future.failedFuture(new Failure.Invalid("a token in the address ends up in logs and histories: send it in "
          + "the header Authorization: Bearer, and treat this one as known to others"));
    return guards.doorman().who(request);
  }

  private static void answered(Access access, RoutingContext request, Guards guards, AsyncResult<Caller> asked,
      Handler<RoutingContext> inside) {
    if (asked.failed()) {
      refuse(access, request, guards, Caller.unknown(), asked.cause());
      return;
    }
    Caller caller = from(request, asked.result());
    request.put(CALLER, caller);
    decide(access, request, guards, caller, inside);
  }

  private static Caller from(RoutingContext request, Caller caller) {
    return caller.traced(request.get(TRACE)).from(Called.of(request).client());
  }

  private static void decide(Access access, RoutingContext request, Guards guards, Caller caller,
      Handler<RoutingContext> inside) {
    if (caller.may(access)) inside.handle(request);
    else
      refuse(access, request, guards, caller, new Failure.Forbidden(
          "this needs " + access + " (" + access.meaning + "), which your roles do not give; these would: "
              + String.join(", ", Roles.BUILT_IN.giving(access))));
  }

  private static void refuse(Access access, RoutingContext request, Guards guards, Caller caller, Throwable cause) {
    if (!(cause instanceof Failure failure) || failure.status >= 500) {
      answerRefused(request, cause);
      return;
    }
    request.response().putHeader("WWW-Authenticate", challenge(failure));
    turnAway(request, guards.audit(), refused(access, request, caller), failure);
  }

  /** Before anybody asked who calls, such as for where a request comes from: audited like the gate's own refusals. */
  public static void turnAway(RoutingContext request, Audit audit, String why, Failure failure) {
    String path = request.normalizedPath();
    Audit.Entry entry = Audit.Entry.of(from(request, Caller.unknown()), Audit.Deed.REQUEST, path)
        .asking(request.request().method() + " " + path + " " + why);
    turnAway(request, audit, entry, failure);
  }

  private static void turnAway(RoutingContext request, Audit audit, Audit.Entry entry, Failure failure) {
    if (hasBody(request.request())) request.request().pause(); // its end would end the connection before the answer
    audit.record(entry.ended(failure)).onComplete(kept -> answerRefused(request, failure));
  }

  private static void answerRefused(RoutingContext request, Throwable cause) {
    if (hasBody(request.request())) Lingering.on(request.vertx(), request.request());
    request.fail(cause);
  }

  /** Under {@code /fhir} the resource that was asked for is named, so that who looks for it finds the attempt too. The query is left out: it may hold a token. */
  private static Audit.Entry refused(Access access, RoutingContext request, Caller caller) {
    String path = request.normalizedPath();
    Matcher resource = RESOURCE.matcher(path);
    boolean one = resource.matches();
    String what = one ? resource.group(1) + "/" + resource.group(2) : path;
    Audit.Entry entry = Audit.Entry.of(from(request, caller), Audit.Deed.REQUEST, what)
        .asking(request.request().method() + " " + path + " needs " + access);
    return one && resource.group(1).equals("Patient") ? entry.about(entry.what()) : entry;
  }

  /** RFC 6750 section 3: who sent nothing learns only what to send. */
  private static String challenge(Failure failure) {
    String error = failure instanceof Failure.Unauthenticated told
        ? told.error
        : failure instanceof Failure.Forbidden ? "insufficient_scope" : "invalid_request";
    return error == null
        ? CHALLENGE
        : CHALLENGE + ", error=\"" + error + "\", error_description=\"" + quotable(failure.getMessage()) + "\"";
  }

  /** What RFC 6750 allows in error_description: printable ASCII without quote and backslash. */
  private static String quotable(String text) {
    return text.replaceAll("[\"\\\\]", "'").replaceAll("[^ -~]", "?");
  }

  private static boolean hasBody(HttpServerRequest http) {
    String length = http.getHeader(HttpHeaders.CONTENT_LENGTH);
    return http.getHeader(HttpHeaders.TRANSFER_ENCODING) != null || length != null && !length.equals("0");
  }
}
