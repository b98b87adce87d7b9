package io.caregrid.dicom.web;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Failure;
import io.caregrid.contract.Lingering;
import io.caregrid.dicom.archive.Archive;
import io.caregrid.dicom.web.StoreAnswer.Stored;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import java.util.List;

/** STOW-RS (PS3.18 section 10.5): what may come in at all, and the answer when it has. {@link StoreTransaction} does what lies between. */
final class Storing {
  private static final ObjectMapper JSON = new ObjectMapper();
  private final Vertx vertx;
  private final Archive archive;
  private final Audit audit;
  private final Instances instances;

  Storing(Vertx vertx, Archive archive, Audit audit, Instances instances) {
    this.vertx = vertx;
    this.archive = archive;
    this.audit = audit;
    this.instances = instances;
  }

  Future<Void> answer(Visit visit) {
    HttpServerRequest request = visit.routing().request();
    String study = visit.study();
    MediaType content = content(request);
    String type = visit.accept()
        .best(Offers.JSON)
        .orElseThrow(
            () -> new Failure.NotAcceptable("the answer is application/dicom+json, which Accept does not allow"))
        .type();
    if (!archive.acceptsMore() || !audit.isKeeping())
      throw new Failure.Busy("the archive has no room for more just now. Send the same again");
    return new StoreTransaction(request, content, archive::receive, study).run()
        .compose(answer -> entry(visit, answer).compose(audit::record).compose(kept -> send(visit, type, answer)));
  }

  private Future<Audit.Entry> entry(Visit visit, StoreAnswer answer) {
    List<String> studies = answer.outcomes()
        .stream()
        .filter(Stored.class::isInstance)
        .map(one -> ((Stored) one).key().study())
        .distinct()
        .toList();
    int status = answer.status();
    Audit.Entry entry = visit.entry(Audit.Deed.IMAGES_STORED)
        .to(studies.stream().map(Visit::urn).toList())
        .ended(status < 300 ? Audit.DONE : status);
    return instances.whose(studies).map(entry::aboutIds);
  }

  /** Of the request: multipart/related of application/dicom, or one application/dicom. */
  private static MediaType content(HttpServerRequest request) {
    String encoding = request.getHeader(HttpHeaders.CONTENT_ENCODING);
    if (encoding != null && !encoding.equalsIgnoreCase("identity"))
      throw new Failure.UnsupportedMedia("Content-Encoding must be absent: pictures compress by their transfer syntax");
    MediaType content = MediaType.of(request.getHeader(HttpHeaders.CONTENT_TYPE));
    if (content.name().equals(Offers.DICOM)) return content;
    String part = content.parameter("type");
    if (!content.name().equals("multipart/related") || part != null && !part.equalsIgnoreCase(Offers.DICOM))
      throw new Failure.UnsupportedMedia(
          "Content-Type must be multipart/related; type=\"application/dicom\", or application/dicom");
    return content;
  }

  private Future<Void> send(Visit visit, String type, StoreAnswer answer) {
    if (visit.response().closed()) return Future.succeededFuture();
    int status = answer.status();
    visit.response().setStatusCode(status).putHeader(HttpHeaders.CACHE_CONTROL, "no-store");
    if (status == 503)
      visit.response().putHeader(HttpHeaders.RETRY_AFTER, String.valueOf(Failure.Busy.RETRY_AFTER_SECONDS));
    if (status == 204) return visit.response().end();
    if (answer.broken() != null) Lingering.on(vertx, visit.routing().request());
    try {
      return visit.response()
          .putHeader(HttpHeaders.CONTENT_TYPE, type)
          .end(Buffer.buffer(JSON.writeValueAsBytes(answer.json(visit.base()))));
    } catch (JsonProcessingException impossible) {
      throw new IllegalStateException(impossible);
    }
  }
}
