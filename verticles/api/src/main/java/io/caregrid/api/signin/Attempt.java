package io.caregrid.api.signin;

import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.Base64;
import java.util.regex.Pattern;

/**
 * One browser on its way to the issuer and back. It carries this itself, sealed by {@link Attempts}: so any node can take it in again, and a code that
 * somebody else was given is of no use with it.
 *
 * @param state    ties the issuer's answer to this browser (RFC 6749 section 10.12)
 * @param verifier proves that whoever brings the code asked for it (RFC 7636 section 4.1)
 * @param to       where the browser wanted to go, a path of this house
 * @param until    it has to be back by then
 */
record Attempt(String state, String verifier, String to, Instant until) {

  private static final Base64.Encoder TEXT = Base64.getUrlEncoder().withoutPadding();
  private static final int BYTES = 32;
  /** A path, with a query at most: nothing that a browser could take for another host. */
  private static final Pattern OURS = Pattern
      .compile("/(?![/\\\\])[A-Za-z0-9\\-._~/%]*(\\?[A-Za-z0-9\\-._~/%&=+:,*|!]*)?");
  private static final int LONGEST = 2_000;

  /** @param wanted by the client, so perhaps not a path of ours; null for the start page */
  static Attempt to(String wanted, Instant until) {
    boolean ours = wanted != null && wanted.length() <= LONGEST && OURS.matcher(wanted).matches()
        && !wanted.startsWith("/auth/");
    return new Attempt(random(), random(), ours ? wanted : "/", until);
  }

  private static String random() {
    return TEXT.encodeToString(Seal.random(BYTES));
  }

  /** RFC 7636 section 4.2, S256. */
  String challenge() {
    try {
      return TEXT.encodeToString(
          MessageDigest.getInstance("SHA-256").digest(verifier.getBytes(StandardCharsets.US_ASCII)));
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  String text() {
    return new JsonObject().put("state", state)
        .put("verifier", verifier)
        .put("to", to)
        .put("until", until.toEpochMilli())
        .encode();
  }

  /** @param text as {@link #text} made it */
  static Attempt of(String text) {
    JsonObject all = new JsonObject(text);
    return new Attempt(all.getString("state"), all.getString("verifier"), all.getString("to"),
        Instant.ofEpochMilli(all.getLong("until")));
  }
}
