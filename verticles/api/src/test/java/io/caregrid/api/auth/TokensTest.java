package io.caregrid.api.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.slf4j.LoggerFactory;

/** Good and bad tokens at a locked door, by HTTP. No line of the log may hold a token. */
class TokensTest {
  private static SigningKey rsa;
  private static SigningKey curve;
  private static SigningKey stranger;
  private final ListAppender<ILoggingEvent> lines = new ListAppender<>();
  private OwnIssuer issuer;
  private LockedDoor door;

  @BeforeAll
  static void keys() {
    rsa = SigningKey.of("rsa-1", "RS256");
    curve = SigningKey.of("ec-1", "ES256");
    stranger = SigningKey.of("rsa-1", "RS256");
  }

  @BeforeEach
  void open() throws Exception {
    lines.start();
    ((Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME)).addAppender(lines);
    issuer = new OwnIssuer(rsa, curve);
    door = new LockedDoor(null, "security.issuers.ward.url=" + issuer.url()).ready();
  }

  @AfterEach
  void close() throws Exception {
    door.close();
    issuer.close();
    ((Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME)).detachAppender(lines);
    lines.stop();
    List<String> tokens = List.copyOf(lines.list)
        .stream()
        .map(ILoggingEvent::getFormattedMessage)
        .filter(line -> line.contains("eyJ"))
        .toList();
    assertEquals(List.of(), tokens);
  }

  private ObjectNode claims() {
    return door.claims(issuer);
  }

  private static ObjectNode with(ObjectNode claims, Consumer<ObjectNode> change) {
    change.accept(claims);
    return claims;
  }

  @Test
  void everyAlgorithmWithAKeyPairIsTaken() {
    for (String algorithm : List.of("RS256", "RS512", "PS256", "ES256", "ES384", "ES512", "EdDSA")) {
      SigningKey key = SigningKey.of("k-" + algorithm, algorithm);
      issuer.keys = List.of(key);
      door.clock.forward(Duration.ofSeconds(6));

      HttpResponse<String> answer = door.ask(key.token(claims()));

      assertEquals("s-1|ada|FHIR Data Reader|127.0.0.1", answer.body(), algorithm);
    }
  }

  @Test
  void aTokenIsExaminedOnceAndItsCallerMayWhatItsRolesGive() {
    String token = curve.token(claims());

    assertEquals(200, door.ask(token).statusCode());
    assertEquals(200, door.ask(token).statusCode());
    HttpResponse<String> write = door.send(door.request("/thing")
        .header("Authorization", "bearer  " + token)
        .POST(HttpRequest.BodyPublishers.ofString("x")));
    assertEquals(403, write.statusCode());
    assertEquals(List.of("s-1 POST /thing needs FHIR_WRITE 403"), door.audited);
    assertEquals(3, door.metrics.get(TokenDoorman.TOKENS).tag("outcome", "accepted").counter().count());
    assertEquals(1, issuer.asked.get());
  }

  private long checks() {
    return door.metrics.get("auth.signatures").timer().count();
  }

  @Test
  void theSignatureOfATokenIsCheckedOnceWhetherItIsGoodOrForgedAndAgainWhenKeysChange() {
    String good = curve.token(claims());
    String forged = stranger.token(claims());
    for (int n = 0; n < 3; n++) {
      assertEquals(200, door.ask(good).statusCode());
      assertTrue(refusal(door.ask(forged)).contains("its signature is not that of its issuer"));
    }
    assertEquals(2, checks());

    issuer.keys = List.of(stranger);
    door.clock.forward(Duration.ofSeconds(6));
    refresh();
    assertEquals(200, door.ask(forged).statusCode(), "it is the issuer's now");
    assertEquals(401, door.ask(good).statusCode());
    assertEquals(3, checks());
  }

