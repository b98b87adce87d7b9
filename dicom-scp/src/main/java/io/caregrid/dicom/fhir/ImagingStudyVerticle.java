package io.caregrid.dicom.fhir;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.cluster.IdentityConfig;
import io.caregrid.cluster.ImagingConfig;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.caregrid.store.ChangeFeed;
import io.caregrid.store.Database;
import io.caregrid.store.FhirStore;
import io.caregrid.store.ImageIndex;
import io.caregrid.store.ImageIndex.Changed;
import io.caregrid.store.ImageStudies;
import io.caregrid.store.Lease;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.ThreadingModel;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps one ImagingStudy for each study of the archive, a second or two behind it.
 *
 * <p>Every node has one, and one of them works: who holds the lease. A turn listens for Patients, asks which studies were noted as changed, and brings
 * those that are due up to date, one after the other; only then their notes go. Killed anywhere in between, the next turn, here or elsewhere, does it again.
 * What is bounded: one study is in memory at a time; a turn ends after {@link #TURN}, so that the lease is taken anew long before it runs out.
 */
public final class ImagingStudyVerticle extends VerticleBase {
  private static final Logger log = LoggerFactory.getLogger(ImagingStudyVerticle.class);
  static final Caller CALLER = Caller.system("imaging-study");
  private static final String ENDPOINT = "dicom-wado-rs";
  private static final Duration LEASE = Duration.ofSeconds(30);
  private static final Duration TURN = Duration.ofSeconds(10);
  /** Of the quiet a study needs: how often it is looked whether there is something to do. */
  private static final int PAUSES = 3;
  private static final long AGAIN_MILLIS = 2_000;
  private static final int STUDIES = 1_000;

  private final FhirStore store;
  private final ImageIndex index;
  private final Lease lease;
  private final PatientWatch patients;
  private final StudyWriter writer;
  private final String address;
  private final Debounce debounce;
  private final Duration quiet;
  private final Promise<Void> idle = Promise.promise();
  private boolean stopping;
  private boolean working;
  private boolean failing;
  private long timer = -1;

  private ImagingStudyVerticle(Database database, FhirStore store, ImagingConfig imaging, IdentityConfig identity,
      String address, Duration quiet) {
    ImageStudies studies = new ImageStudies(database);
    Subjects subjects = new Subjects(store, CALLER, imaging.patientSystem(), identity.creates());
    this.store = store;
    this.index = new ImageIndex(database);
    this.lease = new Lease(database, "imaging-study");
    this.patients = new PatientWatch(new ChangeFeed(database), store, studies, CALLER);
    this.writer = new StudyWriter(store, studies, subjects,
        new StudyResource(imaging.zoneId(), "Endpoint/" + ENDPOINT), CALLER);
    this.address = imaging.address().isEmpty() ? address : imaging.address();
    this.quiet = quiet;
    this.debounce = new Debounce(quiet);
  }

  /**
   * On worker threads: a study of many thousand pictures is no matter for an event loop.
   *
   * @param address of this node's DICOMweb, for when the configuration names none
   * @return its deployment id
   */
  public static Future<String> deploy(Vertx vertx, Database database, FhirStore store, ImagingConfig imaging,
      IdentityConfig identity, String address) {
    return deploy(vertx, database, store, imaging, identity, address, Debounce.QUIET);
  }

  static Future<String> deploy(Vertx vertx, Database database, FhirStore store, ImagingConfig imaging,
      IdentityConfig identity, String address, Duration quiet) {
    return vertx.deployVerticle(new ImagingStudyVerticle(database, store, imaging, identity, address, quiet),
        new DeploymentOptions().setThreadingModel(ThreadingModel.WORKER));
  }

  @Override
  public Future<?> start() {
    return store.update(CALLER, "Endpoint", ENDPOINT, endpoint(), OptionalInt.empty()).onSuccess(kept -> turn());
  }

  /** Completes when the study under way is written. */
  @Override
  public Future<?> stop() {
    stopping = true;
    vertx.cancelTimer(timer);
    if (!working) idle.tryComplete();
    return idle.future().eventually(lease::release).recover(failed -> Future.succeededFuture());
  }

  private ObjectNode endpoint() {
    ObjectNode endpoint = JsonNodeFactory.instance.objectNode().put("resourceType", "Endpoint");
    endpoint.put("status", "active");
    endpoint.putObject("connectionType")
        .put("system", "http://terminology.hl7.org/CodeSystem/endpoint-connection-type")
        .put("code", "dicom-wado-rs");
    endpoint.put("name", "Pictures over DICOMweb");
    endpoint.putArray("payloadType").addObject().put("text", "DICOM");
    endpoint.putArray("payloadMimeType").add("application/dicom");
    return endpoint.put("address", address);
  }

  private void turn() {
    if (stopping) return;
    working = true;
    lease.take(LEASE).compose(held -> {
      if (held) return listen().compose(heard -> look(System.nanoTime() + TURN.toNanos())).map(true);
      patients.forget();
      return Future.succeededFuture(false);
    }).onComplete(done -> {
      working = false;
      report(done.cause());
      if (stopping) idle.tryComplete();
      else
        timer = vertx.setTimer(done.succeeded() && done.result() ? quiet.toMillis() / PAUSES : AGAIN_MILLIS,
            fired -> turn());
    });
  }

  private Future<Void> listen() {
    return patients.step().compose(more -> more && !stopping ? listen() : Future.succeededFuture());
  }

  private Future<Void> look(long until) {
    return index.changedStudies(STUDIES)
        .map(changed -> debounce.due(changed, System.nanoTime()))
        .compose(due -> each(due, until));
  }

  private Future<Void> each(List<Changed> due, long until) {
    if (due.isEmpty() || stopping || System.nanoTime() - until > 0) return Future.succeededFuture();
    return settle(due.get(0)).compose(done -> each(due.subList(1, due.size()), until));
  }

  private Future<Void> settle(Changed changed) {
    long began = System.nanoTime();
    return writer.write(changed.study()).compose(written -> index.settled(changed)).transform(done -> {
      long now = System.nanoTime();
      if (done.failed()) return unsettled(changed.study(), done.cause(), now);
      debounce.written(changed.study(), Duration.ofNanos(now - began), now);
      return Future.succeededFuture();
    });
  }

  /** One study that cannot be written stands in nobody's way; its note stays. When nobody can be asked, the turn is over. */
  private Future<Void> unsettled(String study, Throwable cause, long now) {
    if (cause instanceof Failure.Busy) return Future.failedFuture(cause);
    if (cause instanceof Failure.Conflict || cause instanceof Failure.PreconditionFailed) {
      debounce.overtaken(study, now);
    } else {
      debounce.failed(study, now);
      log.warn("an ImagingStudy cannot be written, trying again study={} cause={}", Audit.hash(study), reason(cause));
    }
    return Future.succeededFuture();
  }

  /** Once when it begins to fail, once when it works again. */
  private void report(Throwable cause) {
    if (failing == (cause != null)) return;
    failing = cause != null;
    if (failing) log.warn("ImagingStudies fall behind, trying again cause={}", reason(cause));
    else log.info("ImagingStudies are kept up to date again");
  }

  /** Messages of failures are for people; those of bugs may hold anything. */
  private static String reason(Throwable cause) {
    return cause instanceof Failure failure ? failure.getMessage() : cause.getClass().getName();
  }
}
