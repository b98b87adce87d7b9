package io.caregrid.api.signin;

import static io.caregrid.contract.Gate.needs;

import io.caregrid.api.Requests;
import io.caregrid.cluster.SecurityConfig;
import io.caregrid.contract.Access;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Called;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Doorman;
import io.caregrid.contract.Failure;
import io.caregrid.contract.Roles;
import io.caregrid.contract.Routes;
import io.caregrid.store.WebSessions;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Clock;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Function;

/**
 * {@code /auth}: signing in and out with a browser, and who one is.
 *
 * <p>{@code GET /auth/login?to=/vitals/} sends the browser to the issuer, which sends it back to {@code GET /auth/callback}; {@code POST /auth/logout} ends
 * the session here and says where the issuer's ends; {@code GET /auth/me} tells a page who it speaks for. What goes wrong on the way brings the browser
 * back to the start page, which says it in words.
 */
public final class SignIn implements Routes {
  private static final Failure STILL_IN = new Failure.Busy(
      "you are still signed in: the database does not answer, so that your session could not be ended; try again");
  private final SecurityConfig config;
  private final boolean open;
  private final Audit audit;
  private final Provider provider;
  private final Sessions sessions;
  private final Attempts attempts;
  private final Turnstile turnstile;

  private SignIn(SecurityConfig config, boolean open, Audit audit, Provider provider, Sessions sessions,
      Attempts attempts, Turnstile turnstile) {
    this.config = config;
    this.open = open;
    this.audit = audit;
    this.provider = provider;
    this.sessions = sessions;
    this.attempts = attempts;
    this.turnstile = turnstile;
  }

  /**
   * @param open     the doors ask nobody
   * @param audit    told of everybody who signs in or out
   * @param kept     where sessions are kept
   * @param examined whose an access token is; fails as a {@link Doorman} does
   */
  public static SignIn of(Vertx vertx, SecurityConfig config, boolean open, Roles roles, Audit audit,
      WebSessions kept, Function<String, Future<Caller>> examined, Clock clock) {
    if (!config.signIn().isOffered()) return notOffered(open);
    Provider provider = new Provider(vertx, config.issuers().get(config.signIn().issuer()), config.signIn());
    Sessions sessions = new Sessions(vertx, kept, provider, examined, roles, config.signIn().sessionFor(), clock);
    return new SignIn(config, open, audit, provider, sessions, new Attempts(kept, clock), new Turnstile(clock));
  }

  /** Pages ask nobody to sign in: there is nowhere to. */
  public static SignIn notOffered(boolean open) {
    return new SignIn(SecurityConfig.DEFAULT, open, Audit.log(), null, null, null, null);
  }

  /** Lets in who is signed in, and asks {@code tokens} of everybody else. */
  public Doorman before(Doorman tokens) {
    return sessions == null
        ? tokens
        : new SessionDoorman(sessions, tokens, config.signIn().origin().startsWith("https:"));
  }

  @Override
  public void mount(Router router) {
    needs(Access.OPEN, router.get("/auth/me")).handler(this::me);
    needs(Access.OPEN, router.get("/auth/login")).handler(this::offered).handler(this::login);
    needs(Access.OPEN, router.get("/auth/callback")).handler(this::offered).handler(this::callback);
    needs(Access.OPEN, router.post("/auth/logout")).handler(this::offered).handler(this::logout);
  }

  private void offered(RoutingContext request) {
    if (sessions != null) request.next();
    else request.fail(new Failure.NotFound("nobody signs in here with a browser: security.signIn names no issuer"));
  }

  private void login(RoutingContext request) {
    Attempt attempt = attempts.begun(request.queryParams().get("to"));
    attempts.cookie(attempt)
        .compose(cookie -> provider.authorization(attempt, back(request)).onSuccess(there -> {
          Cookies.setAttempt(request, tls(request), cookie);
          redirect(request, there);
        }))
        .onFailure(cause -> failed(request, cause));
  }

  private void callback(RoutingContext request) {
    Cookies.attempt(request, tls(request))
        .map(attempts::opened)
        .orElse(Future.succeededFuture(Optional.empty()))
        .onSuccess(attempt -> returned(request, attempt))
        .onFailure(cause -> failed(request, cause));
  }

  private void returned(RoutingContext request, Optional<Attempt> attempt) {
    Cookies.dropAttempt(request, tls(request));
    String code = request.queryParams().get("code");
    if (attempt.isEmpty() || !isAnswerTo(attempt.get(), request)) {
      redirect(request, "/#sign-in=lost");
    } else if (code == null) {
      redirect(request, "/#sign-in=refused");
    } else if (!turnstile.lets(address(request))) {
      redirect(request, "/#sign-in=busy");
    } else {
      begin(request, attempt.get(), code)
          .onSuccess(begun -> {
            turnstile.pardon(address(request));
            Cookies.setSession(request, tls(request), begun.cookie());
            redirect(request, attempt.get().to());
          })
          .onFailure(cause -> {
            if (cause instanceof Failure.Busy) turnstile.pardon(address(request));
            failed(request, cause);
          });
    }
  }

