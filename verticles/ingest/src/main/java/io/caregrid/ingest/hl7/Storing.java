package io.caregrid.ingest.hl7;

import io.caregrid.cluster.Topics;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.caregrid.store.Cause;
import io.caregrid.store.FhirStore;
import io.caregrid.store.Hl7Known;
import io.caregrid.store.Hl7Letter;
import io.caregrid.store.Hl7Messages;
import io.caregrid.store.Step;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sees one message of the log through: into the store as its sender, or among the dead letters with why. While the database is away it is tried again, after 1, 2, 4 …
 * 30 s; what fails for a reason of its own is tried some times, and then it is dead, so that it does not hold up what stands behind it. So is what takes longer than a
 * transaction may while the database answers others.
 */
final class Storing {
  private static final Logger log = LoggerFactory.getLogger(Storing.class);
  static final String NO_ENVELOPE = "no-envelope";
  static final String REFUSED = "refused";
  static final String INTERNAL = "internal-error";
  static final String TOO_SLOW = "too-slow";
  private static final Caller KEEPER = Caller.system("hl7");
  /** Others may change the same at the same time, again and again. */
  private static final int TRIES = 5;
  private static final int SLOW_TRIES = 4;
  private static final int LOOK_MILLIS = 250;
  private static final int LONGEST_TEXT = 2_000;
  private static final int LONGEST_NAME = 200;

  private final Vertx vertx;
  private final WorkerExecutor worker;
  private final Translation translation;
  private final FhirStore store;
  private final Hl7Messages messages;
  private final Hl7Metrics metrics;
  private final Patience patience;

  /**
   * How patient it is with the database.
   *
   * @param slow    a try that failed as the database was busy, after so long, may have failed for the message's size; while it does a small thing in a tenth of that
   * @param first   pause after the first try that failed; each is twice as long as the one before
   * @param longest of them
   */
  record Patience(Duration slow, Duration first, Duration longest) {
    static final Patience DEFAULT = new Patience(Duration.ofSeconds(20), Duration.ofSeconds(1), Duration.ofSeconds(30));
  }

  Storing(Vertx vertx, WorkerExecutor worker, Translation translation, FhirStore store, Hl7Messages messages,
      Hl7Metrics metrics, Patience patience) {
    this.vertx = vertx;
    this.worker = worker;
    this.translation = translation;
    this.store = store;
    this.messages = messages;
    this.metrics = metrics;
    this.patience = patience;
  }

  /** Nobody wants it to be seen through here any more. */
  private static final class GivenUp extends RuntimeException {
    private static final long serialVersionUID = 1;

    GivenUp() {
      super("given up", null, false, false);
    }
  }

  /**
   * @param wanted false: another node sees it through
   * @return fails when it is not wanted any more, or cannot even be kept
   */
  Future<Void> store(ConsumerRecord<byte[], byte[]> record, BooleanSupplier wanted) {
    if (Topics.isProbe(record.headers())) return Future.succeededFuture();
    byte[] message = record.value() == null ? new byte[0] : record.value();
    Header header = record.headers().lastHeader(Intake.ENVELOPE);
    String written = header == null || header.value() == null
        ? "{}"
        : new String(header.value(), StandardCharsets.UTF_8);
    Envelope envelope = envelope(written);
    return worker.executeBlocking(() -> Translation.known(message, envelope == null ? "" : envelope.charset()), false)
        .compose(known -> envelope == null
            ? bury(record, known, written, new Translation.Dead(NO_ENVELOPE,
                "whoever wrote it into the topic did not say how it came"), wanted)
            : tried(record, message, known, envelope, wanted, new Tries(0, 0)));
  }

  /** Null when this is none. */
  private static Envelope envelope(String written) {
    try {
      return Envelope.read(written);
    } catch (IllegalArgumentException foreign) {
      return null;
    }
  }

  /** So far. @param slow failed late, while the database answered others */
  private record Tries(int all, int slow) {}

  private Future<Void> tried(ConsumerRecord<byte[], byte[]> record, byte[] message, Hl7Known known, Envelope envelope,
      BooleanSupplier wanted, Tries tries) {
    if (!wanted.getAsBoolean()) return Future.failedFuture(new GivenUp());
    AtomicLong began = new AtomicLong(System.nanoTime());
    return worker.executeBlocking(() -> translated(message, known.id(), envelope.charset()), false)
        .compose(steps -> {
          began.set(System.nanoTime());
          return store.once(envelope.caller(), known, steps);
        })
        .onSuccess(now -> (now ? metrics.converted : metrics.repeated).increment())
        .<Void>mapEmpty()
        .recover(cause -> {
          Throwable root = cause instanceof Step.Failed failed ? failed.getCause() : cause;
          if (root instanceof Translation.Dead dead) return bury(record, known, envelope.written(), dead, wanted);
          if (root instanceof Failure.Busy) {
            boolean slow = System.nanoTime() - began.get() > patience.slow().toNanos();
            return (slow ? answers(known) : Future.succeededFuture(false)).compose(answers -> {
              int late = answers ? tries.slow() + 1 : tries.slow();
              if (late >= SLOW_TRIES)
                return bury(record, known, envelope.written(), new Translation.Dead(TOO_SLOW, "storing it was tried "
                    + late + " times and took longer than the database lets one transaction take"), wanted);
              return pause(record, root, tries.all(), wanted)
                  .compose(again -> tried(record, message, known, envelope, wanted, new Tries(tries.all() + 1, late)));
            });
          }
          boolean mayPass = root instanceof Failure.Conflict || !(root instanceof Failure);
          if (mayPass && tries.all() + 1 < TRIES)
            return pause(record, root, tries.all(), wanted)
                .compose(
                    again -> tried(record, message, known, envelope, wanted, new Tries(tries.all() + 1, tries.slow())));
          return bury(record, known, envelope.written(), dead(record, root), wanted);
        });
  }

