package io.caregrid.ingest;

import static io.caregrid.contract.Gate.needs;

import io.caregrid.cluster.IngestConfig;
import io.caregrid.cluster.KafkaConfig;
import io.caregrid.contract.Access;
import io.caregrid.contract.Failure;
import io.caregrid.contract.Lingering;
import io.caregrid.contract.OperationOutcome;
import io.caregrid.contract.Routes;
import io.caregrid.templates.sets.MappingSets;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Supplier;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;

/**
 * {@code POST /ingest}: one JSON object, an array of them, or one a line (NDJSON), also packed with gzip. 202 with {@code {"accepted":n}} once Kafka
 * acknowledged every message; anything else is an OperationOutcome that says what and where. After 503 the body may be sent again as it was.
 * {@code POST /ingest/{mapping}}: the same for messages that another mapping than {@code default} is for; 404 when there is none of this name.
 *
 * <p>CloudEvents 1.0.2 over HTTP, in every mode: {@code application/cloudevents+json}, {@code application/cloudevents-batch+json}, and one message whose
 * attributes are headers {@code ce-…}. In the log they lie as CloudEvents' Kafka binding wants them.
 *
 * <p>Reads the request itself: mount it before any BodyHandler, and leave the server's own decompression off.
 */
final class IngestRoutes implements Routes {
  private static final Set<String> LINES = Set.of("application/x-ndjson", "application/ndjson", "application/jsonl",
      "application/x-jsonlines", "application/json-lines");
  /** Bodies beyond this many bytes are split on a worker thread: some 0.3 ms of work. */
  private static final int SMALL = 64 << 10;
  /** Heap of one message beside its bytes. */
  private static final int MESSAGE_OVERHEAD = 64;

  private final Vertx vertx;
  private final IngestConfig ingest;
  private final int maxMessageBytes;
  private final IngestProducer producer;
  private final Supplier<MappingSets> mappings;
  private final Budget budget;
  private final IngestMetrics metrics;

  /** @param mappings in force; asked once a request that names one */
  IngestRoutes(Vertx vertx, IngestConfig ingest, KafkaConfig kafka, IngestProducer producer,
      Supplier<MappingSets> mappings, IngestMetrics metrics) {
    this.mappings = mappings;
    this.vertx = vertx;
    this.ingest = ingest;
    this.producer = producer;
    this.metrics = metrics;
    maxMessageBytes = kafka.maxMessageBytes();
    budget = new Budget(ingest.bufferBytes());
  }

  @Override
  public void mount(Router router) {
    needs(Access.TELEMETRY_SEND, router.post("/ingest")).handler(this::take);
    needs(Access.TELEMETRY_SEND, router.post("/ingest/:mapping")).handler(this::take);
  }

  private void take(RoutingContext routing) {
    HttpServerRequest request = routing.request();
    Upload upload = new Upload(request, ingest.maxBodyBytes(), budget);
    form(request)
        .compose(form -> headers(routing).compose(headers -> upload.read()
            .compose(body -> split(upload, body, form, isPacked(request)))
            .compose(messages -> addressed(upload, messages, headers))))
        .compose(messages -> producer.send(messages).map(messages.size()))
        .onComplete(answered -> upload.release())
        .onSuccess(accepted -> accept(request.response(), accepted))
        .onFailure(cause -> refuse(routing, cause));
  }

  /** What goes with every message of this body. */
  private Future<List<Header>> headers(RoutingContext routing) {
    List<Header> headers = new ArrayList<>();
    String mapping = routing.pathParam("mapping");
    if (mapping != null) {
      if (mappings.get().find(mapping) == null)
        return Future
            .failedFuture(new Failure.NotFound("there is no mapping of this name; GET /iomt/mappings tells which"));
      headers.add(header(IngestRecord.MAPPING, mapping));
    }
    try {
      headers.addAll(CloudEventHeaders.of(routing.request().headers()));
    } catch (Failure refused) {
      return Future.failedFuture(refused);
    }
    return Future.succeededFuture(headers);
  }

  private static Header header(String name, String value) {
    return new RecordHeader(name, value.getBytes(StandardCharsets.UTF_8));
  }

