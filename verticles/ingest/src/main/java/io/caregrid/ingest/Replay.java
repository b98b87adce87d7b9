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
   * @param left     letters that were looked at and cannot be sent: nobody can read them, or their mapping is not there
   * @param more     there are others that were not looked at: call again
   */
  record Report(long replayed, long left, boolean more) {
    private Report plus(long more, long others) {
      return new Report(replayed + more, left + others, false);
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
      return sent(caller, List.of(letter), List.of(record)).map(done -> new Report(1, 0, false));
    }));
  }

  /** Those that were not sent again yet and are older than this call, so that none is sent twice by it. */
  Future<Report> all(Caller caller, Audit audit, LetterQuery query, String asked) {
    Audit.Entry entry = Audit.Entry.of(caller, Audit.Deed.DEAD_LETTERS_REPLAYED, null).asking(asked);
    long deadline = System.nanoTime() + LONGEST.toNanos();
    return audit.around(entry, () -> letters.now()
        .compose(now -> pages(caller, query.until(now), null, new Report(0, 0, false), deadline)),
        (known, report) -> known.asking(asked + ": " + report.replayed + " sent"));
  }

  private Future<Report> pages(Caller caller, LetterQuery query, Source after, Report before, long deadline) {
    return letters.oldest(caller, query, new LetterQuery.Page(PAGE, after), PAGE_BYTES).compose(found -> {
      List<DeadLetter> sendable = new ArrayList<>();
      List<IngestRecord> records = new ArrayList<>();
      for (DeadLetter letter : found.letters()) {
        IngestRecord record = record(letter);
        if (record == null) continue;
        sendable.add(letter);
        records.add(record);
      }
      return sent(caller, sendable, records).compose(done -> {
        Report report = before.plus(sendable.size(), found.letters().size() - sendable.size());
        boolean over = report.replayed + report.left >= MOST || System.nanoTime() > deadline;
        if (!found.more() || over)
          return Future.succeededFuture(new Report(report.replayed, report.left, found.more()));
        return pages(caller, query, last(found.letters()), report, deadline);
      });
    });
  }

  private static Source last(List<DeadLetter> page) {
    return page.get(page.size() - 1).source();
  }

  private Future<Void> sent(Caller caller, List<DeadLetter> sendable, List<IngestRecord> records) {
    if (sendable.isEmpty()) return Future.succeededFuture();
    return producer.send(records)
        .compose(acknowledged -> letters.replayed(caller, sendable))
        .onSuccess(
            marked -> metrics.replayed.increment(sendable.size()));
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
