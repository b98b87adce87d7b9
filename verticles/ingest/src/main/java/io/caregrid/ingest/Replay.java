package io.caregrid.ingest;

import io.caregrid.cluster.KafkaConfig;
import io.caregrid.cluster.Source;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.caregrid.store.DeadLetter;
import io.caregrid.store.DeadLetters;
import io.caregrid.store.LetterQuery;
import io.caregrid.templates.sets.MappingMark;
import io.caregrid.templates.sets.MappingSet;
import io.caregrid.templates.sets.MappingSets;
import io.vertx.core.Future;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;

/**
 * Sends dead letters into the log again, oldest first, as new messages: a message into {@code devicedata} with the headers it had, a reading that its shard
 * could not use into {@code measurements}, to be folded by the mapping that is in force now. A letter is marked once Kafka acknowledged it; it stays, and
 * should it be set aside again there is a new one beside it.
 */
final class Replay {
  /** In one call. */
  static final int MOST = 10_000;
  private static final Duration LONGEST = Duration.ofSeconds(20);
  private static final int PAGE = 200;
  private static final long PAGE_BYTES = 4 << 20;
  /** About a whole message, although one reading of it is named. */
  private static final Set<String> OF_MESSAGES = Set.of(DeadLetterRecord.TOO_LARGE, DeadLetterRecord.MAPPING_BUG);
  /** What can be read by nobody. */
  private static final String NO_READING = "malformed-measurement";

  private final KafkaConfig kafka;
  private final IngestProducer producer;
  private final DeadLetters letters;
  private final Supplier<MappingSets> mappings;
  private final IngestMetrics metrics;

  /**
   * How it went.
   *
   * @param replayed in the log again
   * @param left     letters that were looked at and could not be sent: their mapping is not there, or Kafka refuses them
   * @param more     there are others that were not looked at: call again
   * @param next     behind this one, to give with the next call; null: from the beginning
   */
  record Report(long replayed, long left, boolean more, Source next) {
    private Report to(Source last) {
      return new Report(replayed, left, true, last);
    }
  }

  Replay(KafkaConfig kafka, IngestProducer producer, DeadLetters letters, Supplier<MappingSets> mappings,
      IngestMetrics metrics) {
    this.kafka = kafka;
    this.producer = producer;
    this.letters = letters;
    this.mappings = mappings;
    this.metrics = metrics;
  }

  /** Whether it was sent again before or not. {@link Failure.NotFound}; {@link Failure.Unprocessable} when it cannot be sent. */
  Future<Report> one(Caller caller, Audit audit, String source) {
    Audit.Entry entry = Audit.Entry.of(caller, Audit.Deed.DEAD_LETTERS_REPLAYED, "urn:caregrid:dead-letter:" + source);
    return audit.around(entry, () -> letters.one(caller, source).compose(letter -> {
      IngestRecord record = record(letter);
      if (record == null)
        return Future.failedFuture(new Failure.Unprocessable(
            "this dead letter cannot be sent again: nobody can read it, or its mapping is not there", null));
      return sent(caller, List.of(letter), List.of(record))
          .compose(sent -> sent.failure == null
              ? Future.succeededFuture(new Report(1, 0, false, null))
              : Future.failedFuture(sent.failure));
    }));
  }

  /**
   * Those that were not sent again yet and were kept before this call, so that none is sent twice by it. When the log or the store goes away on the way, the
   * report is of what was sent until then.
   *
   * @param after where a call before ended, or null. {@link Failure.NotFound} when that is not kept
   */
  Future<Report> all(Caller caller, Audit audit, LetterQuery query, Source after, String asked) {
    Audit.Entry entry = Audit.Entry.of(caller, Audit.Deed.DEAD_LETTERS_REPLAYED, null).asking(asked);
    long deadline = System.nanoTime() + LONGEST.toNanos();
    return audit.around(entry, () -> (after == null
        ? Future.<DeadLetter>succeededFuture()
        : letters.one(caller, after.toString())).compose(there -> letters.now())
        .compose(now -> pages(caller, query.keptBefore(now, NO_READING), new Report(0, 0, true, after), deadline)),
        (known, report) -> known.asking(asked + ": " + report.replayed + " sent"));
  }

