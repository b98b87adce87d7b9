package io.caregrid.api.signin;

import io.caregrid.api.Ward;
import io.caregrid.engines.Pem;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.PemKeyCertOptions;
import java.math.BigInteger;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.Signature;
import java.security.interfaces.RSAPublicKey;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * An OpenID Connect issuer on a free port that lets whoever comes in as {@link #subject}, at once, and checks what a client must prove (RFC 6749, RFC 7636).
 * It rotates refresh tokens, and takes back everything when one comes twice (RFC 9700 section 4.14.2).
 */
final class TestIssuer implements AutoCloseable {
  private static final Base64.Encoder TEXT = Base64.getUrlEncoder().withoutPadding();
  private static final KeyPair KEYS = keys();
  private final HttpServer server;
  private final String clientId;
  private final Map<String, MultiMap> codes = new HashMap<>();
  private final List<String> refreshTokens = new CopyOnWriteArrayList<>();
  volatile String subject = "ada";
  volatile String audience = "caregrid";
  volatile List<String> roles = List.of("FHIR Data Reader");
  volatile Duration accessFor = Duration.ofMinutes(5);
  volatile boolean refuses;
  volatile int refreshed;
  volatile int exchanged;
  /** Refresh tokens that came twice. */
  volatile int reused;
  /** A renewal takes so long. */
  volatile Duration slow = Duration.ZERO;
  /** Its tokens come by drops, without an end. */
  volatile boolean drips;
  private final Set<String> spent = ConcurrentHashMap.newKeySet();
  private final Vertx vertx;
  private final String scheme;

  TestIssuer(Vertx vertx, String clientId) {
    this(vertx, clientId, null);
  }

  /** @param tls null: it speaks in the clear */
  TestIssuer(Vertx vertx, String clientId, Pem tls) {
    this.vertx = vertx;
    this.clientId = clientId;
    this.scheme = tls == null ? "http" : "https";
    HttpServerOptions options = new HttpServerOptions();
    if (tls != null)
      options.setSsl(true)
          .setKeyCertOptions(new PemKeyCertOptions().addCertPath(tls.cert().toString())
              .addKeyPath(tls.key().toString()));
    server = Ward.get(vertx.createHttpServer(options).requestHandler(this::answer).listen(0, "127.0.0.1"));
  }

  private static KeyPair keys() {
    try {
      KeyPairGenerator maker = KeyPairGenerator.getInstance("RSA");
      maker.initialize(2048);
      return maker.generateKeyPair();
    } catch (GeneralSecurityException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  String url() {
    return scheme + "://127.0.0.1:" + server.actualPort();
  }

  /** Those it has given out and not taken back. */
  List<String> refreshTokens() {
    return List.copyOf(refreshTokens);
  }

  private void answer(HttpServerRequest request) {
    switch (request.path()) {
      case "/.well-known/openid-configuration" -> json(request, 200, new JsonObject().put("issuer", url())
          .put("authorization_endpoint", url() + "/authorize")
          .put("token_endpoint", url() + "/token")
          .put("end_session_endpoint", url() + "/bye")
          .put("jwks_uri", url() + "/keys"));
      case "/keys" -> json(request, 200, new JsonObject().put("keys", new JsonArray().add(jwk())));
      case "/authorize" -> authorize(request);
      case "/token" -> request.body().onSuccess(body -> {
        MultiMap form = form(body.toString());
        boolean renewal = form.get("grant_type").equals("refresh_token");
        if (drips) drip(request);
        else if (renewal && !slow.isZero()) vertx.setTimer(slow.toMillis(), now -> token(request, form));
        else token(request, form);
      });
      default -> request.response().setStatusCode(404).end();
    }
  }

  private void drip(HttpServerRequest request) {
    request.response().setChunked(true).putHeader("Content-Type", "application/json");
    long timer = vertx.setPeriodic(20, drop -> request.response().write(" "));
    request.response().closeHandler(gone -> vertx.cancelTimer(timer));
  }

  private JsonObject jwk() {
    RSAPublicKey open = (RSAPublicKey) KEYS.getPublic();
    return new JsonObject().put("kty", "RSA")
        .put("use", "sig")
        .put("alg", "RS256")
        .put("kid", "one")
        .put("n", TEXT.encodeToString(unsigned(open.getModulus())))
        .put("e", TEXT.encodeToString(unsigned(open.getPublicExponent())));
  }

  private static byte[] unsigned(BigInteger number) {
    byte[] bytes = number.toByteArray();
    return bytes[0] == 0 ? Arrays.copyOfRange(bytes, 1, bytes.length) : bytes;
  }

  private void authorize(HttpServerRequest request) {
    MultiMap asked = request.params();
    String back = asked.get("redirect_uri") + "?state=" + asked.get("state");
    if (refuses) {
      redirect(request, back + "&error=access_denied");
    } else if (!clientId.equals(asked.get("client_id")) || !"S256".equals(asked.get("code_challenge_method"))) {
      request.response().setStatusCode(400).end();
    } else {
      String code = UUID.randomUUID().toString();
      codes.put(code, asked);
      redirect(request, back + "&code=" + code);
    }
  }

  private static void redirect(HttpServerRequest request, String to) {
    request.response().setStatusCode(302).putHeader("Location", to).end();
  }

  private void token(HttpServerRequest request, MultiMap form) {
    boolean good = form.get("grant_type").equals("refresh_token")
        ? isGood(form.get("refresh_token"))
        : isGood(codes.remove(form.get("code")), form);
    if (!good || refuses) {
      json(request, 400, new JsonObject().put("error", "invalid_grant"));
      return;
    }
    String refresh = UUID.randomUUID().toString();
    refreshTokens.add(refresh);
    json(request, 200, new JsonObject().put("access_token", accessToken())
        .put("refresh_token", refresh)
        .put("token_type", "Bearer")
        .put("expires_in", accessFor.toSeconds()));
  }

  private boolean isGood(String refresh) {
    refreshed++;
    if (spent.contains(refresh)) {
      reused++;
      refreshTokens.clear();
    }
    return refreshTokens.remove(refresh) && spent.add(refresh);
  }

  private boolean isGood(MultiMap asked, MultiMap form) {
    exchanged++;
    return asked != null && asked.get("redirect_uri").equals(form.get("redirect_uri"))
        && asked.get("code_challenge").equals(challenge(form.get("code_verifier")));
  }

  private static String challenge(String verifier) {
    try {
      return TEXT.encodeToString(
          MessageDigest.getInstance("SHA-256").digest(String.valueOf(verifier).getBytes(StandardCharsets.US_ASCII)));
    } catch (GeneralSecurityException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  String accessToken() {
    Instant now = Instant.now();
    JsonObject claims = new JsonObject().put("iss", url())
        .put("aud", audience)
        .put("sub", subject)
        .put("preferred_username", subject + " of the test")
        .put("roles", new JsonArray(roles))
        .put("iat", now.getEpochSecond())
        .put("exp", now.plus(accessFor).getEpochSecond());
    JsonObject header = new JsonObject().put("alg", "RS256").put("kid", "one").put("typ", "JWT");
    String signed = TEXT.encodeToString(header.toBuffer().getBytes()) + "."
        + TEXT.encodeToString(claims.toBuffer().getBytes());
    try {
      Signature maker = Signature.getInstance("SHA256withRSA");
      maker.initSign(KEYS.getPrivate());
      maker.update(signed.getBytes(StandardCharsets.US_ASCII));
      return signed + "." + TEXT.encodeToString(maker.sign());
    } catch (GeneralSecurityException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  private static MultiMap form(String body) {
    MultiMap form = MultiMap.caseInsensitiveMultiMap();
    for (String pair : body.split("&")) {
      String[] parts = pair.split("=", 2);
      form.add(parts[0], URLDecoder.decode(parts[1], StandardCharsets.UTF_8));
    }
    return form;
  }

  private static void json(HttpServerRequest request, int status, JsonObject answer) {
    request.response().setStatusCode(status).putHeader("Content-Type", "application/json").end(answer.toBuffer());
  }

  @Override
  public void close() {
    Ward.get(server.close());
  }
}
