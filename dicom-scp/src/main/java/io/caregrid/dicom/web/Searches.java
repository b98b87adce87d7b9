package io.caregrid.dicom.web;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Failure;
import io.caregrid.store.ImageIndex;
import io.caregrid.store.ImageIndex.Found;
import io.caregrid.store.ImageQuery.Level;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** QIDO-RS: searches of all three levels (PS3.18 section 10.6). Nothing found is 204. */
final class Searches {
  private static final ObjectMapper JSON = new ObjectMapper();
  private final ImageIndex index;
  private final Audit audit;
  private final Instances instances;

  Searches(ImageIndex index, Audit audit, Instances instances) {
    this.index = index;
    this.audit = audit;
    this.instances = instances;
  }

  Future<Void> answer(Visit visit, Level level) {
    String type = visit.accept()
        .best(Offers.JSON)
        .orElseThrow(() -> new Failure.NotAcceptable("results are application/dicom+json, which Accept does not allow"))
        .type();
    List<Map.Entry<String, String>> asked = visit.routing().queryParams().entries();
    if (!SearchRequest.asksForMore(asked))
      return answer(visit, type, SearchRequest.of(level, visit.study(), visit.series(), asked));
    return index.tags()
        .list()
        .compose(
            known -> answer(visit, type, SearchRequest.of(level, visit.study(), visit.series(), asked, known.tags())));
  }

  private Future<Void> answer(Visit visit, String type, SearchRequest request) {
    return audit.around(visit.entry(Audit.Deed.IMAGES_QUERIED), () -> index.search(request.query()), Searches::named)
        .compose(found -> send(visit, type, request, found));
  }

  /** The studies whose attributes are given out, and their patients. */
  private static Audit.Entry named(Audit.Entry entry, List<Found> found) {
    return entry.to(values(found, "/0020000D/Value/0").map(Visit::urn).toList())
        .aboutIds(values(found, "/00100020/Value/0").toList());
  }

  private static Stream<String> values(List<Found> found, String where) {
    return found.stream().map(one -> one.study().at(where).asText()).filter(value -> !value.isEmpty()).distinct();
  }

  private Future<Void> send(Visit visit, String type, SearchRequest request, List<Found> found) {
    visit.response().putHeader(HttpHeaders.CACHE_CONTROL, "private, no-cache").putHeader(HttpHeaders.VARY, "Accept");
    if (found.isEmpty()) return visit.response().setStatusCode(204).end();
    List<Found> page = found.subList(0, Math.min(found.size(), request.limit()));
    // PS3.18 section 8.3.4.4
    if (page.size() < found.size())
      visit.response()
          .putHeader("Warning",
              "299 caregrid \"there are more results: ask again with offset=" + (request.offset() + page.size())
                  + "\"");
    return instances.read(() -> body(page, new SearchAnswer(request, visit.base())))
        .compose(body -> visit.response()
            .putHeader(HttpHeaders.CONTENT_TYPE, type)
            .putHeader("X-Content-Type-Options", "nosniff")
            .end(body));
  }

  private static Buffer body(List<Found> page, SearchAnswer answer) throws JsonProcessingException {
    ArrayNode rows = JSON.createArrayNode();
    page.forEach(one -> rows.add(answer.of(one)));
    return Buffer.buffer(JSON.writeValueAsBytes(rows));
  }
}
