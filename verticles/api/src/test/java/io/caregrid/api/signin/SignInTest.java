package io.caregrid.api.signin;

import static io.caregrid.api.Ward.get;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.api.House;
import io.caregrid.api.auth.Authentication;
import io.caregrid.api.auth.PrivateAuthority;
import io.caregrid.cluster.Configuration;
import io.caregrid.cluster.DatabaseConfig;
import io.caregrid.cluster.NodeConfig;
import io.caregrid.contract.Access;
import io.caregrid.contract.Gate;
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
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.client.HttpRequest;
import io.vertx.ext.web.client.HttpResponse;
import io.vertx.ext.web.client.WebClient;
import io.vertx.ext.web.client.WebClientOptions;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Signing in as a browser does it, step by step, on an issuer of the test's own; PostgreSQL is real. */
@ExtendWith(Engines.class)
class SignInTest {
  private final Vertx vertx = Vertx.vertx();
  private final WebClient trusting = WebClient.create(vertx,
      new WebClientOptions().setTrustAll(true).setVerifyHost(false));
  private final Map<String, String> cookies = new HashMap<>();
  private final List<String> audited = new CopyOnWriteArrayList<>();
  private volatile Duration ahead = Duration.ZERO;
  /** Null: it goes on. */
  private volatile Instant stopped;
  private TestIssuer issuer;
  private House house;
  private Database database;
  private static String name;
  private String jdbc;

  @BeforeAll
  static void database(LocalPostgres postgres) {
    name = postgres.createDatabase(Schema.on(postgres.host(), postgres.port(), postgres.user(), postgres.password()));
  }

  @BeforeEach
  void open(LocalPostgres postgres) throws SQLException {
    issuer = new TestIssuer(vertx, "pages");
    jdbc = "jdbc:postgresql://" + postgres.host() + ":" + postgres.port() + "/" + name + "?user=" + postgres.user()
        + "&password=" + postgres.password();
    DatabaseConfig where = new DatabaseConfig(postgres.host(), postgres.port(), name, postgres.user(),
        postgres.password(), 4);
    database = AskAgain.whileBusy(() -> get(Database.open(vertx, where)));
    sql("delete from web_session");
    house = house(Map.of());
  }

  private void sql(String statement) throws SQLException {
    try (Connection connection = DriverManager.getConnection(jdbc)) {
      connection.createStatement().execute(statement);
    }
  }

  private House house(Map<String, String> more) {
    Map<String, String> settings = new HashMap<>(Map.of("security.issuers.test.url", issuer.url(),
        "security.signIn.issuer", "test", "security.signIn.clientId", "pages", "security.signIn.sessionFor", "1h"));
    settings.putAll(more);
    NodeConfig config = Configuration.defaults().with("test", settings).node();
    Authentication authentication = new Authentication(vertx, config, null, Roles.BUILT_IN, Clock.systemUTC(),
        new SimpleMeterRegistry());
    SignIn signIn = SignIn.of(vertx, config.security(), config.isOpen(), Roles.BUILT_IN,
        entry -> {
          audited.add(entry.caller().subject() + " " + entry.deed() + " " + entry.status());
          return Future.succeededFuture();
        },
        new WebSessions(database), authentication::caller, new Moved());
    return get(House.open(vertx, signIn, authentication.doorman(),
        router -> Gate.needs(Access.FHIR_READ, router.route("/fhir/Patient"))
            .handler(request -> request.end(Gate.caller(request).subject()))));
  }

