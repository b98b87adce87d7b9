package io.caregrid.ingest.hl7;

import io.caregrid.cluster.Hl7Config;
import io.caregrid.contract.Failure;
import io.caregrid.ingest.IngestProducer;
import io.caregrid.ingest.hl7.MllpFrames.Fault;
import io.caregrid.templates.hl7v2.BatchFile;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;

/**
 * What a sender is answered, whichever way he came: looks at the header, leaves the message for the log, and answers when Kafka has acknowledged it. Whether it can be
 * converted is found out later: it is kept in any case.
 *
 * <p>A batch (FHS, BHS), or several messages in one, is taken apart; what is wrong with some of them is named in its one answer, and the others are kept. It can be
 * sent again as a whole, since what was kept already changes nothing.
 */
final class Intake {
  /** Header of a record of the topic. */
  static final String ENVELOPE = "envelope";
  static final String LOG_AWAY = "not kept: the log takes no messages at the moment, send it again";
  /** Bytes that are looked through on the event loop; some tenths of a millisecond of work. */
  private static final int SMALL = 64 << 10;
  private static final int MOST_NAMED = 100;
  static final int MOST_MESSAGES = 10_000;

  private final Vertx vertx;
  private final Hl7Config config;
  private final IngestProducer log;
  private final Hl7Metrics metrics;

  Intake(Vertx vertx, Hl7Config config, IngestProducer log, Hl7Metrics metrics) {
    this.vertx = vertx;
    this.config = config;
    this.log = log;
    this.metrics = metrics;
  }

  /**
   * @param bytes    an acknowledgment in the sender's character set
   * @param wanted   false: its sender asked for none in a case like this
   * @param findings empty when it is kept
   */
  record Answer(byte[] bytes, boolean wanted, List<Finding> findings, boolean away) {}

  /**
   * What came, looked through.
   *
   * @param header   null when there is none
   * @param first    header of the first message; of the batch when there is none in it
   * @param good     messages that can be kept
   * @param all      how many there are
   */
  private record Read(Msh header, Msh first, List<byte[]> good, int all, List<Finding> findings) {}

  /** @param charset of messages that name none, as MSH-18 or MIME write it; null: as configured */
  Future<Answer> take(byte[] bytes, Fault fault, Peer peer, String charset) {
    String unless = charset == null ? config.charset() : charset;
    if (bytes.length <= SMALL) return keep(read(bytes, fault, unless), peer, unless);
    return vertx.executeBlocking(() -> read(bytes, fault, unless), false)
        .compose(read -> keep(read, peer, unless));
  }

  private Read read(byte[] bytes, Fault fault, String unless) {
    String raw = Texts.raw(bytes);
    Msh header;
    try {
      header = Msh.of(raw);
    } catch (Msh.Unusable none) {
      return new Read(null, null, List.of(), 1,
          List.of(Finding.reject(0, Finding.SEGMENT_SEQUENCE, none.getMessage())));
    }
    if (fault != Fault.NONE) return new Read(header, header, List.of(), 1, List.of(fault(fault)));
    boolean several = header.isBatch() || raw.indexOf("\rMSH", 3) > 0 || raw.indexOf("\nMSH", 3) > 0;
    if (several) return batch(header, BatchFile.messages(raw), unless);
    List<Finding> findings = wrong(header, bytes, unless);
    return new Read(header, header, findings.isEmpty() ? List.of(bytes) : List.of(), 1, findings);
  }

  private Finding fault(Fault fault) {
    return fault == Fault.TOO_LARGE
        ? Finding.error(0, Finding.INTERNAL,
            "not kept: it is larger than " + config.maxMessage() + " bytes (hl7.maxMessage)")
        : Finding.error(0, Finding.INTERNAL, "not kept: too many large messages are under way, send it again");
  }

  private Read batch(Msh header, List<String> messages, String unless) {
    if (messages.size() > MOST_MESSAGES)
      return new Read(header, header, List.of(), messages.size(), List.of(Finding.error(0, Finding.INTERNAL,
          "not kept: it brings more than " + MOST_MESSAGES + " messages, send fewer at once")));
    List<byte[]> good = new ArrayList<>();
    List<Finding> findings = new ArrayList<>();
    Msh first = null;
    for (int n = 0; n < messages.size(); n++) {
      byte[] bytes = messages.get(n).getBytes(StandardCharsets.ISO_8859_1);
      try {
        Msh own = Msh.of(messages.get(n));
        if (first == null) first = own;
        List<Finding> wrong = wrong(own, bytes, unless);
        if (wrong.isEmpty()) good.add(bytes);
        else findings.add(of(n, own.controlId(), wrong.get(0)));
      } catch (Msh.Unusable none) {
        findings.add(of(n, "", Finding.error(0, Finding.SEGMENT_SEQUENCE, none.getMessage())));
      }
    }
    return new Read(header, first == null ? header : first, good, messages.size(), findings);
  }

