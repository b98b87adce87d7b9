package io.caregrid.events;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** How a receiver knows that a message is ours, new and whole: headers by Standard Webhooks 1.0, for which receivers have libraries. */
final class Signature {
  static final String ID = "webhook-id";
  static final String TIMESTAMP = "webhook-timestamp";
  static final String SIGNATURE = "webhook-signature";

  private Signature() {}

  /** One for each secret, with blanks between them: HMAC-SHA256 of {@code id.seconds.body}. */
  static String of(List<byte[]> secrets, String id, Instant at, byte[] body) {
    byte[] head = (id + "." + at.getEpochSecond() + ".").getBytes(StandardCharsets.UTF_8);
    return secrets.stream().map(secret -> "v1," + signed(secret, head, body)).collect(Collectors.joining(" "));
  }

  private static String signed(byte[] secret, byte[] head, byte[] body) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(secret, "HmacSHA256"));
      mac.update(head);
      return Base64.getEncoder().encodeToString(mac.doFinal(body));
    } catch (GeneralSecurityException impossible) {
      throw new IllegalStateException(impossible);
    }
  }
}
