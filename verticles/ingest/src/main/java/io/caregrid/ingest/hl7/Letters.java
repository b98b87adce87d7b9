package io.caregrid.ingest.hl7;

import io.caregrid.contract.Audit;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.caregrid.ingest.IngestProducer;
import io.caregrid.store.Hl7Letter;
import io.caregrid.store.Hl7Messages;
import io.caregrid.store.Hl7Messages.Which;
import io.vertx.core.Future;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.kafka.common.header.internals.RecordHeader;

/**
 * Messages that could not be used, for who looks after them. Tried again they go the way they came: into the log, behind what their peer has sent since, and are stored
 * as who sent them. One that is stored then is no dead letter any more; one that fails again is one with a new reason.
 */
final class Letters {
  /** Tried again in one go. */
  static final int MOST_REPLAYED = 10_000;
  private static final int PAGE = 100;

  private final Hl7Messages messages;
  private final IngestProducer log;
  private final Audit audit;

  Letters(Hl7Messages messages, IngestProducer log, Audit audit) {
    this.messages = messages;
    this.log = log;
    this.audit = audit;
  }

  Future<List<Hl7Letter>> list(Caller caller, Which which, int count, String after) {
    return audit.around(entry(caller, which, "list"), () -> messages.list(caller, which, count, after));
  }

  Future<Hl7Letter> find(Caller caller, String id) {
    return audit.around(entry(caller, Which.one(id), "read"), () -> messages.find(caller, id),
        (known, letter) -> letter.patients().isEmpty() ? known : known.aboutIds(letter.patients()));
  }

  Future<Integer> remove(Caller caller, Which which) {
    return audit.around(entry(caller, which, "remove"), () -> messages.remove(caller, which));
  }

  /** Each sender's in the order in which they came. @return how many are in the log again; Busy 503 says how many were when it took no more */
  Future<Integer> replay(Caller caller, Which which) {
    return audit.around(entry(caller, which, "replay"), () -> replay(caller, which, null, 0));
  }

  private Future<Integer> replay(Caller caller, Which which, Hl7Letter after, int before) {
    int most = Math.min(PAGE, MOST_REPLAYED - before);
    if (most == 0) return Future.succeededFuture(before);
    return messages.oldest(caller, which, most, after).compose(page -> {
      Future<Integer> all = Future.succeededFuture(before);
      for (Hl7Letter letter : page) all = all.compose(count -> again(caller, letter, count));
      return all.compose(count -> page.size() < most
          ? Future.succeededFuture(count)
          : replay(caller, which, page.get(page.size() - 1), count));
    });
  }

  /** One that is gone meanwhile is not counted. */
  private Future<Integer> again(Caller caller, Hl7Letter listed, int count) {
    return again(caller, listed).map(count + 1).recover(cause -> {
      if (cause instanceof Failure.NotFound) return Future.succeededFuture(count);
      return Future.failedFuture(cause instanceof Failure.Busy
          ? new Failure.Busy(count + " dead letters are in the log again, and then no more were taken; try again later")
          : cause);
    });
  }

  private Future<?> again(Caller caller, Hl7Letter listed) {
    return messages.find(caller, listed.id()).compose(letter -> {
      byte[] envelope = letter.envelope().getBytes(StandardCharsets.UTF_8);
      return log.send(link(letter.envelope()).getBytes(StandardCharsets.UTF_8),
          List.of(new RecordHeader(Intake.ENVELOPE, envelope)), List.of(letter.payload().getBytes()));
    }).compose(sent -> messages.replayed(caller, listed.id()));
  }

  private static String link(String envelope) {
    try {
      return Envelope.read(envelope).link();
    } catch (IllegalArgumentException none) {
      return "unknown";
    }
  }

  /** Which ones: patient identifiers belong into the trail as everything else that tells whose data it was. */
  private static Audit.Entry entry(Caller caller, Which which, String what) {
    Audit.Entry entry = Audit.Entry.of(caller, Audit.Deed.DEAD_LETTERS,
        which.id() == null ? null : "urn:sha256:" + which.id())
        .asking("hl7 " + what + (which.isAll() ? "" : " " + which));
    return which.patient() == null ? entry : entry.aboutIds(List.of(which.patient()));
  }
}
