package io.caregrid.dicom.web;

import static io.caregrid.contract.Gate.needs;

import io.caregrid.cluster.DicomConfig;
import io.caregrid.contract.Access;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Departed;
import io.caregrid.contract.Gate;
import io.caregrid.contract.Lingering;
import io.caregrid.contract.Routes;
import io.caregrid.dicom.archive.Archive;
import io.caregrid.store.ImageIndex;
import io.caregrid.store.ImageQuery.Level;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * DICOMweb under {@code /dicom-web}: the table of its addresses, each with the class that answers it. Deploy once a node and mount in the HTTP server,
 * before anything that reads bodies; undeploying ends the workers for pictures.
 */
public final class DicomWebVerticle extends VerticleBase implements Routes {
  private static final Logger log = LoggerFactory.getLogger(DicomWebVerticle.class);
  private static final String STUDIES = Addresses.ROOT + "/studies";
  private static final String STUDY = STUDIES + "/:study";
  private static final String SERIES = STUDY + "/series/:series";
  private static final String INSTANCE = SERIES + "/instances/:instance";
  private static final String FRAMES = INSTANCE + "/frames/:frames";

  private final Archive archive;
  private final Audit audit;
  private final Instances instances;
  private final Storing storing;
  private final Searches searches;
  private final InstanceRetrieval retrieval;
  private final MetadataRetrieval metadata;
  private final FrameRetrieval frames;
  private final RenderedRetrieval pictures;
  private final BulkRetrieval bulk;
  private final Changes changes;
  private final QueryTags tags;

  /**
   * @param audit   told of every access
   * @param scratch folder of this node alone, for answers that wait for slow clients; what is left in it is removed
   */
  public DicomWebVerticle(Vertx vertx, Archive archive, ImageIndex index, Audit audit, DicomConfig config,
      Path scratch) {
    this.archive = archive;
    this.audit = audit;
    long memory = Runtime.getRuntime().maxMemory() / 100 * config.workHeapPercent();
    instances = new Instances(vertx, index, archive, audit, memory, scratch);
    storing = new Storing(vertx, archive, audit, instances);
    searches = new Searches(index, audit, instances);
    retrieval = new InstanceRetrieval(instances);
    metadata = new MetadataRetrieval(instances);
    frames = new FrameRetrieval(instances);
    pictures = new RenderedRetrieval(instances);
    bulk = new BulkRetrieval(instances, frames);
    changes = new Changes(index, audit, instances);
    tags = new QueryTags(index.tags(), archive, audit);
  }

  @Override
  public Future<?> stop() {
    return instances.close();
  }

  @Override
  public void mount(Router router) {
    store(router);
    search(router);
    retrieve(router);
    follow(router);
    tag(router);
    for (String what : List.of(STUDY, SERIES, INSTANCE))
      needs(Access.DICOM_DELETE, router.delete(what)).handler(answered(this::remove));
  }

  private void store(Router router) {
    for (String where : List.of(STUDIES, STUDY))
      needs(Access.DICOM_WRITE, router.post(where)).handler(answered(storing::answer));
  }

  private void search(Router router) {
    needs(Access.DICOM_READ, router.get(STUDIES)).handler(answered(visit -> searches.answer(visit, Level.STUDY)));
    for (String where : List.of(Addresses.ROOT + "/series", STUDY + "/series"))
      needs(Access.DICOM_READ, router.get(where)).handler(answered(visit -> searches.answer(visit, Level.SERIES)));
    for (String where : List.of(Addresses.ROOT + "/instances", STUDY + "/instances", SERIES + "/instances"))
      needs(Access.DICOM_READ, router.get(where)).handler(answered(visit -> searches.answer(visit, Level.INSTANCE)));
  }

  private void retrieve(Router router) {
    for (String what : List.of(STUDY, SERIES, INSTANCE)) {
      needs(Access.DICOM_READ, router.get(what)).handler(answered(retrieval::answer));
      needs(Access.DICOM_READ, router.get(what + "/metadata")).handler(answered(metadata::answer));
      needs(Access.DICOM_READ, router.get(what + "/thumbnail")).handler(answered(pictures::thumbnail));
    }
    needs(Access.DICOM_READ, router.get(INSTANCE + "/bulkdata/*")).handler(answered(bulk::answer));
    needs(Access.DICOM_READ, router.get(FRAMES)).handler(answered(frames::answer));
    for (String what : List.of(INSTANCE, FRAMES))
      needs(Access.DICOM_READ, router.get(what + "/rendered")).handler(answered(pictures::rendered));
    needs(Access.DICOM_READ, router.get(FRAMES + "/thumbnail")).handler(answered(pictures::thumbnail));
  }

  private void follow(Router router) {
    needs(Access.DICOM_READ, router.get(Addresses.ROOT + "/changefeed")).handler(answered(changes::answer));
    needs(Access.DICOM_READ, router.get(Addresses.ROOT + "/changefeed/latest")).handler(answered(changes::latest));
  }

  private void tag(Router router) {
    String all = Addresses.ROOT + "/extendedquerytags";
    String one = all + "/:path";
    needs(Access.DICOM_READ, router.get(all)).handler(answered(tags::list));
    needs(Access.DICOM_TAGS, router.post(all)).handler(answered(tags::add));
    needs(Access.DICOM_READ, router.get(one)).handler(answered(tags::one));
    needs(Access.DICOM_TAGS, router.patch(one)).handler(answered(tags::enable));
    needs(Access.DICOM_TAGS, router.delete(one)).handler(answered(tags::remove));
    needs(Access.DICOM_READ, router.get(one + "/errors")).handler(answered(tags::errors));
    needs(Access.DICOM_READ, router.get(Addresses.ROOT + "/operations/:operation")).handler(answered(tags::operation));
  }

  private Future<Void> remove(Visit visit) {
    String series = visit.series();
    String instance = visit.instance();
    return instances.whose(List.of(visit.study()))
        .compose(patients -> audit.around(
            visit.entry(Audit.Deed.IMAGES_REMOVED).aboutIds(patients),
            () -> archive.delete(visit.caller(), visit.study(), series, instance).map(gone -> {
              if (!gone) throw Instances.absent(series, instance);
              return gone;
            })))
        .compose(gone -> visit.response().setStatusCode(204).end());
  }

  private Handler<RoutingContext> answered(Function<Visit, Future<Void>> door) {
    return routing -> {
      Future<Void> done;
      try {
        done = door.apply(Visit.of(routing));
      } catch (RuntimeException refused) {
        done = Future.failedFuture(refused);
      }
      done.onFailure(cause -> refuse(routing, cause));
    };
  }

  /** Before the head an error is an answer; behind it only a broken connection tells the client that something is missing. */
  private void refuse(RoutingContext routing, Throwable cause) {
    HttpServerResponse response = routing.response();
    if (response.ended()) return;
    if (response.closed() || cause instanceof Departed) {
      log.debug("a client left before the end of its answer trace={}", routing.<String>get(Gate.TRACE));
      response.reset();
      return;
    }
    if (response.headWritten()) {
      log.warn("an answer broke off trace={} cause={}", routing.<String>get(Gate.TRACE), cause.getClass().getName());
      response.reset();
      return;
    }
    List.of(HttpHeaders.ETAG, HttpHeaders.CONTENT_ENCODING, HttpHeaders.CONTENT_LENGTH, HttpHeaders.CONTENT_TYPE)
        .forEach(response.headers()::remove);
    response.setChunked(false);
    Lingering.on(vertx, routing.request());
    routing.fail(Refusals.answer(cause));
  }
}