  @Test
  void manyRequestsWithOneNewTokenCostOneSignature() {
    String token = curve.token(claims());

    List<CompletableFuture<HttpResponse<String>>> page = IntStream.range(0, 30)
        .mapToObj(n -> door.client()
            .sendAsync(door.request("/thing").header("Authorization", "Bearer " + token).build(),
                HttpResponse.BodyHandlers.ofString()))
        .toList();

    page.forEach(answer -> assertEquals(200, answer.join().statusCode()));
    assertEquals(1, checks());
  }

  @Test
  void aClockThatDiffersWithinTheSkewIsForgiven() {
    long now = door.clock.instant().getEpochSecond();

    assertEquals(200, door.ask(rsa.token(with(claims(), c -> c.put("exp", now - 29)))).statusCode());
    assertEquals(200, door.ask(rsa.token(with(claims(), c -> c.put("nbf", now + 29)))).statusCode());
    assertEquals(401, door.ask(rsa.token(with(claims(), c -> c.put("exp", now - 30)))).statusCode());
  }

  @Test
  void aTokenThatWasGoodExpires() {
    String token = rsa.token(claims());
    assertEquals(200, door.ask(token).statusCode());

    door.clock.forward(Duration.ofSeconds(331));

    assertTrue(refusal(door.ask(token)).contains("it has expired"));
  }

