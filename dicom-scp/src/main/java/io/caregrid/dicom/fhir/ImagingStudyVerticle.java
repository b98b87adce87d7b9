package io.caregrid.dicom.fhir;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.cluster.IdentityConfig;
import io.caregrid.cluster.ImagingConfig;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.caregrid.store.Cause;
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
import java.util.OptionalInt;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps one ImagingStudy for each study of the archive, a second or two behind it.
 *
 * <p>Every node has one, and one of them works: who holds the lease. A turn listens for Patients, asks which studies were noted as changed, and brings
 * those that are due up to date, one after the other; only then their notes go. Killed anywhere in between, the next turn, here or elsewhere, does it again.
 * What is bounded: one study and one page of notes are in memory at a time; neither Patients nor studies take more than their part of a turn, however many
 * there are, so the lease is taken anew long before it runs out.
 */
public final class ImagingStudyVerticle extends VerticleBase {
  private static final Logger log = LoggerFactory.getLogger(ImagingStudyVerticle.class);
  static final Caller CALLER = Caller.system("imaging-study");
  private static final String ENDPOINT = "dicom-wado-rs";
  private static final Duration LEASE = Duration.ofSeconds(30);
  /** Of a turn: for Patients, for the studies that changed last, for the others. */
  private static final Duration PART = Duration.ofSeconds(3);
  /** Of the quiet a study needs: how often it is looked whether there is something to do. */
  private static final int PAUSES = 3;
  private static final long AGAIN_MILLIS = 2_000;

  private final FhirStore store;
  private final ImageIndex index;
  private final Lease lease;
  private final PatientWatch patients;
  private final StudyWriter writer;
  private final String address;
  private final Debounce debounce;
  private final Backlog backlog;
  private final Duration quiet;
  private final Promise<Void> idle = Promise.promise();
  private boolean stopping;
  private boolean working;
  private boolean failing;
  private long timer = -1;

  private ImagingStudyVerticle(Database database, FhirStore store, ImagingConfig imaging, IdentityConfig identity,
      String address, Pace pace) {
    ImageStudies studies = new ImageStudies(database);
    Subjects subjects = new Subjects(store, CALLER, imaging.patientSystem(), identity.creates());
    this.store = store;
    this.index = new ImageIndex(database);
    this.lease = new Lease(database, "imaging-study");
    this.patients = new PatientWatch(new ChangeFeed(database), store, studies, CALLER,
        pace.changes());
    this.writer = new StudyWriter(store, studies, subjects,
        new StudyResource(imaging.zoneId(), "Endpoint/" + ENDPOINT), CALLER);
    this.address = imaging.address().isEmpty() ? address : imaging.address();
    this.quiet = pace.quiet();
    this.debounce = new Debounce(quiet);
    this.backlog = new Backlog(studies, debounce, pace.notes(), () -> stopping);
  }

  /**
   * On worker threads: a study of many thousand pictures is no matter for an event loop.
   *
   * @param address of this node's DICOMweb, for when the configuration names none
   * @return its deployment id
   */
  public static Future<String> deploy(Vertx vertx, Database database, FhirStore store, ImagingConfig imaging,
      IdentityConfig identity, String address) {
    return deploy(vertx, database, store, imaging, identity, address, Pace.USUAL);
  }

  static Future<String> deploy(Vertx vertx, Database database, FhirStore store, ImagingConfig imaging,
      IdentityConfig identity, String address, Pace pace) {
    return vertx.deployVerticle(new ImagingStudyVerticle(database, store, imaging, identity, address, pace),
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
      if (held) return listen().compose(heard -> backlog.work(PART, this::settle)).map(true);
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

  /** Not for ever, however many changes come: studies change too. */
  private Future<Void> listen() {
    long began = System.nanoTime();
    return patients.listen(() -> !stopping && System.nanoTime() - began < PART.toNanos());
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
      log.warn("an ImagingStudy cannot be written, trying again study={} cause={}", Audit.hash(study),
          Cause.withoutValues(cause));
    }
    return Future.succeededFuture();
  }

  /** Once when it begins to fail, once when it works again. */
  private void report(Throwable cause) {
    if (failing == (cause != null)) return;
    failing = cause != null;
    if (failing) log.warn("ImagingStudies fall behind, trying again cause={}", Cause.withoutValues(cause));
    else log.info("ImagingStudies are kept up to date again");
  }
}