  /** The session that this browser had ends when the new one is there, and not before. */
  private Future<Sessions.Begun> begin(RoutingContext request, Attempt attempt, String code) {
    Optional<String> before = Cookies.session(request, tls(request));
    return provider.exchanged(code, attempt, back(request))
        .compose(sessions::begin)
        .compose(begun -> record(request, begun.caller(), Audit.Deed.SIGN_IN, Audit.DONE).map(begun))
        .compose(begun -> before.map(sessions::end)
            .orElse(Future.succeededFuture())
            .transform(ended -> Future.succeededFuture(begun)));
  }

  private static boolean isAnswerTo(Attempt attempt, RoutingContext request) {
    String state = request.queryParams().get("state");
    return state != null && MessageDigest.isEqual(state.getBytes(StandardCharsets.UTF_8),
        attempt.state().getBytes(StandardCharsets.UTF_8));
  }

  private void failed(RoutingContext request, Throwable cause) {
    if (!(cause instanceof Failure)) {
      request.fail(cause);
      return;
    }
    boolean busy = cause instanceof Failure.Busy;
    Future<Void> recorded = busy
        ? Future.succeededFuture()
        : record(request, Caller.unknown(), Audit.Deed.SIGN_IN, ((Failure) cause).status);
    recorded.onComplete(kept -> redirect(request, "/#sign-in=" + (busy ? "busy" : "refused")));
  }

  /** The browser keeps its cookie until the session has ended: who is told that he is out, is. */
  private void logout(RoutingContext request) {
    Cookies.session(request, tls(request))
        .map(sessions::end)
        .orElse(Future.succeededFuture(new Sessions.Ended(false, null, null)))
        .onSuccess(ended -> out(request, ended))
        .onFailure(cause -> request.fail(cause instanceof Failure.Busy ? STILL_IN : cause));
  }

  private void out(RoutingContext request, Sessions.Ended ended) {
    Cookies.dropSession(request, tls(request));
    Future<Void> recorded = ended.wasThere()
        ? record(request, ended.caller(), Audit.Deed.SIGN_OUT, Audit.DONE)
        : Future.succeededFuture();
    recorded.transform(kept -> provider.farewell(ended.identity(), origin(request) + "/"))
        .recover(away -> Future.succeededFuture())
        .onSuccess(there -> json(request, new JsonObject().put("to", there == null ? "/" : there)))
        .onFailure(request::fail);
  }

  private void me(RoutingContext request) {
    JsonObject answer = new JsonObject().put("asked", !open).put("offered", sessions != null);
    signedIn(request).onSuccess(caller -> {
      if (caller != null) answer.put("who", who(caller));
      json(request, answer);
    }).onFailure(request::fail);
  }

  /** Null when nobody is. */
  private Future<Caller> signedIn(RoutingContext request) {
    if (sessions == null) return Future.succeededFuture();
    return Cookies.session(request, tls(request)).map(sessions::find).orElse(Future.succeededFuture());
  }

  private static JsonObject who(Caller caller) {
    JsonArray may = new JsonArray();
    Arrays.stream(Access.values()).filter(caller::may).map(Access::name).forEach(may::add);
    return new JsonObject().put("name", caller.name() == null ? caller.subject() : caller.name()).put("may", may);
  }

  private static String address(RoutingContext request) {
    return Called.of(request).client();
  }

  private Future<Void> record(RoutingContext request, Caller caller, Audit.Deed deed, int status) {
    Caller here = caller.traced(Requests.traceOf(request)).from(address(request));
    return audit.record(Audit.Entry.of(here, deed, null).ended(status));
  }

  /** Where the issuer sends the browser back to: has to be among the client's redirect addresses there. */
  private String back(RoutingContext request) {
    return origin(request) + "/auth/callback";
  }

  private String origin(RoutingContext request) {
    String told = config.signIn().origin();
    return told.isEmpty() ? Requests.origin(request) : told;
  }

  private boolean tls(RoutingContext request) {
    return Requests.scheme(request).equals("https") || config.signIn().origin().startsWith("https:");
  }

  private static void redirect(RoutingContext request, String to) {
    quiet(request).setStatusCode(302).putHeader(HttpHeaders.LOCATION, to).end();
  }

  private static void json(RoutingContext request, JsonObject answer) {
    quiet(request).putHeader(HttpHeaders.CONTENT_TYPE, "application/json").end(answer.toBuffer());
  }

  private static HttpServerResponse quiet(RoutingContext request) {
    return request.response()
        .putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
        .putHeader("Referrer-Policy", "no-referrer")
        .putHeader("X-Content-Type-Options", "nosniff");
  }
}
