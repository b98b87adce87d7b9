package io.caregrid.dicom.web;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Departed;
import io.caregrid.contract.Failure;
import io.caregrid.dicom.InTurn;
import io.caregrid.dicom.archive.InstanceKey;
import io.caregrid.dicom.data.DataSet;
import io.caregrid.dicom.data.Limits;
import io.caregrid.dicom.data.Part10;
import io.caregrid.dicom.data.Tag;
import io.caregrid.store.ImageChanges;
import io.caregrid.store.ImageChanges.Told;
import io.caregrid.store.ImageIndex;
import io.caregrid.store.ImageIndex.Located;
import io.caregrid.store.ImageQuery;
import io.caregrid.store.ImageQuery.Key;
import io.caregrid.store.ImageQuery.Level;
import io.caregrid.store.ImageQuery.Match;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Locale;
import java.util.function.Supplier;

/**
 * The change feed as Microsoft's service has it in version 2: {@code /changefeed} by time and number, {@code /changefeed/latest}. Metadata is that of WADO-RS,
 * read from the file of an instance that is as its entry says; where the file cannot be read, what the index keeps, so that nobody's feed stands still for
 * one damaged picture.
 */
final class Changes {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String TYPE = "application/json";
  /** Entries in one answer, and when no limit is named. */
  private static final int MOST = 200;
  private static final int USUAL = 100;
  private static final byte[] METADATA = ",\"Metadata\":".getBytes(StandardCharsets.US_ASCII);

  private final ImageIndex index;
  private final ImageChanges changes;
  private final Audit audit;
  private final Instances instances;

  Changes(ImageIndex index, Audit audit, Instances instances) {
    this.index = index;
    this.changes = index.changes();
    this.audit = audit;
    this.instances = instances;
  }

  /** What is read, and whose it is. */
  private record Page(List<Told> told, List<String> patientIds) {}

  Future<Void> answer(Visit visit) {
    OffsetDateTime from = time(visit, "startTime");
    OffsetDateTime before = time(visit, "endTime");
    if (from != null && before != null && !from.isBefore(before))
      throw new Failure.Invalid("endTime must be after startTime");
    long limit = number(visit, "limit", 1, MOST, USUAL);
    long offset = number(visit, "offset", 0, Long.MAX_VALUE / 4, 0);
    boolean metadata = withMetadata(visit);
    return audited(visit, () -> changes.read(from, before, offset, (int) limit), metadata)
        .compose(page -> metadata ? send(visit, page.told()) : sendBriefly(visit, page.told()));
  }

  Future<Void> latest(Visit visit) {
    boolean metadata = withMetadata(visit);
    return audited(visit, this::last, metadata).compose(page -> {
      if (page.told().isEmpty()) return visit.response().setStatusCode(204).end();
      Told told = page.told().get(0);
      if (!metadata) return headed(visit).end(Buffer.buffer(entry(told).toString()));
      headed(visit).setChunked(true);
      return made(visit, told, "").compose(instances.outlet(visit.response())::send)
          .compose(sent -> visit.response().end());
    });
  }

  private Future<List<Told>> last() {
    return changes.latest().map(told -> told == null ? List.of() : List.of(told));
  }

  private Future<Page> audited(Visit visit, Supplier<Future<List<Told>>> reading, boolean metadata) {
    return audit.around(visit.entry(Audit.Deed.IMAGES_QUERIED),
        () -> reading.get().compose(told -> whose(told, metadata)),
        (entry, page) -> entry.to(studies(page.told()).stream().map(Visit::urn).toList()).aboutIds(page.patientIds()));
  }

  /** Without metadata the answer holds UIDs only. */
  private Future<Page> whose(List<Told> told, boolean metadata) {
    if (!metadata) return Future.succeededFuture(new Page(told, List.of()));
    return instances.whose(studies(told)).map(patients -> new Page(told, patients));
  }

  private static List<String> studies(List<Told> told) {
    return told.stream().map(Told::study).distinct().toList();
  }

  private Future<Void> sendBriefly(Visit visit, List<Told> told) {
    var all = JSON.createArrayNode();
    told.forEach(one -> all.add(entry(one)));
    return headed(visit).end(Buffer.buffer(all.toString()));
  }

  private Future<Void> send(Visit visit, List<Told> told) {
    if (told.isEmpty()) return sendBriefly(visit, told);
    headed(visit).setChunked(true);
    Outlet out = instances.outlet(visit.response());
    return InTurn.each(told.iterator(), one -> made(visit, one, one == told.get(0) ? "[" : ",").compose(out::send))
        .compose(sent -> visit.response().end("]"));
  }

