package io.caregrid.templates.deidentify;

import com.fasterxml.jackson.databind.node.TextNode;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.HexFormat;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/** The two methods with a key: a keyed hash, the same for the same value, and encryption, each time another and reversible. */
final class Sealing {
  private static final int BLOCK = 16;
  private static final SecureRandom RANDOM = new SecureRandom();

  private Sealing() {}

  /**
   * HMAC-SHA256 in hexadecimal. Of a reference only the id, so that references still point to what they did.
   *
   * @param local whether all that is met is a reference, of which neither server nor version stays
   */
  static Method hash(String key, boolean local) {
    SecretKeySpec secret = new SecretKeySpec(key.getBytes(StandardCharsets.UTF_8), "HmacSHA256");
    return (element, work) -> {
      if (!element.hasValue()) return;
      String text = element.value.asText();
      boolean reference = element.name.equals("reference") && element.parent != null
          && element.parent.type.equals("Reference");
      String hashed = local || reference
          ? Reference.withId(text, local, id -> hash(secret, id))
          : hash(secret, text);
      work.changed(element, Label.CRYTOHASH, TextNode.valueOf(hashed));
    };
  }

  private static String hash(SecretKeySpec secret, String text) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(secret);
      return HexFormat.of().formatHex(mac.doFinal(text.getBytes(StandardCharsets.UTF_8)));
    } catch (GeneralSecurityException impossible) {
      throw new IllegalStateException("every Java has HmacSHA256", impossible);
    }
  }

  /** AES-CBC with PKCS#7 padding: Base64 of 16 random bytes and what they begin (NIST SP 800-38A 6.2). */
  static Method encryption(byte[] key) {
    SecretKeySpec secret = new SecretKeySpec(key, "AES");
    return (element, work) -> {
      if (!element.hasValue()) return;
      work.changed(element, Label.MASKED, TextNode.valueOf(encrypted(secret, element.value.asText())));
    };
  }

  private static String encrypted(SecretKeySpec secret, String text) {
    byte[] begin = new byte[BLOCK];
    RANDOM.nextBytes(begin);
    try {
      Cipher cipher = Cipher.getInstance("AES/CBC/PKCS5Padding");
      cipher.init(Cipher.ENCRYPT_MODE, secret, new IvParameterSpec(begin));
      byte[] sealed = cipher.doFinal(text.getBytes(StandardCharsets.UTF_8));
      byte[] all = new byte[BLOCK + sealed.length];
      System.arraycopy(begin, 0, all, 0, BLOCK);
      System.arraycopy(sealed, 0, all, BLOCK, sealed.length);
      return Base64.getEncoder().encodeToString(all);
    } catch (GeneralSecurityException impossible) {
      throw new IllegalStateException("every Java has AES in CBC", impossible);
    }
  }
}
