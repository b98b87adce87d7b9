package io.caregrid.api.signin;

import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * One browser on its way to the issuer and back. It carries this itself, in a cookie that only {@code /auth} sees: so any node can take it in again, and a
 * code that somebody else was given is of no use with it.
 *
 * @param state    ties the issuer's answer to this browser (RFC 6749 section 10.12)
 * @param verifier proves that whoever brings the code asked for it (RFC 7636 section 4.1)
 * @param to       where the browser wanted to go, a path of this house
 */
record Attempt(String state, String verifier, String to) {

  private static final Base64.Encoder TEXT = Base64.getUrlEncoder().withoutPadding();
  private static final int BYTES = 32;
  /** A path, with a query at most: nothing that a browser could take for another host. */
  private static final Pattern OURS = Pattern
      .compile("/(?![/\\\\])[A-Za-z0-9\\-._~/%]*(\\?[A-Za-z0-9\\-._~/%&=+:,*|!]*)?");
  private static final int LONGEST = 2_000;

  /** @param wanted by the client, so perhaps not a path of ours; null for the start page */
  static Attempt to(String wanted) {
    boolean ours = wanted != null && wanted.length() <= LONGEST && OURS.matcher(wanted).matches()
        && !wanted.startsWith("/auth/");
    return new Attempt(random(), random(), ours ? wanted : "/");
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

  String cookie() {
    JsonObject all = new JsonObject().put("state", state).put("verifier", verifier).put("to", to);
    return TEXT.encodeToString(all.toBuffer().getBytes());
  }

  /** Empty when the cookie is none of ours. */
  static Optional<Attempt> of(String cookie) {
    try {
      JsonObject all = new JsonObject(new String(Base64.getUrlDecoder().decode(cookie), StandardCharsets.UTF_8));
      String state = all.getString("state");
      String verifier = all.getString("verifier");
      if (state == null || verifier == null) return Optional.empty();
      return Optional.of(new Attempt(state, verifier, to(all.getString("to")).to));
    } catch (IllegalArgumentException | DecodeException | ClassCastException none) {
      return Optional.empty();
    }
  }
}
