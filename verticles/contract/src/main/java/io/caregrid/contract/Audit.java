package io.caregrid.contract;

import io.vertx.core.Future;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who touched whose data. One entry per access, allowed or refused, and no answer goes out before its entry is kept: wrap the work in {@link #around}.
 * Entries name patients: they are protected data, and go nowhere else.
 */
@FunctionalInterface
public interface Audit {
  /** Of an access that gave what was asked for. */
  int DONE = 200;
  /** What callers hear while nothing can be recorded. */
  String CLOSED = "The audit trail cannot be written, so nothing is given out; try again shortly";

  /** What was done. {@code code} is kept with every entry for years: a constant may be renamed, its code may not. */
  enum Deed {
    READ("read"),
    VREAD("vread"),
    HISTORY("history-instance"),
    HISTORY_TYPE("history-type"),
    HISTORY_SYSTEM("history-system"),
    SEARCH("search-type"),
    CREATE("create"),
    UPDATE("update"),
    PATCH("patch"),
    DELETE("delete"),
    VIEW("operation"),
    IMAGES_STORED("images-stored"),
    IMAGES_RETRIEVED("images-retrieved"),
    IMAGES_QUERIED("images-queried"),
    IMAGES_REMOVED("images-removed"),
    /** By which more attributes pictures are found was changed. */
    IMAGE_TAGS_CHANGED("image-tags-changed"),
    ASSOCIATION("association"),
    SQL("sql"),
    DEAD_LETTERS("dead-letters"),
    /** Sent into the log again. */
    DEAD_LETTERS_REPLAYED("dead-letters-replayed"),
    /** The newest messages of devices, looked at in the log. */
    MESSAGES_SEEN("messages-seen"),
    /** How messages of devices are understood was changed. */
    MAPPING_CHANGED("mapping-changed"),
    LIVE_FEED("live-feed"),
    /** What resources say was sent to another server, or taken back there: what left the house, each try with its outcome there. */
    SENT("sent"),
    AUDIT_READ("audit-read"),
    /** Months of the trail itself that were older than they are kept. */
    AUDIT_REMOVED("audit-removed"),
    SIGN_IN("sign-in"),
    SIGN_OUT("sign-out"),
    REQUEST("request");

    public final String code;

    Deed(String code) {
      this.code = code;
    }
  }

  /**
   * One access, or several refusals that differ in nothing an auditor would ask for.
   *
   * @param caller     who
   * @param deed       what was done
   * @param what       to what: FHIR references ({@code Patient/1}), anything else as {@code urn:}…, or the address that was refused; may be empty
   * @param patients   whose data it was, as far as is known: references {@code Patient/id}
   * @param patientIds the same as other systems call them: Patient IDs of DICOM (0010,0020)
   * @param query      what was searched or asked for, as it was written; null when nothing was
   * @param status     {@link #DONE}, or the HTTP status of the refusal or failure, whatever the protocol
   * @param times      how often, 1 for an access
   */
  record Entry(Caller caller, Deed deed, List<String> what, List<String> patients, List<String> patientIds,
      String query, int status, long times) {
    public Entry {
      what = List.copyOf(what);
      patients = List.copyOf(patients);
      patientIds = List.copyOf(patientIds);
    }

    /** @param what null for nothing in particular */
    public static Entry of(Caller caller, Deed deed, String what) {
      return new Entry(caller, deed, what == null ? List.of() : List.of(what), List.of(), List.of(), null, DONE, 1);
    }

    public Entry asking(String query) {
      return new Entry(caller, deed, what, patients, patientIds, query, status, times);
    }

    public Entry about(List<String> patients) {
      return new Entry(caller, deed, what, patients, patientIds, query, status, times);
    }

    public Entry aboutIds(List<String> patientIds) {
      return new Entry(caller, deed, what, patients, patientIds, query, status, times);
    }

    public Entry to(List<String> what) {
      return new Entry(caller, deed, what, patients, patientIds, query, status, times);
    }

    public Entry ended(int status) {
      return new Entry(caller, deed, what, patients, patientIds, query, status, times);
    }

    public Entry times(long times) {
      return new Entry(caller, deed, what, patients, patientIds, query, status, times);
    }

    /** @param cause null: it went well */
    public Entry ended(Throwable cause) {
      return ended(cause == null ? DONE : cause instanceof Failure failure ? failure.status : 500);
    }
  }

  /** Completes when the entry outlives this process, on the caller's context. Fails with {@link Failure.Busy} when it cannot be kept. */
  Future<Void> record(Entry entry);

  /** False: entries cannot be kept just now, and must not be needed. Then nothing is begun that would have to be recorded. */
  default boolean isKeeping() {
    return true;
  }

  /** Does it, records how it ended, and only then lets the answer go. */
  default <T> Future<T> around(Entry entry, Supplier<Future<T>> work) {
    return around(entry, work, (known, answer) -> known);
  }

  /** @param found adds what only the answer tells; not asked when there is none */
  default <T> Future<T> around(Entry entry, Supplier<Future<T>> work, Found<T> found) {
    if (!isKeeping()) return Future.failedFuture(new Failure.Busy(CLOSED));
    return attempted(work).transform(done -> {
      Entry ended = done.succeeded() ? found.in(entry, done.result()) : entry.ended(done.cause());
      return record(ended).transform(kept -> done.succeeded() && kept.failed()
          ? Future.failedFuture(kept.cause())
          : done.succeeded() ? Future.succeededFuture(done.result()) : Future.failedFuture(done.cause()));
    });
  }

  /** What an answer adds to the entry of its access. */
  @FunctionalInterface
  interface Found<T> {
    Entry in(Entry entry, T answer);
  }

  private static <T> Future<T> attempted(Supplier<Future<T>> work) {
    try {
      return work.get();
    } catch (RuntimeException refused) {
      return Future.failedFuture(refused);
    }
  }

  /** One line per access on the logger {@code audit}, ids hashed, kept by nobody: for tools that run without a node. */
  static Audit log() {
    Logger log = LoggerFactory.getLogger("audit");
    return entry -> {
      log.info("access subject={} deed={} what={} status={} trace={}", entry.caller().subject(), entry.deed().code,
          entry.what().stream().map(Audit::hash).toList(), entry.status(), entry.caller().trace());
      return Future.succeededFuture();
    };
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
