package io.caregrid.api.signin;

import static io.caregrid.api.Ward.get;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.api.House;
import io.caregrid.api.auth.Authentication;
import io.caregrid.api.live.LiveRoutes;
import io.caregrid.cluster.Configuration;
import io.caregrid.cluster.DatabaseConfig;
import io.caregrid.cluster.NodeConfig;
import io.caregrid.contract.Access;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.caregrid.contract.Gate;
import io.caregrid.contract.Live;
import io.caregrid.contract.RecordCodec;
import io.caregrid.contract.Roles;
import io.caregrid.engines.AskAgain;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.store.Database;
import io.caregrid.store.Schema;
import io.caregrid.store.WebSessions;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.RequestOptions;
import io.vertx.ext.web.client.HttpResponse;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** One session on two nodes with one database, before an issuer that takes every refresh token once. */
@ExtendWith(Engines.class)
class RenewalTest {
  private final Vertx vertx = Vertx.vertx();
  private volatile Duration ahead = Duration.ZERO;
  /** The sessions' clock stands still at it; null: it goes on. */
  private volatile Instant stopped;
  private volatile boolean examinable = true;
  private TestIssuer issuer;
  private Database database;
  private House first;
  private House second;
  private static String name;
  private String jdbc;
  private String cookie;

  @BeforeAll
  static void database(LocalPostgres postgres) {
    name = postgres.createDatabase(Schema.on(postgres.host(), postgres.port(), postgres.user(), postgres.password()));
  }

  @BeforeEach
  void open(LocalPostgres postgres) throws SQLException {
    vertx.eventBus().registerDefaultCodec(Live.Watch.class, new RecordCodec<>(Live.Watch.class));
    issuer = new TestIssuer(vertx, "pages");
    jdbc = "jdbc:postgresql://" + postgres.host() + ":" + postgres.port() + "/" + name + "?user=" + postgres.user()
        + "&password=" + postgres.password();
    DatabaseConfig where = new DatabaseConfig(postgres.host(), postgres.port(), name, postgres.user(),
        postgres.password(), 4);
    database = AskAgain.whileBusy(() -> get(Database.open(vertx, where)));
    sql("delete from web_session");
    first = node();
    second = node();
    cookie = signedIn();
  }

  private House node() {
    NodeConfig config = Configuration.defaults()
        .with("test", Map.of("security.issuers.test.url", issuer.url(), "security.signIn.issuer", "test",
            "security.signIn.clientId", "pages"))
        .node();
    Authentication tokens = new Authentication(vertx, config, null, Roles.BUILT_IN, Clock.systemUTC(),
        new SimpleMeterRegistry());
    SignIn signIn = SignIn.of(vertx, config.security(), config.isOpen(), Roles.BUILT_IN,
        entry -> Future.succeededFuture(), new WebSessions(database), token -> examined(tokens, token), new Moved());
    return get(House.open(vertx, signIn, tokens.doorman(),
        new LiveRoutes(vertx, null, entry -> Future.succeededFuture(), 4),
        router -> Gate.needs(Access.FHIR_READ, router.route("/fhir/Patient"))
            .handler(request -> request.end(Gate.caller(request).subject()))));
  }

  private Future<Caller> examined(Authentication tokens, String token) {
    return examinable ? tokens.caller(token) : Future.failedFuture(new Failure.Busy("no keys"));
  }

  private final class Moved extends Clock {
    @Override
    public Instant instant() {
      return stopped == null ? Instant.now().plus(ahead) : stopped;
    }

    @Override
    public ZoneId getZone() {
      return ZoneId.of("Z");
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }
  }

  @AfterEach
  void close() {
    get(vertx.close());
  }

  private static String value(HttpResponse<Buffer> answer, String name) {
    return answer.cookies()
        .stream()
        .filter(cookie -> cookie.startsWith(name + "="))
        .map(cookie -> cookie.split(";")[0])
        .findFirst()
        .orElseThrow();
  }

  /** Begun on one node, ended on the other, as behind a load balancer. */
  private String signedIn() {
    HttpResponse<Buffer> begun = get(first.request("GET", "/auth/login").send());
    String back = get(first.client().getAbs(begun.getHeader("Location")).followRedirects(false).send())
        .getHeader("Location");
    String there = back.substring(back.indexOf("/auth/callback"));
    HttpResponse<Buffer> ended = get(second.request("GET", there)
        .putHeader("Host", "127.0.0.1:" + first.http().port())
        .putHeader("Cookie", value(begun, "caregrid-sign-in"))
        .send());
    assertEquals("/", ended.getHeader("Location"));
    return value(ended, "caregrid");
  }

