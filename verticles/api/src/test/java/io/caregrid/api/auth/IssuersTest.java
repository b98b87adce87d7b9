package io.caregrid.api.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.http.HttpResponse;
import java.security.KeyPairGenerator;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Issuers that change their keys, go away, lie, and are several. */
class IssuersTest {
  private final SigningKey first = SigningKey.of("k-1", "ES256");
  private final SigningKey second = SigningKey.of("k-2", "ES256");
  private OwnIssuer issuer;
  private LockedDoor door;

  @BeforeEach
  void open() throws Exception {
    issuer = new OwnIssuer(first);
    door = new LockedDoor(null, url(issuer));
  }

  private static String url(OwnIssuer issuer) {
    return "security.issuers.ward.url=" + issuer.url();
  }

  @AfterEach
  void close() throws Exception {
    door.close();
    issuer.close();
  }

  private String token(SigningKey key) {
    return key.token(door.claims(issuer));
  }

  @Test
  void theIssuersOwnWordsArePassedOnToApps() throws Exception {
    door.ready();

    Authority authority = door.authentication.authority();
    assertEquals(issuer.url(), authority.issuer());
    assertEquals(issuer.url() + "/certs", authority.metadata().path("jwks_uri").asText());
    assertTrue(authority.asks());
  }

  @Test
  void aNewKeyIsAskedForOnceAndTheOldOnesTokensStopWithIt() throws Exception {
    door.ready();
    String old = token(first);
    assertEquals(200, door.ask(old).statusCode());
    issuer.keys = List.of(second);
    door.clock.forward(Duration.ofSeconds(6));

    assertEquals(200, door.ask(token(second)).statusCode());
    assertEquals(2, issuer.asked.get());
    assertEquals(401, door.ask(old).statusCode(), "remembered, but its key is gone");
  }

  @Test
  void tokensWithKeysThatNobodyKnowsDoNotReachTheIssuerMoreThanOnceInFiveSeconds() throws Exception {
    door.ready();
    door.clock.forward(Duration.ofSeconds(6));

    List<CompletableFuture<HttpResponse<String>>> flood = IntStream.range(0, 300)
        .mapToObj(n -> door.client()
            .sendAsync(door.request("/thing")
                .header("Authorization", "Bearer "
                    + first.token(Map.of("kid", UUID.randomUUID().toString()), door.claims(issuer)))
                .build(), HttpResponse.BodyHandlers.ofString()))
        .toList();

    flood.forEach(answer -> assertEquals(401, answer.join().statusCode()));
    assertEquals(2, issuer.asked.get(), "at the start, and once for all of them");
    assertEquals(200, door.ask(token(first)).statusCode());
    door.clock.forward(Duration.ofSeconds(6));
    door.ask(first.token(Map.of("kid", "x"), door.claims(issuer)));
    assertEquals(3, issuer.asked.get());
  }

  @Test
  void manyRequestsBeforeTheKeysAreHereWaitForOneAnswer() throws Exception {
    List<CompletableFuture<HttpResponse<String>>> early = IntStream.range(0, 50)
        .mapToObj(n -> door.client()
            .sendAsync(door.request("/thing").header("Authorization", "Bearer " + token(first)).build(),
                HttpResponse.BodyHandlers.ofString()))
        .toList();

    early.forEach(answer -> assertEquals(200, answer.join().statusCode()));
    assertEquals(1, issuer.asked.get());
  }

  @Test
  void anIssuerThatIsAwayAtTheStartIsSaidSoAndTakenUpWhenItComes() throws Exception {
    OwnIssuer late = new OwnIssuer(first);
    late.leave();
    try (LockedDoor locked = new LockedDoor(null, url(late))) {
      String token = first.token(locked.claims(late));

      HttpResponse<String> early = locked.ask(token);

      assertEquals(503, early.statusCode(), early.body());
      assertEquals("2", early.headers().firstValue("Retry-After").orElseThrow());
      assertFalse(locked.authentication.allThere());
      assertEquals(200, locked.send(locked.request("/open")).statusCode());
      late.comeBack();
      locked.clock.forward(Duration.ofSeconds(6));
      assertEquals(200, locked.ask(token).statusCode());
      assertTrue(locked.authentication.allThere());
    } finally {
      late.close();
    }
  }

  @Test
  @Tag("full")
  void anIssuerThatDidNotAnswerIsAskedAgainWithoutATokenThatNeedsIt() throws Exception {
    OwnIssuer late = new OwnIssuer(first);
    late.leave();
    try (LockedDoor locked = new LockedDoor(null, url(late))) {
      late.comeBack();
      locked.ready();
    } finally {
      late.close();
    }
  }