  @TestFactory
  Stream<DynamicTest> aBadTokenIsRefusedAndToldWhy() throws Exception {
    long now = door.clock.instant().getEpochSecond();
    Map<String, String> bad = new LinkedHashMap<>();
    bad.put(rsa.token(with(claims(), c -> c.put("exp", now - 31))), "it has expired");
    bad.put(rsa.token(with(claims(), c -> c.put("nbf", now + 31))), "not valid yet");
    bad.put(rsa.token(with(claims(), c -> c.put("aud", "other"))), "aud must name caregrid");
    bad.put(rsa.token(with(claims(), c -> c.remove("aud"))), "aud must name caregrid");
    bad.put(rsa.token(with(claims(), c -> c.putArray("aud").add("a").add("b"))), "aud must name caregrid");
    bad.put(rsa.token(with(claims(), c -> c.put("aud", 7))), "aud must be a text or a list");
    bad.put(rsa.token(with(claims(), c -> c.put("iss", "https://elsewhere.example.org"))), "its issuer (iss)");
    bad.put(rsa.token(with(claims(), c -> c.remove("iss"))), "its issuer (iss)");
    bad.put(rsa.token(with(claims(), c -> c.putObject("iss"))), "its issuer (iss)");
    bad.put(rsa.token(with(claims(), c -> c.remove("exp"))), "when it expires");
    bad.put(rsa.token(with(claims(), c -> c.put("exp", String.valueOf(now + 60)))), "exp must be a number");
    bad.put(rsa.token(with(claims(), c -> c.put("exp", 1e300))), "exp must be a number");
    bad.put(rsa.token(with(claims(), c -> c.put("nbf", "x"))), "nbf must be a number");
    bad.put(rsa.token(with(claims(), c -> c.put("iat", true))), "iat must be a number");
    bad.put(rsa.token(with(claims(), c -> c.put("sub", 5))), "sub must be a text");
    bad.put(rsa.token(with(claims(), c -> c.put("sub", "a\nroot allowed=true"))), "sub must be a text");
    bad.put(rsa.token(with(claims(), c -> c.put("sub", "x".repeat(256)))), "sub must be a text");
    bad.put(rsa.token(with(claims(), c -> c.putObject("roles").put("FHIR Data Reader", true))), "roles must be a text");
    bad.put(rsa.token(with(claims(), c -> c.putArray("roles").add(1))), "roles must be a text");
    bad.put(rsa.token(with(claims(), c -> c.put("typ", "ID"))), "no access token");
    bad.put(rsa.token(with(claims(), c -> c.put("at_hash", "77QmUPtjPfzWtF2AnpK9RQ"))), "no access token");
    bad.put(rsa.token(with(claims(), c -> c.put("c_hash", "LDktKdoQak3Pk0cnXxCltA"))), "no access token");
    bad.put(rsa.token(with(claims(), c -> c.put("token_use", "id"))), "no access token");
    bad.put(rsa.token(Map.of("typ", "logout+jwt"), claims()), "no access token");
    bad.put(rsa.token(Map.of("crit", List.of("b64")), claims()), "extensions");
    bad.put(rsa.token(Map.of("alg", "none"), claims()), "its algorithm is not one of");
    bad.put(unsigned(rsa.token(Map.of("alg", "none"), claims())), "not one of");
    bad.put(rsa.token(Map.of("alg", "HS512"), claims()), "its algorithm is not one of");
    bad.put(hmac(rsa.pair().getPublic().getEncoded()), "its algorithm is not one of");
    bad.put(rsa.token(Map.of("alg", 256), claims()), "alg is no text");
    bad.put(rsa.token(Map.of("kid", List.of("rsa-1")), claims()), "kid is no text");
    bad.put(rsa.token(Map.of("alg", "ES256", "kid", "rsa-1"), claims()), "no key of its issuer");
    bad.put(rsa.token(Map.of("alg", "PS256"), claims()), "no key of its issuer");
    bad.put(rsa.token(Map.of("kid", "other"), claims()), "no key of its issuer");
    bad.put(stranger.token(claims()), "its signature is not that of its issuer");
    bad.put(stranger.token(Map.of("jwk", stranger.jwk()), claims()), "its signature is not that of its issuer");
    bad.put(tampered(rsa.token(claims())), "its signature is not that of its issuer");
    bad.put(unsigned(curve.token(claims())) + SigningKey.text(new byte[64]), "its signature is not that of its issuer");
    bad.put(unsigned(curve.token(claims())) + SigningKey.text(new byte[7]), "its signature is not that of its issuer");
    bad.put(rsa.token(Map.of(), "{\"iss\":\"a\",\"iss\":\"" + issuer.url() + "\"}"), "payload is no JSON object");
    bad.put(rsa.token(Map.of(), "[" + "[".repeat(5000)), "payload is no JSON object");
    bad.put(rsa.token(Map.of(), "null"), "payload is no JSON object");
    bad.put(rsa.token(Map.of(), "{\"exp\":" + "9".repeat(5000) + "}"), "payload is no JSON object");
    bad.put(rsa.token(claims()) + ".x.y", "no signed JWT of three parts");
    bad.put("abc", "no signed JWT of three parts");
    bad.put("..", "header is not in base64url");
    bad.put("a+/b.c.d", "header is not in base64url");
    bad.put(rsa.token(claims()) + "=", "signature is not in base64url");
    bad.put(rsa.token(with(claims(), c -> c.put("more", "m".repeat(10_000)))), "characters, more than");
    return bad.entrySet()
        .stream()
        .map(one -> DynamicTest.dynamicTest(one.getValue(), () -> {
          String said = refusal(door.ask(one.getKey()));
          assertTrue(said.contains(one.getValue()), said);
        }));
  }

  /** What a 401 says, in the body as in the header, without a part of the token. */
  private static String refusal(HttpResponse<String> answer) {
    assertEquals(401, answer.statusCode(), answer.body());
    String challenge = answer.headers().firstValue("WWW-Authenticate").orElseThrow();
    assertTrue(challenge.startsWith("Bearer realm=\"caregrid\", error=\"invalid_token\", error_description=\""),
        challenge);
    assertTrue(answer.body().contains("OperationOutcome") && answer.body().contains("\"login\""), answer.body());
    assertFalse((answer.body() + challenge).contains("eyJ"), answer.body());
    return answer.body();
  }

  private static String unsigned(String token) {
    return token.substring(0, token.lastIndexOf('.') + 1);
  }

  /** The same claims, but a subject of the attacker's choice. */
  private String tampered(String token) {
    String[] parts = token.split("\\.");
    String other = with(claims(), c -> c.put("sub", "admin")).toString();
    return parts[0] + "." + SigningKey.text(other.getBytes(StandardCharsets.UTF_8)) + "." + parts[2];
  }