  private static Finding of(int n, String controlId, Finding finding) {
    String which = "message " + (n + 1) + (controlId.isEmpty() ? "" : " (control id " + controlId + ")");
    return Finding.error(0, finding.code(), which + ": " + finding.text());
  }

  /** HL7 v2.5.1 2.9.2.2: what is wrong with MSH-9, MSH-11 and MSH-12 rejects, anything else is an error. */
  private List<Finding> wrong(Msh header, byte[] bytes, String unless) {
    List<Finding> findings = new ArrayList<>();
    if (!header.field(12).isBlank() && !header.part(12, 1).matches("2(\\.[0-9]{1,2}){1,2}"))
      findings.add(Finding.reject(12, Finding.VERSION_ID, "only version 2 is taken here"));
    if (!header.part(11, 1).isEmpty() && !config.processing().contains(header.part(11, 1)))
      findings.add(Finding.reject(11, Finding.PROCESSING_ID, "MSH-11 is none of those that are taken here ("
          + String.join(", ", config.processing()) + "; setting hl7.processing)"));
    if (header.part(9, 1).isEmpty())
      findings.add(Finding.reject(9, Finding.REQUIRED_FIELD, "MSH-9 does not say what this is"));
    else
      if (header.part(9, 1).equals("ACK"))
        findings.add(Finding.reject(9, Finding.MESSAGE_TYPE, "an acknowledgment is no message to keep"));
    if (header.controlId().isBlank())
      findings
          .add(Finding.error(10, Finding.REQUIRED_FIELD, "MSH-10 is empty: nobody could say which message this is"));
    characters(header, bytes, unless, findings);
    return findings;
  }

  private static void characters(Msh header, byte[] bytes, String unless, List<Finding> findings) {
    Charset charset = Texts.charset(header, unless);
    if (charset == null) {
      findings.add(Finding.reject(18, Finding.TABLE_VALUE, "the character set in MSH-18 is none of those taken here: "
          + String.join(", ", Hl7Config.CHARSETS.keySet().stream().sorted().toList())));
      return;
    }
    try {
      Texts.decoded(bytes, charset);
    } catch (CharacterCodingException none) {
      findings.add(Finding.error(18, Finding.DATA_TYPE, "some bytes are no characters of " + charset.name()
          + (header.field(18).isBlank() ? ", and MSH-18 names no other character set (setting hl7.charset)" : "")));
    }
  }

  private Future<Answer> keep(Read read, Peer peer, String unless) {
    metrics.received.increment(read.all());
    if (read.good().isEmpty()) return Future.succeededFuture(answer(read, read.findings(), false, false));
    Envelope envelope = peer.envelope(read.first(), unless);
    List<Header> headers = List
        .of(new RecordHeader(ENVELOPE, envelope.written().getBytes(StandardCharsets.UTF_8)));
    return log.send(envelope.link().getBytes(StandardCharsets.UTF_8), headers, read.good())
        .transform(kept -> {
          if (kept.succeeded()) {
            metrics.acknowledged.increment(read.good().size());
            return Future.succeededFuture(answer(read, read.findings(), false, false));
          }
          return kept.cause() instanceof Failure failure
              ? Future.succeededFuture(answer(read, List.of(away(failure)), true, failure instanceof Failure.Busy))
              : Future.failedFuture(kept.cause());
        });
  }

  private static Finding away(Failure failure) {
    return Finding.error(0, Finding.INTERNAL, failure instanceof Failure.Busy
        ? LOG_AWAY
        : "not kept: it is larger than the log takes");
  }

  /** @param failed the log did not take them all, and may have taken some */
  private Answer answer(Read read, List<Finding> findings, boolean failed, boolean away) {
    findings.forEach(finding -> metrics.refused(finding.code()));
    Instant now = Instant.now();
    if (read.header() == null) return new Answer(Acknowledgment.toNobody(findings, now), true, findings, false);
    List<Finding> named = findings.size() <= MOST_NAMED ? findings : named(findings);
    boolean several = read.all() != 1 || read.header().isBatch();
    String text = several ? read.good().size() + " of " + read.all() + " messages are kept" : null;
    if (several && failed) text = "not all of " + read.all() + " messages are kept";
    byte[] bytes = Acknowledgment.of(read.header(), read.first(), named, text, now);
    return new Answer(bytes, Acknowledgment.isWanted(read.header(), findings), findings, away);
  }

  private static List<Finding> named(List<Finding> findings) {
    List<Finding> named = new ArrayList<>(findings.subList(0, MOST_NAMED));
    named.add(Finding.error(0, Finding.INTERNAL, (findings.size() - MOST_NAMED) + " more are not kept"));
    return named;
  }
}