  private static HttpServerResponse headed(Visit visit) {
    return visit.response()
        .putHeader(HttpHeaders.CONTENT_TYPE, TYPE)
        .putHeader(HttpHeaders.CACHE_CONTROL, "private, no-cache")
        .putHeader("X-Content-Type-Options", "nosniff");
  }

  /** One entry behind {@code before}, with its metadata when it has some. */
  private Future<Spool> made(Visit visit, Told told, String before) {
    if (told.where() == null) return plain(before + entry(told));
    return fromFile(visit, told, before).recover(cause -> cause instanceof Departed || cause instanceof Failure.Crowded
        ? Future.failedFuture(cause)
        : fromIndex(told, before));
  }

  private Future<Spool> plain(String text) {
    return instances.read(() -> instances.spooled(to -> to.write(text.getBytes(StandardCharsets.UTF_8))));
  }

  private Future<Spool> fromFile(Visit visit, Told told, String before) {
    Located where = told.where();
    String bulk = Addresses.instance(visit.base(), new InstanceKey(where.study(), where.series(), where.instance()))
        + "/bulkdata/";
    byte[] head = (before + entry(told)).getBytes(StandardCharsets.UTF_8);
    return instances.open(where, file -> instances.<Spool>reading(visit, where, MetadataJson.NEED, extent -> {
      DataSet set = Part10.read(file.source())
          .dataSet(file.source(), extent.limits(MetadataJson.INLINE_BYTES, Limits.HEADER.stopBefore()));
      return instances.spooled(to -> {
        to.write(head, 0, head.length - 1); // without its brace
        to.write(METADATA);
        MetadataJson.write(set, bulk::concat, to);
        to.write('}');
      });
    }).recover(Changes::crowded));
  }

  /** Too much other work just now is no reason for telling less: asked again, all of it is told. */
  private static Future<Spool> crowded(Throwable cause) {
    return Future.failedFuture(cause instanceof Failure.Busy busy ? new Failure.Crowded(busy.getMessage()) : cause);
  }

  /** Less, but at once, and from any node. */
  private Future<Spool> fromIndex(Told told, String before) {
    ImageQuery query = new ImageQuery(Level.INSTANCE,
        List.of(new Key(Tag.SOP_INSTANCE_UID, new Match.Exact(told.instance()))), false, 1, 0);
    return index.search(query).compose(found -> {
      ObjectNode entry = entry(told);
      if (!found.isEmpty()) entry.set("Metadata", found.get(0).merged());
      return plain(before + entry);
    });
  }

  private static ObjectNode entry(Told told) {
    return JSON.createObjectNode()
        .put("Sequence", told.sequence())
        .put("StudyInstanceUid", told.study())
        .put("SeriesInstanceUid", told.series())
        .put("SopInstanceUid", told.instance())
        .put("Action", told.action().name().toLowerCase(Locale.ROOT))
        .put("Timestamp", told.at().toInstant().toString())
        .put("State", told.state().name().toLowerCase(Locale.ROOT));
  }

  private static boolean withMetadata(Visit visit) {
    String value = visit.parameter("includeMetadata");
    if (value == null || value.equalsIgnoreCase("true")) return true;
    if (value.equalsIgnoreCase("false")) return false;
    throw new Failure.Invalid("includeMetadata must be true or false");
  }

  static long number(Visit visit, String name, long least, long most, long usual) {
    String value = visit.parameter(name);
    if (value == null) return usual;
    if (!value.matches("\\d{1,18}") || Long.parseLong(value) < least || Long.parseLong(value) > most)
      throw new Failure.Invalid(name + " must be a whole number, at least " + least
          + (most < Long.MAX_VALUE / 4 ? " and at most " + most : ""));
    return Long.parseLong(value);
  }

  /** Null when it is not there. */
  private static OffsetDateTime time(Visit visit, String name) {
    String value = visit.parameter(name);
    return value == null ? null : time(name, value);
  }

  /** ISO 8601; without an offset UTC; a plus that a client did not encode has become a blank. */
  static OffsetDateTime time(String name, String value) {
    String text = value.strip().replace(' ', '+');
    try {
      if (text.matches("\\d{4}-\\d{2}-\\d{2}")) return LocalDate.parse(text).atStartOfDay().atOffset(ZoneOffset.UTC);
      if (text.matches("\\d{4}-\\d{2}-\\d{2}T[\\d:.]+")) return LocalDateTime.parse(text).atOffset(ZoneOffset.UTC);
      if (text.matches("\\d{4}-.*")) return OffsetDateTime.parse(text);
    } catch (DateTimeException none) {
      // answered below
    }
    throw new Failure.Invalid(name + " must be a time such as 2026-11-22T08:00:00Z");
  }
}
