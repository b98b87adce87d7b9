package io.caregrid.dicom.web;

import io.caregrid.contract.Audit;
import io.caregrid.contract.Failure;
import io.caregrid.dicom.archive.Archive;
import io.caregrid.dicom.archive.Opened;
import io.caregrid.store.ImageIndex;
import io.caregrid.store.ImageIndex.Located;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.http.HttpServerResponse;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

/** What the handlers that give instances out stand on: the index, the files, and workers for what takes processor time. */
final class Instances {
  /** Requests that wait for a worker. */
  private static final int WAITING = 256;
  /** Answers that are transcoded on their way out: each waits for its client now and then, and must not keep a processor's worker meanwhile. */
  private static final int PIPES = 32;
  private static final long LONGEST_MINUTES = 10;

  private final Vertx vertx;
  private final ImageIndex index;
  private final Archive archive;
  private final Audit audit;
  private final WorkerExecutor workers;
  private final WorkerExecutor pipes;
  private final AtomicInteger waiting = new AtomicInteger();

  Instances(Vertx vertx, ImageIndex index, Archive archive, Audit audit) {
    this.vertx = vertx;
    this.index = index;
    this.archive = archive;
    this.audit = audit;
    workers = pool(vertx, "dicom-web-pixels", Math.max(2, Runtime.getRuntime().availableProcessors()));
    pipes = pool(vertx, "dicom-web-pipes", PIPES);
  }

  private static WorkerExecutor pool(Vertx vertx, String name, int size) {
    return vertx.createSharedWorkerExecutor(name, size, LONGEST_MINUTES, TimeUnit.MINUTES);
  }

  Future<Void> close() {
    return Future.join(workers.close(), pipes.close()).mapEmpty();
  }

  /** What the address names, audited as read; NotFound 404 when that is nothing. */
  Future<List<Located>> named(Visit visit) {
    String study = visit.study();
    String series = visit.series();
    String instance = visit.instance();
    visit.record(audit, Audit.Action.READ);
    return index.instances(study, series, instance).map(found -> {
      if (found.isEmpty()) throw absent(series, instance);
      return found;
    });
  }

  static Failure absent(String series, String instance) {
    if (instance != null) return new Failure.NotFound("there is no such instance in this study and series");
    return new Failure.NotFound(series != null ? "there is no such series in this study" : "there is no such study");
  }

  /** The file is open while {@code work} goes on. */
  <T> Future<T> open(Located where, Function<Opened, Future<T>> work) {
    return archive.open(where).compose(file -> {
      Future<T> done;
      try {
        done = work.apply(file);
      } catch (RuntimeException refused) {
        done = Future.failedFuture(refused);
      }
      return done.onComplete(over -> file.close());
    });
  }

  /** Reading. */
  <T> Future<T> read(Callable<T> work) {
    return vertx.executeBlocking(work, false);
  }

  /** Decoding, encoding, rendering: as many at once as there are processors. Busy 503 when too many wait. */
  <T> Future<T> work(Callable<T> work) {
    if (waiting.incrementAndGet() > WAITING) {
      waiting.decrementAndGet();
      return Future
          .failedFuture(new Failure.Busy("more pictures are being worked on than this node has processors for"));
    }
    return workers.executeBlocking(work, false).onComplete(over -> waiting.decrementAndGet());
  }

  Outlet outlet(HttpServerResponse response) {
    return new Outlet(vertx, pipes, response);
  }

  /** The same as long as the same bytes are kept under the same names. */
  static Fingerprint fingerprint(List<Located> instances) {
    Fingerprint print = new Fingerprint();
    for (Located one : instances)
      print.add(one.study())
          .add(one.series())
          .add(one.instance())
          .add(one.length())
          .add(one.crc32c())
          .add(one.storedAt().toInstant().toEpochMilli());
    return print;
  }
}
