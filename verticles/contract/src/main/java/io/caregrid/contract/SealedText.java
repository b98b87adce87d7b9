package io.caregrid.contract;

import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Optional;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * A text that nobody reads or changes unless he has the secret that it was sealed with: AES-256-GCM (NIST SP 800-38D), the nonce of 12 bytes in front, under a
 * key that is HMAC-SHA256 of the secret and what it is used for. What was sealed for one use is opened for no other. Any thread.
 */
public final class SealedText {
  private static final int NONCE = 12;
  private static final int TAG_BITS = 128;
  private static final String HMAC = "HmacSHA256";
  private static final SecureRandom RANDOM = new SecureRandom();

  private SealedText() {}

  /**
   * @param secret 32 random bytes
   * @param use    what for, e.g. {@code caregrid web session}
   */
  public static Buffer of(byte[] secret, String use, String text) {
    byte[] nonce = new byte[NONCE];
    RANDOM.nextBytes(nonce);
    try {
      byte[] hidden = cipher(Cipher.ENCRYPT_MODE, secret, use, nonce).doFinal(text.getBytes(StandardCharsets.UTF_8));
      return Buffer.buffer(nonce).appendBytes(hidden);
    } catch (GeneralSecurityException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  /** Empty when somebody has changed it, or sealed it with another secret or for another use. */
  public static Optional<String> open(byte[] secret, String use, Buffer sealed) {
    byte[] all = sealed.getBytes();
    if (all.length < NONCE) return Optional.empty();
    try {
      byte[] nonce = Arrays.copyOf(all, NONCE);
      byte[] text = cipher(Cipher.DECRYPT_MODE, secret, use, nonce).doFinal(all, NONCE, all.length - NONCE);
      return Optional.of(new String(text, StandardCharsets.UTF_8));
    } catch (GeneralSecurityException changed) {
      return Optional.empty();
    }
  }

  /**
   * For one use alone: neither the secret nor the key of another use can be found from it.
   *
   * @return 32 bytes, the same ones for the same secret and use
   */
  public static byte[] key(byte[] secret, String use) {
    try {
      Mac mac = Mac.getInstance(HMAC);
      mac.init(new SecretKeySpec(secret, HMAC));
      return mac.doFinal(use.getBytes(StandardCharsets.UTF_8));
    } catch (GeneralSecurityException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  private static Cipher cipher(int mode, byte[] secret, String use, byte[] nonce) throws GeneralSecurityException {
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
    cipher.init(mode, new SecretKeySpec(key(secret, use), "AES"), new GCMParameterSpec(TAG_BITS, nonce));
    return cipher;
  }
}