  private static Future<List<IngestRecord>> addressed(Upload upload, List<byte[]> messages, List<Header> headers) {
    if (CloudEventHeaders.areOfOne(headers) && messages.size() != 1)
      return Future
          .failedFuture(new Failure.Invalid("a request with headers ce-… carries one event: send one JSON object,"
              + " or many as application/cloudevents-batch+json"));
    List<IngestRecord> records = new ArrayList<>(messages.size());
    for (byte[] message : messages) records.add(new IngestRecord(null, null, message, headers));
    long extra = records.isEmpty() ? 0 : (long) (records.get(0).bytes() - messages.get(0).length) * records.size();
    return upload.charge(extra) ? Future.succeededFuture(records) : Future.failedFuture(Upload.busy());
  }

  private static Future<Messages.Form> form(HttpServerRequest request) {
    String encoding = request.getHeader("Content-Encoding");
    if (encoding != null && !encoding.equalsIgnoreCase("identity") && !isPacked(request))
      return Future.failedFuture(new Failure.UnsupportedMedia("Content-Encoding must be gzip or absent"));
    return contentType(request.getHeader("Content-Type"));
  }

  private static boolean isPacked(HttpServerRequest request) {
    String encoding = request.getHeader("Content-Encoding");
    return "gzip".equalsIgnoreCase(encoding) || "x-gzip".equalsIgnoreCase(encoding);
  }

  private static Future<Messages.Form> contentType(String header) {
    String[] parts = (header == null ? "" : header).toLowerCase(Locale.ROOT).split(";");
    String type = parts[0].strip();
    for (int n = 1; n < parts.length; n++) {
      String parameter = parts[n].replace("\"", "").strip();
      if (parameter.startsWith("charset=") && !parameter.equals("charset=utf-8"))
        return Future.failedFuture(new Failure.UnsupportedMedia("the body must be UTF-8, not another charset"));
    }
    if (LINES.contains(type)) return Future.succeededFuture(Messages.Form.LINES);
    if (type.equals("application/json") || type.matches("application/[a-z0-9.!#$&^_-]+\\+json"))
      return Future.succeededFuture(Messages.Form.JSON);
    return Future.failedFuture(new Failure.UnsupportedMedia(
        "Content-Type must be application/json, or application/x-ndjson for one message a line"));
  }

  private Future<List<byte[]>> split(Upload upload, Buffer body, Messages.Form form, boolean packed) {
    Future<byte[]> plain = packed ? unpacked(upload, body.getBytes()) : Future.succeededFuture(body.getBytes());
    return plain.compose(bytes -> messages(bytes, form)).compose(messages -> charged(upload, messages));
  }

  private Future<byte[]> unpacked(Upload upload, byte[] packed) {
    return vertx.executeBlocking(() -> Gzip.unpack(packed, ingest.maxBodyBytes()), false)
        .compose(
            bytes -> upload.charge(bytes.length) ? Future.succeededFuture(bytes) : Future.failedFuture(Upload.busy()));
  }

  private Future<List<byte[]>> messages(byte[] bytes, Messages.Form form) {
    if (bytes.length > SMALL) return vertx.executeBlocking(() -> Messages.read(bytes, form, maxMessageBytes), false);
    try {
      return Future.succeededFuture(Messages.read(bytes, form, maxMessageBytes));
    } catch (Failure refused) {
      return Future.failedFuture(refused);
    }
  }

  private static Future<List<byte[]>> charged(Upload upload, List<byte[]> messages) {
    boolean affordable = upload.charge((long) messages.size() * MESSAGE_OVERHEAD);
    return affordable ? Future.succeededFuture(messages) : Future.failedFuture(Upload.busy());
  }

  private void accept(HttpServerResponse response, int accepted) {
    metrics.events.increment(accepted);
    response.setStatusCode(202).putHeader("Content-Type", "application/json").end("{\"accepted\":" + accepted + "}");
  }

  /** A {@link Failure} is answered here; a bug goes on to whoever answers bugs for the whole port. */
  private void refuse(RoutingContext routing, Throwable cause) {
    HttpServerResponse response = routing.response();
    metrics.refused(cause instanceof Failure failure ? failure.status : 500);
    if (response.closed() || response.ended()) return;
    Lingering.on(vertx, routing.request());
    if (cause instanceof Failure failure) answer(response, failure);
    else routing.fail(cause);
  }

  private static void answer(HttpServerResponse response, Failure failure) {
    response.setStatusCode(failure.status).putHeader("Content-Type", OperationOutcome.CONTENT_TYPE);
    if (failure.status == 415) response.putHeader("Accept-Encoding", "gzip");
    if (failure.status == 503) response.putHeader("Retry-After", Integer.toString(Failure.Busy.RETRY_AFTER_SECONDS));
    response.end(OperationOutcome.of(failure));
  }
}
