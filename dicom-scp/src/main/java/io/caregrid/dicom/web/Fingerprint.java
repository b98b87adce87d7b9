package io.caregrid.dicom.web;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Entity tags (RFC 9110 section 8.8.3): the same for the same bytes, another one as soon as an instance is added, removed or stored anew. */
final class Fingerprint {
  private final MessageDigest digest;

  Fingerprint() {
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  Fingerprint add(String text) {
    digest.update(text.getBytes(StandardCharsets.UTF_8));
    digest.update((byte) 0);
    return this;
  }

  Fingerprint add(long number) {
    digest.update(ByteBuffer.allocate(Long.BYTES).putLong(0, number));
    return this;
  }

  /** 32 hex digits. Ends the digest. */
  String hex() {
    return HexFormat.of().formatHex(digest.digest(), 0, 16);
  }

  /** True when one of the client's tags is ours; W/ does not matter here (RFC 9110 section 13.1.2). */
  static boolean matches(String ifNoneMatch, String hex) {
    if (ifNoneMatch == null) return false;
    if (ifNoneMatch.strip().equals("*")) return true;
    for (String one : ifNoneMatch.split(",")) {
      String tag = one.strip();
      if (tag.startsWith("W/")) tag = tag.substring(2);
      if (tag.equals("\"" + hex + "\"")) return true;
    }
    return false;
  }
}
