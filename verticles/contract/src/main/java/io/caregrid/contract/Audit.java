package io.caregrid.contract;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Who touched what. One call per access, allowed or refused; the record never holds the data itself. */
@FunctionalInterface
public interface Audit {
  /** What was done, in FHIR's audit-event-action letters. */
  enum Action {
    CREATE, READ, UPDATE, DELETE, EXECUTE
  }

  /**
   * @param caller  who
   * @param action  what
   * @param target  resource type, with {@code /} and {@link #hash} of the id where one resource is meant
   * @param allowed false when it was refused
   */
  void record(Caller caller, Action action, String target, boolean allowed);

  /** One line per access on the logger {@code audit}; log rotation decides how long it is kept. */
  static Audit log() {
    Logger log = LoggerFactory.getLogger("audit");
    return (caller, action, target, allowed) -> log.info("access subject={} action={} target={} allowed={} trace={}",
        caller.subject(), action,
        target, allowed, caller.trace());
  }

  /** A patient's or device's id as it may appear in a log line: the first 12 hex digits of its SHA-256. */
  static String hash(String id) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(id.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest, 0, 6);
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible);
    }
  }
}
