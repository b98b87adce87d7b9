package io.caregrid.templates.mapping;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Names a mapping by its text. */
public final class Version {
  private static final int BYTES = 8;

  private Version() {}

  /** First 16 hex digits of the SHA-256 of the text as UTF-8: another text, another version. */
  public static String of(String text) {
    return HexFormat.of().formatHex(sha256(text), 0, BYTES);
  }

  /** Of the text as UTF-8. */
  public static byte[] sha256(String text) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException("every Java has SHA-256", impossible);
    }
  }
}