  /** Signed with what the issuer publishes, taken for a shared secret. */
  private String hmac(byte[] secret) throws Exception {
    String signed = SigningKey.text("{\"alg\":\"HS256\",\"kid\":\"rsa-1\"}".getBytes(StandardCharsets.UTF_8)) + "."
        + SigningKey.text(claims().toString().getBytes(StandardCharsets.UTF_8));
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(secret, "HmacSHA256"));
    return signed + "." + SigningKey.text(mac.doFinal(signed.getBytes(StandardCharsets.US_ASCII)));
  }

  @Test
  void aTokenElsewhereThanInTheHeaderIsRefused() {
    String token = rsa.token(claims());

    HttpResponse<String> inAddress = door.send(door.request("/thing?access_token=" + token));
    assertEquals(400, inAddress.statusCode());
    assertFalse(inAddress.body().contains("eyJ"));
    HttpResponse<String> twice = door.send(door.request("/thing")
        .header("Authorization", "Bearer " + token)
        .header("Authorization", "Bearer " + token));
    assertEquals(400, twice.statusCode());
    HttpResponse<String> basic = door.send(door.request("/thing").header("Authorization", "Basic YTpi"));
    assertEquals(401, basic.statusCode());
    assertEquals("Bearer realm=\"caregrid\"", basic.headers().firstValue("WWW-Authenticate").orElseThrow());
    HttpResponse<String> form = door.send(door.request("/thing")
        .header("Content-Type", "application/x-www-form-urlencoded")
        .POST(HttpRequest.BodyPublishers.ofString("access_token=" + token)));
    assertEquals(401, form.statusCode());
  }

  @Test
  void aHeaderLargerThanThePortTakesIsRefusedAndThePortLivesOn() {
    assertTrue(door.ask("x".repeat(40_000)).statusCode() / 100 == 4);
    assertEquals(200, door.send(door.request("/open")).statusCode());
  }

  @Test
  void aRefusedBodyIsReadToItsEndSoThatTheClientSeesWhy() {
    HttpResponse<String> answer = door.send(door.request("/thing")
        .header("Authorization", "Bearer abc")
        .POST(HttpRequest.BodyPublishers.ofByteArray(new byte[4 << 20])));

    assertEquals(401, answer.statusCode());
  }

  @Test
  void aKeyWithoutANameIsFoundWhenItIsTheOnlyOneThatFits() {
    SigningKey nameless = SigningKey.of(null, "ES384");
    issuer.keys = List.of(rsa, nameless);
    door.clock.forward(Duration.ofSeconds(6));
    assertEquals(200, door.ask(nameless.token(claims())).statusCode());

    issuer.keys = List.of(rsa, nameless, SigningKey.of(null, "ES384"));
    door.clock.forward(Duration.ofSeconds(6));
    refresh();
    assertTrue(refusal(door.ask(nameless.token(claims()))).contains("no key of its issuer"), "which of the two?");
  }

  /** RFC 7517 section 4.4: {@code alg} is optional, and so is {@code kid}; one name may stand for keys of several kinds (section 4.5). */
  @Test
  void keysThatDoNotSayTheirAlgorithmAreToldApartByTheirFamilyAndCurve() {
    for (String kid : Arrays.asList(null, "same")) {
      List<SigningKey> keys = Stream.of("RS256", "ES256", "ES384", "EdDSA")
          .map(one -> SigningKey.of(kid, one))
          .toList();
      issuer.answer = "{\"keys\":" + keys.stream().map(key -> key.jwk().without("alg")).toList() + "}";
      door.clock.forward(Duration.ofSeconds(6));
      refresh();

      for (SigningKey key : keys)
        assertEquals(200, door.ask(key.token(claims())).statusCode(), key.algorithm() + " under " + kid);
    }
  }

  /** By a token whose key is not known. */
  private void refresh() {
    assertEquals(401, door.ask(rsa.token(Map.of("kid", "other"), claims())).statusCode());
  }
}