  /** The system's clock, {@link #ahead}, unless it was stopped. */
  private final class Moved extends Clock {
    @Override
    public Instant instant() {
      return (stopped == null ? Instant.now() : stopped).plus(ahead);
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

  /** As a browser: cookies that are set come along from then on. */
  private HttpResponse<Buffer> go(String verb, String address, String... headers) {
    String absolute = address.startsWith("/") ? house.base() + address : address;
    WebClient client = absolute.startsWith("https:") ? trusting : house.client();
    HttpRequest<Buffer> request = client.requestAbs(HttpMethod.valueOf(verb), absolute).followRedirects(false);
    if (absolute.startsWith(house.base()) && !cookies.isEmpty())
      request.putHeader("Cookie", cookie());
    for (int i = 0; i < headers.length; i += 2) request.putHeader(headers[i], headers[i + 1]);
    HttpResponse<Buffer> answer = get(request.send());
    for (String cookie : answer.cookies()) {
      String[] parts = cookie.split("[=;]", 3);
      if (parts[1].isEmpty()) cookies.remove(parts[0]);
      else cookies.put(parts[0], parts[1]);
    }
    return answer;
  }

  private String cookie() {
    return String.join("; ",
        cookies.entrySet().stream().map(cookie -> cookie.getKey() + "=" + cookie.getValue()).toList());
  }

  private String followed(HttpResponse<Buffer> answer) {
    assertEquals(302, answer.statusCode());
    return answer.getHeader("Location");
  }

  /** @return where the browser ends up */
  private String signIn(String to) {
    String there = followed(go("GET", "/auth/login?to=" + to));
    return followed(go("GET", followed(go("GET", there))));
  }

  private JsonObject me() {
    return go("GET", "/auth/me").bodyAsJsonObject();
  }

  private int reading() {
    return go("GET", "/fhir/Patient").statusCode();
  }

  @Test
  void whoSignsInIsLetInByHisCookieAloneUntilHeSignsOut() {
    assertEquals(401, reading());
    assertEquals("{\"asked\":true,\"offered\":true}", me().encode());

    assertEquals("/vitals/?x=1", signIn("%2Fvitals%2F%3Fx%3D1"));

    assertEquals("ada", go("GET", "/fhir/Patient").bodyAsString());
    assertEquals("ada of the test", me().getJsonObject("who").getString("name"));
    assertEquals("[\"OPEN\",\"FHIR_READ\",\"MAPPING_PREVIEW\"]",
        me().getJsonObject("who").getJsonArray("may").encode());

    String cookie = cookies.get("caregrid");
    JsonObject out = go("POST", "/auth/logout").bodyAsJsonObject();
    assertTrue(out.getString("to").startsWith(issuer.url() + "/bye?"), out.encode());
    assertFalse(cookies.containsKey("caregrid"));
    cookies.put("caregrid", cookie);
    assertEquals(401, reading());
    assertEquals(List.of("ada SIGN_IN 200", "ada SIGN_OUT 200"), audited);
  }

  @Test
  void noScriptCanReadTheCookieAndNoOtherSiteCanSendItAlong() {
    String there = followed(go("GET", "/auth/login"));
    HttpResponse<Buffer> back = go("GET", followed(go("GET", there)));

    String session = back.cookies().stream().filter(cookie -> cookie.startsWith("caregrid=")).findFirst().orElseThrow();
    assertTrue(session.matches("(?i).*; HttpOnly.*") && session.contains("SameSite=Lax") && session.contains("Path=/"),
        session);
    assertEquals("no-store", back.getHeader("Cache-Control"));
    assertEquals(403, go("POST", "/auth/logout", "Origin", "https://elsewhere.example").statusCode());
    assertEquals(200, reading());
  }

  @Test
  void whoMayNotReadIsSignedInAndRefused() {
    issuer.roles = List.of("Telemetry Sender");
    signIn("/");

    assertEquals(403, reading());
    assertEquals("[\"OPEN\",\"TELEMETRY_SEND\"]", me().getJsonObject("who").getJsonArray("may").encode());
  }

  @Test
  void aTokenOfTheRequestsOwnCountsAndNotTheCookie() {
    signIn("/");
    issuer.subject = "grace";

    assertEquals("grace",
        go("GET", "/fhir/Patient", "Authorization", "Bearer " + issuer.accessToken()).bodyAsString());
    assertEquals(401, go("GET", "/fhir/Patient", "Authorization", "Bearer x.y.z").statusCode());
  }

  @ParameterizedTest
  @ValueSource(strings = {"https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example", "/auth/login",
    "javascript:alert(1)", "/vitals/%0d%0aX: y", ""})
  void nobodyIsSentToAnotherPlaceThanThisHouse(String to) {
    String ended = signIn(java.net.URLEncoder.encode(to, java.nio.charset.StandardCharsets.UTF_8));

    assertTrue(ended.equals("/") || ended.startsWith("/vitals/%0d"), ended);
  }

  @Test
  void anAnswerThatThisBrowserDidNotAskForIsNotTaken() {
    String there = followed(go("GET", "/auth/login"));
    String back = followed(go("GET", there));
    String code = back.replaceAll(".*code=", "");

    assertEquals("/#sign-in=lost", followed(go("GET", "/auth/callback?state=other&code=" + code)));
    assertEquals("/#sign-in=lost", followed(go("GET", "/auth/callback?code=" + code)));
    cookies.clear();
    assertEquals("/#sign-in=lost", followed(go("GET", back)));
    cookies.put("caregrid-sign-in", "%%%");
    assertEquals("/#sign-in=lost", followed(go("GET", back)));
    assertEquals(401, reading());
  }

  @Test
  void aCodeIsOfNoUseToABrowserThatDidNotAskForIt() {
    String victims = followed(go("GET", followed(go("GET", "/auth/login"))));
    cookies.clear();
    go("GET", "/auth/login");
    String mine = followed(go("GET", followed(go("GET", "/auth/login"))));
    String state = mine.replaceAll(".*state=", "").replaceAll("&.*", "");

    String ended = followed(go("GET", "/auth/callback?state=" + state + "&code=" + victims.replaceAll(".*code=", "")));

    assertEquals("/#sign-in=refused", ended);
    assertEquals(401, reading());
    assertEquals(List.of("unknown SIGN_IN 401"), audited);
  }

  @Test
  void whatTheIssuerRefusesBringsTheBrowserBackWithAWord() {
    issuer.refuses = true;
    assertEquals("/#sign-in=refused", signIn("/vitals/"));

    issuer.refuses = false;
    issuer.audience = "somebody else";
    assertEquals("/#sign-in=refused", signIn("/vitals/"));
    assertEquals(401, reading());
  }

  @Test
  void anIssuerThatIsAwayIsSaidToBeAndSignsInWhenItIsBack() {
    issuer.close();

    assertEquals("/#sign-in=busy", followed(go("GET", "/auth/login")));
  }

  /** So many that each connection to it is held. */
  @Test
  @Tag("full")
  void anIssuerThatAnsweredWithoutAnEndSignsInWhenItIsWellAgain() {
    issuer.drips = true;
    List<Future<HttpResponse<Buffer>>> late = new ArrayList<>();
    for (int n = 0; n < PoolOptions.DEFAULT_MAX_POOL_SIZE; n++) {
      cookies.clear();
      String back = followed(go("GET", followed(go("GET", "/auth/login"))));
      late.add(house.client().getAbs(back).followRedirects(false).putHeader("Cookie", cookie()).send());
    }
    for (Future<HttpResponse<Buffer>> one : late) assertEquals("/#sign-in=busy", followed(get(one)));
    issuer.drips = false;
    cookies.clear();

    assertEquals("/vitals/", signIn("/vitals/"));
  }

  @Test
  void anIssuerUnderAPrivateAuthoritySignsPeopleInWhenItsRootIsTrusted(@TempDir Path folder) throws Exception {
    PrivateAuthority authority = PrivateAuthority.make(folder).sign("server", "ip:127.0.0.1");
    issuer.close();
    issuer = new TestIssuer(vertx, "pages", authority.server("server"));
    house = house(Map.of());
    assertEquals("/#sign-in=busy", followed(go("GET", "/auth/login")));

    house = house(Map.of("security.issuers.test.trust", authority.root().toString()));

    assertEquals("/vitals/", signIn("/vitals/"));
    assertEquals(200, reading());
  }

  @Test
  void aSessionIsRenewedWhenItsTokenRunsOutAndTakesOverWhatTheIssuerSaysThen() {
    issuer.roles = List.of("FHIR Data Reader", "Telemetry Sender");
    signIn("/");
    ahead = Duration.ofMinutes(6);
    issuer.accessFor = Duration.ofMinutes(20);

    assertEquals(200, reading());
    assertEquals(1, issuer.refreshed);
    assertEquals(200, reading());
    assertEquals(1, issuer.refreshed);

    ahead = Duration.ofMinutes(30);
    issuer.accessFor = Duration.ofMinutes(50);
    issuer.roles = List.of("Telemetry Sender");
    assertEquals(403, reading());
  }

  @Test
  void whoIsLockedOutAtTheIssuerIsOutHereWhenHisTokenRunsOut() {
    signIn("/");
    issuer.refuses = true;
    assertEquals(200, reading());

    ahead = Duration.ofMinutes(6);

    assertEquals(401, reading());
    issuer.refuses = false;
    assertEquals(401, reading());
    assertNotEquals(true, me().containsKey("who"));
  }

  /** Signing out takes a row away; the database does not. */
  private void databaseKeepsRows(boolean keeps) throws SQLException {
    sql(keeps
        ? """
            create function away() returns trigger language plpgsql as $$ begin raise exception 'away' using errcode = '57P03'; end $$;
            create trigger away before delete on web_session for each row execute function away()"""
        : "drop function away cascade");
  }

  @Test
  void whoCannotBeSignedOutIsToldSoAndKeepsHisCookie() throws Exception {
    signIn("/");
    databaseKeepsRows(true);

    HttpResponse<Buffer> answer = go("POST", "/auth/logout");

    assertEquals(503, answer.statusCode());
    assertTrue(answer.bodyAsString().contains("still signed in"), answer.bodyAsString());
    assertEquals(List.of(), answer.cookies());
    assertEquals(200, reading());
    databaseKeepsRows(false);
    String cookie = cookies.get("caregrid");
    assertEquals(200, go("POST", "/auth/logout").statusCode());
    cookies.put("caregrid", cookie);
    assertEquals(401, reading());
  }

  @Test
  void whoSignsInAnewIsOutOfTheSessionBeforeAndWhoFailsToIsNot() {
    signIn("/");
    String first = cookies.get("caregrid");
    issuer.audience = "somebody else";
    assertEquals("/#sign-in=refused", signIn("/"));
    assertEquals(200, reading());

    issuer.audience = "caregrid";
    signIn("/");

    assertNotEquals(first, cookies.get("caregrid"));
    cookies.put("caregrid", first);
    assertEquals(401, reading());
  }

  @Test
  void nobodyMakesTheNodeAskTheIssuerWithoutHavingBegunHere() {
    String made = new JsonObject().put("state", "s").put("verifier", "v").put("to", "/").encode();
    cookies.put("caregrid-sign-in", Base64.getUrlEncoder().withoutPadding().encodeToString(made.getBytes()));

    assertEquals("/#sign-in=lost", followed(go("GET", "/auth/callback?state=s&code=guessed")));

    assertEquals(0, issuer.exchanged);
  }

  @Test
  void whoTakesTooLongBeginsAnew() {
    String there = followed(go("GET", "/auth/login"));
    String back = followed(go("GET", there));
    ahead = Duration.ofMinutes(11);

    assertEquals("/#sign-in=lost", followed(go("GET", back)));
    assertEquals(0, issuer.exchanged);
  }

  @Test
  void whoGuessesCodesIsNotLetAskTheIssuerAsOftenAsHeLikes() {
    String state = followed(go("GET", "/auth/login")).replaceAll(".*[?&]state=", "").replaceAll("&.*", "");
    String mine = cookies.get("caregrid-sign-in");

    stopped = Instant.now(); // however long it takes to guess
    for (int guess = 0; guess < 50; guess++) {
      cookies.put("caregrid-sign-in", mine);
      String ended = followed(go("GET", "/auth/callback?state=" + state + "&code=guess" + guess));
      assertEquals(guess < 20 ? "/#sign-in=refused" : "/#sign-in=busy", ended);
    }

    assertEquals(20, issuer.exchanged);
    stopped = null;
    ahead = Duration.ofSeconds(3);
    assertEquals("/vitals/", signIn("/vitals/"));
    assertEquals("/vitals/", signIn("/vitals/"), "what goes well is not counted");
  }

  @Test
  void noSessionIsLongerThanItMayBe() {
    issuer.accessFor = Duration.ofHours(5);
    signIn("/");
    ahead = Duration.ofMinutes(59);
    assertEquals(200, reading());

    ahead = Duration.ofMinutes(61);

    assertEquals(401, reading());
  }

  @Test
  void whoReadsTheDatabaseCanBeNobodyByIt() throws Exception {
    signIn("/");
    String cookie = cookies.get("caregrid");

    String row = row();

    assertFalse(row.contains(cookie), row);
    assertTrue(row.contains("ada"), row);
    issuer.refreshTokens().forEach(token -> assertFalse(row.contains(token), row));
    cookies.put("caregrid", Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(Seal.of(cookie).orElseThrow().id().getBytes()));
    assertEquals(401, reading());
  }

  /** The whole table as text, of bytes what is ASCII. */
  private String row() throws SQLException {
    try (Connection connection = DriverManager.getConnection(jdbc);
        ResultSet rows = connection.createStatement()
            .executeQuery("select encode(id, 'escape') || who || encode(renewal, 'escape') from web_session")) {
      rows.next();
      return rows.getString(1);
    }
  }
}