  /** Whether the database does a small thing at once. */
  private Future<Boolean> answers(Hl7Known known) {
    long since = System.nanoTime();
    return messages.isStored(KEEPER, known)
        .transform(told -> Future.succeededFuture(told.succeeded()
            && System.nanoTime() - since < patience.slow().toNanos() / 10));
  }

  private List<Step> translated(byte[] message, String id, String charset) throws Translation.Dead {
    try {
      return translation.steps(message, id, charset);
    } catch (RuntimeException | StackOverflowError bug) {
      throw new Translation.Dead("template-bug", "converting it failed with " + bug.getClass().getName());
    }
  }

  private static Translation.Dead dead(ConsumerRecord<byte[], byte[]> record, Throwable cause) {
    if (cause instanceof Failure failure)
      return new Translation.Dead(REFUSED, "the store answers " + failure.status + ": " + failure.getMessage()
          + (failure.expression == null ? "" : " (" + failure.expression + ")"));
    log.error("a message cannot be stored because of an error here partition={} offset={} cause={}",
        record.partition(), record.offset(), Cause.andPlace(cause));
    return new Translation.Dead(INTERNAL, "an error of this node, whose log tells more");
  }

  private Future<Void> bury(ConsumerRecord<byte[], byte[]> record, Hl7Known known, String envelope,
      Translation.Dead dead, BooleanSupplier wanted) {
    return worker.executeBlocking(() -> letter(record, known.id(), envelope, dead), false)
        .compose(letter -> kept(record, letter, known, wanted, 0))
        .recover(cause -> {
          if (cause instanceof GivenUp) return Future.failedFuture(cause);
          log.error("a dead letter cannot be kept as it is, and is kept without what its header says"
              + " partition={} offset={} cause={}", record.partition(), record.offset(), Cause.andPlace(cause));
          return kept(record, reduced(record, known.id(), envelope, dead), known, wanted, 0);
        })
        .onSuccess(kept -> metrics.dead(dead.reason));
  }

  private Future<Void> kept(ConsumerRecord<byte[], byte[]> record, Hl7Letter letter, Hl7Known known,
      BooleanSupplier wanted, int tries) {
    if (!wanted.getAsBoolean()) return Future.failedFuture(new GivenUp());
    return messages.keep(KEEPER, letter, known)
        .recover(cause -> cause instanceof Failure.Busy
            ? pause(record, cause, tries, wanted).compose(again -> kept(record, letter, known, wanted, tries + 1))
            : Future.failedFuture(cause));
  }

  /** With nothing of the message but its bytes. */
  private static Hl7Letter reduced(ConsumerRecord<byte[], byte[]> record, String id, String envelope,
      Translation.Dead dead) {
    return new Hl7Letter(id, "", "", "", List.of(), dead.reason, "the log of the node tells why", envelope,
        payload(record),
        Instant.ofEpochMilli(record.timestamp()), null, null, 0);
  }

  private static Buffer payload(ConsumerRecord<byte[], byte[]> record) {
    return Buffer.buffer(record.value() == null ? new byte[0] : record.value());
  }

  private Future<?> pause(ConsumerRecord<byte[], byte[]> record, Throwable cause, int tries, BooleanSupplier wanted) {
    metrics.retries.increment();
    long millis = Math.min(patience.longest().toMillis(), patience.first().toMillis() << Math.min(tries, 5));
    log.warn("a message waits to be stored partition={} offset={} again={}ms cause={}", record.partition(),
        record.offset(), millis, Cause.withoutValues(cause));
    return slept(millis, wanted);
  }

  /** In quarters of a second, so that whoever stops need not wait. */
  private Future<?> slept(long millis, BooleanSupplier wanted) {
    if (millis <= 0 || !wanted.getAsBoolean()) return Future.succeededFuture();
    return vertx.timer(Math.min(millis, LOOK_MILLIS), TimeUnit.MILLISECONDS)
        .compose(over -> slept(millis - LOOK_MILLIS, wanted));
  }

  private static Hl7Letter letter(ConsumerRecord<byte[], byte[]> record, String id, String envelope,
      Translation.Dead dead) {
    Buffer payload = payload(record);
    String raw = Texts.raw(payload.getBytes());
    Instant received = Instant.ofEpochMilli(record.timestamp());
    String detail = cut(dead.getMessage(), LONGEST_TEXT);
    try {
      Msh header = Msh.of(raw);
      return new Hl7Letter(id, cut(header.sender(), LONGEST_NAME), cut(header.controlId(), LONGEST_NAME),
          cut(header.field(9), LONGEST_NAME), Identifiers.of(raw, header, charset(header, envelope)), dead.reason,
          detail, envelope, payload, received,
          null, null, 0);
    } catch (Msh.Unusable none) {
      return new Hl7Letter(id, "", "", "", List.of(), dead.reason, detail, envelope, payload, received, null, null, 0);
    }
  }

  /** As it was configured when it came; a character a byte where nobody knows. */
  private static Charset charset(Msh header, String envelope) {
    try {
      Charset charset = Texts.charset(header, Envelope.read(envelope).charset());
      return charset == null ? StandardCharsets.ISO_8859_1 : charset;
    } catch (IllegalArgumentException foreign) {
      return StandardCharsets.ISO_8859_1;
    }
  }

  private static String cut(String text, int most) {
    return text.length() > most ? text.substring(0, most) : text;
  }
}