  private Future<HttpResponse<Buffer>> ask(House node) {
    return node.request("GET", "/fhir/Patient").putHeader("Cookie", cookie).send();
  }

  private int status(House node) {
    return get(ask(node)).statusCode();
  }

  private void sql(String statement) throws SQLException {
    try (Connection connection = DriverManager.getConnection(jdbc)) {
      connection.createStatement().execute(statement);
    }
  }

  /** When the issuer has to be asked again. */
  private Instant until() throws SQLException {
    try (Connection connection = DriverManager.getConnection(jdbc);
        ResultSet row = connection.createStatement().executeQuery("select until from web_session")) {
      assertTrue(row.next());
      return row.getObject(1, OffsetDateTime.class).toInstant();
    }
  }

  private static void until(BooleanSupplier holds) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
    while (!holds.getAsBoolean()) {
      assertTrue(System.nanoTime() < deadline, "not within 2 min");
      TimeUnit.MILLISECONDS.sleep(10);
    }
  }

  @Test
  void twoNodesThatRenewAtOnceAskTheIssuerOnce() {
    for (int minutes = 6; minutes <= 18; minutes += 6) {
      ahead = Duration.ofMinutes(minutes);
      issuer.accessFor = ahead.plusMinutes(5);
      issuer.slow = Duration.ofMillis(300);
      List<Future<HttpResponse<Buffer>>> answers = new ArrayList<>();
      for (int n = 0; n < 5; n++) answers.addAll(List.of(ask(first), ask(second)));

      answers.forEach(answer -> assertEquals("ada", get(answer).bodyAsString()));
      assertEquals(0, issuer.reused);
      assertEquals(minutes / 6, issuer.refreshed);
    }
  }

  @Test
  void aNodeThatDiedWhileItRenewedKeepsNobodyOutForLongerThanItsClaim() throws Exception {
    sql("update web_session set renewing = now() + interval '1 second'");
    ahead = Duration.ofMinutes(6);
    issuer.accessFor = Duration.ofMinutes(11);

    assertEquals(200, status(first));
    assertEquals(1, issuer.refreshed);
  }

  @Test
  void whileSomebodyElseRenewsInGoodTimeNobodyWaits() throws Exception {
    sql("update web_session set renewing = now() + interval '1 hour'");
    stopped = until().minusSeconds(10);

    assertEquals(200, status(first));
    assertEquals(0, issuer.refreshed);
  }

  @Test
  void aDatabaseThatStumblesDoesNotLoseTheOnlyGoodRefreshToken() throws Exception {
    sql("""
        create function away() returns trigger language plpgsql as $$ begin raise exception 'away' using errcode = '57P03'; end $$;
        create trigger away before update on web_session for each row when (new.renewing is null) execute function away()""");
    ahead = Duration.ofMinutes(6);
    issuer.accessFor = Duration.ofMinutes(11);
    Future<HttpResponse<Buffer>> answer = ask(first);
    until(() -> issuer.refreshed == 1);

    sql("drop function away cascade");

    assertEquals(200, get(answer).statusCode());
    assertEquals(0, issuer.reused);
  }

  @Test
  void anAccessTokenThatCannotBeExaminedNowDoesNotCostTheSession() {
    ahead = Duration.ofMinutes(6);
    issuer.accessFor = Duration.ofMinutes(11);
    examinable = false;
    assertEquals(503, status(first));
    examinable = true;

    assertEquals(200, status(second));
    assertEquals(0, issuer.reused);
    assertEquals(2, issuer.refreshed);
  }

  private Future<Void> watching(HttpClient client, House node) {
    RequestOptions request = new RequestOptions().setMethod(HttpMethod.GET)
        .setHost("127.0.0.1")
        .setPort(node.http().port())
        .setURI("/iomt/live")
        .putHeader("Cookie", cookie);
    return get(client.request(request).compose(sent -> sent.send()).map(stream -> {
      assertEquals(200, stream.statusCode());
      return stream.end();
    }));
  }

  @Test
  void whoSignsOutIsOutOfItsLiveFeedsHereAtOnceAndElsewhereWhenTheDatabaseIsLookedAt() throws Exception {
    HttpClient client = vertx.createHttpClient();
    Future<Void> here = watching(client, first);
    Future<Void> elsewhere = watching(client, second);
    sql("""
        create function back() returns trigger language plpgsql as $$ begin insert into web_session select old.*; return null; end $$;
        create trigger back after delete on web_session for each row execute function back()""");

    get(first.request("POST", "/auth/logout").putHeader("Cookie", cookie).send());
    get(here);
    sql("drop function back cascade; delete from web_session");
    get(elsewhere);
    get(client.close());
  }
}