  @Test
  void anIssuerThatGoesAwayIsTrustedForAsLongAsItsKeysAreGood() throws Exception {
    door.ready();
    assertEquals(200, door.ask(token(first)).statusCode());
    issuer.leave();
    door.clock.forward(Duration.ofHours(23));

    assertEquals(200, door.ask(token(first)).statusCode(), "a new token by the key that is known");
    assertEquals(401, door.ask(token(second)).statusCode(), "by another key: nobody can say, and nobody is let in");
    door.clock.forward(Duration.ofHours(2));
    assertEquals(503, door.ask(token(first)).statusCode());
    issuer.comeBack();
    door.clock.forward(Duration.ofSeconds(6));
    assertEquals(200, door.ask(token(first)).statusCode());
  }

  @Test
  void anIssuerThatSaysToBeAnotherGivesNoKeys() throws Exception {
    door.ready().close();
    issuer.asked.set(0);
    issuer.calls = "https://id.example.org";
    door = new LockedDoor(null, url(issuer));

    assertEquals(503, door.ask(token(first)).statusCode());
    assertEquals(0, issuer.asked.get(), "its keys are not even asked for");
  }

  @Test
  void answersThatAreTooLargeOrNoKeysLeaveTheKnownOnes() throws Exception {
    door.ready();
    KeyPairGenerator maker = KeyPairGenerator.getInstance("RSA");
    maker.initialize(1024);
    SigningKey weak = new SigningKey("weak", "RS256", maker.generateKeyPair());
    for (String nonsense : List.of("{}", "[]", "no json", "{\"keys\":[{\"kty\":\"oct\",\"k\":\"c2VjcmV0\"}]}",
        "{\"keys\":[" + weak.jwk() + "]}", "{\"keys\":[" + second.jwk().put("alg", "RS256") + "]}",
        "{\"keys\":[" + "1,".repeat(400_000) + "1]}")) {
      issuer.answer = nonsense;
      door.clock.forward(Duration.ofSeconds(6));
      assertEquals(401, door.ask(token(second)).statusCode());
      assertEquals(200, door.ask(token(first)).statusCode());
    }
  }

  @Test
  void severalIssuersEachSignForThemselvesAlone() throws Exception {
    door.close();
    OwnIssuer other = new OwnIssuer(second);
    door = new LockedDoor(null, url(issuer), "security.issuers.clinic.url=" + other.url(),
        "security.issuers.clinic.audience=clinic", "security.issuers.clinic.rolesClaim=realm_access.roles,scope",
        "security.issuers.clinic.roles.nurse=FHIR Data Reader,Telemetry Sender",
        "security.issuers.clinic.roles.ask=Analyst").ready();
    ObjectNode theirs = door.claims(other).put("aud", "clinic").put("scope", "openid ask");
    theirs.putObject("realm_access").putArray("roles").add("nurse").add("Operator");

    assertEquals("s-1|ada|Analyst,FHIR Data Reader,Telemetry Sender|127.0.0.1", door.ask(second.token(theirs)).body());
    assertEquals(200, door.ask(token(first)).statusCode());
    assertEquals(401, door.ask(first.token(theirs)).statusCode(), "the ward's key under the clinic's name");
    assertEquals(401, door.ask(second.token(door.claims(issuer))).statusCode());
    other.close();
  }

  @Test
  void anIssuersTokenWithoutTheClaimThatItsAccessTokensHaveIsRefused() throws Exception {
    door.close();
    door = new LockedDoor(null, url(issuer), "security.issuers.ward.accessClaim=scp").ready();

    assertEquals(200, door.ask(first.token(door.claims(issuer).put("scp", "caregrid.use"))).statusCode());
    assertTrue(door.ask(token(first)).body().contains("it has no scp, which access tokens of its issuer have"));
    assertEquals(401, door.ask(first.token(door.claims(issuer).putNull("scp"))).statusCode());
  }

  @Test
  void rolesThatNobodyKnowsGiveNothing() throws Exception {
    door.ready();
    ObjectNode claims = door.claims(issuer);
    claims.putArray("roles").add("Head Physician").add("admin").add("*");
    assertEquals(403, door.ask(first.token(claims)).statusCode());
    claims.remove("roles");
    assertEquals(403, door.ask(first.token(claims)).statusCode());
    claims.put("roles", "FhirDataReader");
    assertEquals(200, door.ask(first.token(claims)).statusCode());
  }

  @Test
  void anOpenDoorTakesWhoSendsNothingAndStillRefusesAWrongToken() throws Exception {
    door.close();
    door = new LockedDoor(null, url(issuer), "security.mode=open-i-know-what-i-do").ready();

    assertEquals("local|null||127.0.0.1", door.send(door.request("/thing")).body());
    assertEquals("s-1|ada|FHIR Data Reader|127.0.0.1", door.ask(token(first)).body());
    assertEquals(401, door.ask(token(second)).statusCode());
  }
}