  private Future<Report> pages(Caller caller, LetterQuery query, Report before, long deadline) {
    return page(caller, query, before, deadline)
        .recover(cause -> before.replayed > 0 ? Future.succeededFuture(before) : Future.failedFuture(cause));
  }

  private Future<Report> page(Caller caller, LetterQuery query, Report before, long deadline) {
    return letters.oldest(caller, query, new LetterQuery.Page(PAGE, before.next), PAGE_BYTES).compose(found -> {
      List<DeadLetter> sendable = new ArrayList<>();
      List<IngestRecord> records = new ArrayList<>();
      for (DeadLetter letter : found.letters()) {
        IngestRecord record = record(letter);
        if (record == null) continue;
        sendable.add(letter);
        records.add(record);
      }
      return sent(caller, sendable, records).compose(sent -> {
        long replayed = before.replayed + sent.count;
        if (sent.failure != null && !sent.isRefusal())
          return replayed == 0
              ? Future.failedFuture(sent.failure)
              : Future.succeededFuture(new Report(replayed, before.left, true, before.next));
        Report report = new Report(replayed, before.left + found.letters().size() - sent.count,
            false, null);
        if (!found.more()) return Future.succeededFuture(report);
        Report further = report.to(last(found.letters()));
        boolean over = report.replayed + report.left >= MOST || System.nanoTime() > deadline;
        return over ? Future.succeededFuture(further) : pages(caller, query, further, deadline);
      });
    });
  }

  private static Source last(List<DeadLetter> page) {
    return page.get(page.size() - 1).source();
  }

  /** @param failure of one that was not taken, the log's absence before a refusal; null when all were */
  private record Sent(long count, Throwable failure) {
    /** Of that letter alone: the others go on. */
    private boolean isRefusal() {
      return failure instanceof Failure.TooLarge;
    }
  }

  /** Each for itself, so that one that is refused keeps none of the others from being marked. */
  private Future<Sent> sent(Caller caller, List<DeadLetter> sendable, List<IngestRecord> records) {
    if (sendable.isEmpty()) return Future.succeededFuture(new Sent(0, null));
    List<Future<Void>> sending = new ArrayList<>();
    for (IngestRecord record : records) sending.add(producer.send(List.of(record)));
    return Future.join(sending).transform(done -> {
      List<DeadLetter> taken = new ArrayList<>();
      Throwable failure = null;
      for (int n = 0; n < sending.size(); n++) {
        Throwable cause = sending.get(n).cause();
        if (cause == null) taken.add(sendable.get(n));
        else if (failure == null || failure instanceof Failure.TooLarge) failure = cause;
      }
      Sent sent = new Sent(taken.size(), failure);
      if (taken.isEmpty()) return Future.succeededFuture(sent);
      return letters.replayed(caller, taken).map(marked -> {
        metrics.replayed.increment(taken.size());
        return sent;
      });
    });
  }

  /** Null when it cannot be sent. */
  private IngestRecord record(DeadLetter letter) {
    boolean reading = letter.source().index() != Source.WHOLE_RECORD && !OF_MESSAGES.contains(letter.reason());
    return reading ? reading(letter) : message(letter);
  }

  private static IngestRecord message(DeadLetter letter) {
    List<Header> headers = new ArrayList<>();
    for (Map.Entry<String, String> header : letter.headers().entrySet())
      headers.add(header(header.getKey(), header.getValue()));
    headers.add(header(MappingMark.AGAIN_HEADER, "1"));
    return new IngestRecord(null, null, letter.payload().getBytes(), headers);
  }

  private IngestRecord reading(DeadLetter letter) {
    MappingSet set = mappings.get().find(letter.headers().getOrDefault(MappingMark.NAME_HEADER, MappingSets.DEFAULT));
    if (set == null || letter.device() == null || letter.reason().equals(NO_READING)) return null;
    List<Header> headers = new ArrayList<>();
    headers.add(header(MappingMark.AGAIN_HEADER, "1"));
    if (!set.mark().equals(MappingMark.FILES))
      headers.add(new RecordHeader(MappingMark.HEADER, set.mark().toBytes()));
    return new IngestRecord(kafka.measurements(), letter.device().getBytes(StandardCharsets.UTF_8),
        letter.payload().getBytes(), headers);
  }

  private static Header header(String name, String value) {
    return new RecordHeader(name, value.getBytes(StandardCharsets.UTF_8));
  }
}
