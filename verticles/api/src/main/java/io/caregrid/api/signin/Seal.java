package io.caregrid.api.signin;

import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * A cookie's secret, and what follows from it: the name of its session, which tells nothing of it, and a key for what the session keeps.
 *
 * @param secret 32 random bytes
 */
record Seal(byte[] secret) {
  private static final int BYTES = 32;
  private static final int NONCE = 12;
  private static final int TAG_BITS = 128;
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

  /** AES-256-GCM under a key that is as secret as the cookie; the nonce stands in front. */
  Buffer sealed(String text) {
    byte[] nonce = random(NONCE);
    try {
      byte[] hidden = cipher(Cipher.ENCRYPT_MODE, nonce).doFinal(text.getBytes(StandardCharsets.UTF_8));
      return Buffer.buffer(nonce).appendBytes(hidden);
    } catch (GeneralSecurityException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  /** Empty when somebody has changed it, or sealed it otherwise. */
  Optional<String> opened(Buffer sealed) {
    byte[] all = sealed.getBytes();
    if (all.length < NONCE) return Optional.empty();
    try {
      byte[] nonce = Arrays.copyOf(all, NONCE);
      byte[] text = cipher(Cipher.DECRYPT_MODE, nonce).doFinal(all, NONCE, all.length - NONCE);
      return Optional.of(new String(text, StandardCharsets.UTF_8));
    } catch (GeneralSecurityException changed) {
      return Optional.empty();
    }
  }

  private Cipher cipher(int mode, byte[] nonce) throws GeneralSecurityException {
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(secret, "HmacSHA256"));
    byte[] key = mac.doFinal("caregrid web session".getBytes(StandardCharsets.US_ASCII));
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    cipher.init(mode, new SecretKeySpec(key, "AES"), new GCMParameterSpec(TAG_BITS, nonce));
    return cipher;
  }
}
