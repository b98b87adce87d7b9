package io.caregrid.store;

import io.caregrid.contract.Failure;
import java.security.SecureRandom;
import java.util.UUID;

/** Logical ids. */
final class Ids {
  private static final int LONGEST = 64;
  private static final SecureRandom RANDOM = new SecureRandom();

  private Ids() {}

  /** A UUID of version 7 (RFC 9562 5.7): the time in front keeps new ids together in the index. */
  static String next(long epochMillis) {
    long high = epochMillis << 16 | 0x7000 | RANDOM.nextInt(0x1000);
    long low = RANDOM.nextLong() & 0x3fffffffffffffffL | 0x8000000000000000L;
    return new UUID(high, low).toString();
  }

  static boolean legal(String id) {
    if (id.isEmpty() || id.length() > LONGEST) return false;
    for (int i = 0; i < id.length(); i++) if (!isOfId(id.charAt(i))) return false;
    return true;
  }

  static boolean isOfId(char c) {
    return isLetter(c) || c >= '0' && c <= '9' || c == '-' || c == '.';
  }

  static boolean isLetter(char c) {
    return c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z';
  }

  /** FHIR R4 datatypes.html#id. The message does not repeat the id: it may name a patient. */
  static void require(String type, String id) {
    if (!legal(id)) throw new Failure.Invalid("A logical id has 1 to 64 of A-Z a-z 0-9 - and . only", type + ".id");
  }
}
