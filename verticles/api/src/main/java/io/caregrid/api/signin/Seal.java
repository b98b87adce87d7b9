package io.caregrid.api.signin;

import io.caregrid.contract.SealedText;
import io.vertx.core.buffer.Buffer;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Optional;

/**
 * A cookie's secret, and what follows from it: the name of its session, which tells nothing of it, and a key for what the session keeps.
 *
 * @param secret 32 random bytes
 */
record Seal(byte[] secret) {
  private static final int BYTES = 32;
  private static final String USE = "caregrid web session";
  private static final SecureRandom RANDOM = new SecureRandom();

  static Seal fresh() {
    return new Seal(random(BYTES));
  }

  static byte[] random(int length) {
    byte[] bytes = new byte[length];
    RANDOM.nextBytes(bytes);
    return bytes;
  }

  /** Empty when the cookie is none of ours. */
  static Optional<Seal> of(String cookie) {
    try {
      byte[] secret = Base64.getUrlDecoder().decode(cookie);
      return secret.length == BYTES ? Optional.of(new Seal(secret)) : Optional.empty();
    } catch (IllegalArgumentException none) {
      return Optional.empty();
    }
  }

  String cookie() {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(secret);
  }

  /** The session's name in the database. */
  Buffer id() {
    try {
      return Buffer.buffer(MessageDigest.getInstance("SHA-256").digest(secret));
    } catch (GeneralSecurityException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  /** Under a key that is as secret as the cookie. */
  Buffer sealed(String text) {
    return SealedText.of(secret, USE, text);
  }

  /** Empty when somebody has changed it, or sealed it otherwise. */
  Optional<String> opened(Buffer sealed) {
    return SealedText.open(secret, USE, sealed);
  }
}
