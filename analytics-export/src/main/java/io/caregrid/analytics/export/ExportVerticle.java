package io.caregrid.analytics.export;

import io.caregrid.analytics.lake.store.ObjectStore;
import io.caregrid.cluster.ExportConfig;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Failure;
import io.caregrid.store.Cause;
import io.caregrid.store.Database;
import io.caregrid.store.ExportJobs;
import io.caregrid.store.ExportJobs.Job;
import io.caregrid.store.ExportJobs.Over;
import io.caregrid.store.ExportSnapshot;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes exports that were asked for, on any node, and makes their files; sweeps away those that are over.
 *
 * <p>A job is held for {@link #HELD} and again every {@link #HOLDING}; a run whose hold was not renewed in time stops before its next page. A node that dies
 * is followed by another after {@link #HELD}, which begins anew with a snapshot of its own: the transactionTime is that of the files that are given out. So
 * does one whose snapshot has what was erased since.
 *
 * <p>What a killed node leaves goes: its scratch files when it starts again, files of earlier attempts with the next one, those without a job within an hour.
 */
public final class ExportVerticle extends VerticleBase {
  private static final Logger log = LoggerFactory.getLogger(ExportVerticle.class);
  private static final Duration HELD = Duration.ofSeconds(20);
  private static final Duration HOLDING = Duration.ofSeconds(4);
  private static final Duration LOOK = Duration.ofSeconds(1);
  private static final Duration SWEEP = Duration.ofSeconds(5);
  private static final Duration TIDY = Duration.ofHours(1);
  /** Of one whose files cannot be written, or whose database is away. */
  private static final int ATTEMPTS = 4;
  /** Of one whose nodes end in the middle of it, by its fault or by chance, or that has what is being erased. */
  private static final int MOST_ATTEMPTS = 10;
  private static final int LISTED = 1_000;
  private static final Pattern UUIDS = Pattern.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");
  private static final Failure GIVEN_UP = new Failure.Busy("The export was begun " + MOST_ATTEMPTS
      + " times and never came to an end: its nodes ended, or what it had read was erased meanwhile. Ask again");

  private final Database database;
  private final ExportJobs jobs;
  private final ObjectStore objects;
  private final boolean shared;
  private final Path scratch;
  private final Audit audit;
  private final RuleBooks books;
  private final ExportConfig config;
  private final Duration held;
  private final UUID self = UUID.randomUUID();
  private final Map<UUID, Running> running = new HashMap<>();
  private WorkerExecutor workers;
  private boolean taking;
  private boolean sweeping;
  private boolean stopping;

  /** One job in this node's hands. */
  private static final class Running {
    volatile boolean stopped;
    volatile long until;
    volatile ExportRun run;
    Future<?> ended = Future.succeededFuture();

    boolean isStopped() {
      return stopped || System.nanoTime() - until > 0;
    }
  }

  /**
   * @param shared  every node finds the same in {@code objects}
   * @param scratch folder of this node alone
   * @param books   by which what it makes may be de-identified
   */
  public ExportVerticle(Database database, ObjectStore objects, boolean shared, Path scratch, Audit audit,
      RuleBooks books, ExportConfig config) {
    this(database, objects, shared, scratch, audit, books, config, HELD);
  }

  ExportVerticle(Database database, ObjectStore objects, boolean shared, Path scratch, Audit audit, RuleBooks books,
      ExportConfig config, Duration held) {
    this.books = books;
    this.database = database;
    this.jobs = new ExportJobs(database);
    this.objects = objects;
    this.shared = shared;
    this.scratch = scratch;
    this.audit = audit;
    this.config = config;
    this.held = held;
  }

  @Override
  public Future<?> start() {
    workers = vertx.createSharedWorkerExecutor("exports", config.atOnce() + 1, 1, TimeUnit.DAYS);
    return workers.executeBlocking(this::emptied, false)
        .otherwise(cause -> {
          log.warn("scratch files of exports were not removed cause={}", Cause.withoutValues(cause));
          return null;
        })
        .onSuccess(empty -> begin());
  }

  private void begin() {
    vertx.setPeriodic(LOOK.toMillis(), fired -> look());
    vertx.setPeriodic(Math.min(HOLDING.toMillis(), held.toMillis() / 4), fired -> running.forEach(this::hold));
    vertx.setPeriodic(SWEEP.toMillis(), fired -> sweep());
    vertx.setPeriodic(TIDY.toMillis(), fired -> tidy());
    tidy();
    look();
  }

  /** Resources of an export that a killed node was writing. */
  private Void emptied() throws IOException {
    if (!Files.isDirectory(scratch)) return null;
    try (DirectoryStream<Path> left = Files.newDirectoryStream(scratch, "*.ndjson")) {
      for (Path each : left) Files.deleteIfExists(each);
    }
    return null;
  }

  private void tidy() {
    workers.executeBlocking(this::tidied, false)
        .onFailure(cause -> log.warn("files without an export were not removed cause={}", Cause.withoutValues(cause)));
  }

  /** Files whose job is not there any more: of a node that was frozen, or away, when it was removed. */
  private Void tidied() throws IOException {
    Instant before = Instant.now().minus(TIDY);
    List<ObjectStore.Entry> next = objects.list("", "", 1);
    while (!next.isEmpty()) {
      String name = next.get(0).name();
      String folder = name.substring(0, Math.max(0, name.indexOf('/')));
      boolean left = UUIDS.matcher(folder).matches() && next.get(0).modified().isBefore(before)
          && !ExportRun.waited(jobs.isKnown(UUID.fromString(folder)));
      if (left) {
        delete(folder + "/", "");
        log.info("files without an export removed id={}", folder);
      }
      next = objects.list("", folder.isEmpty() ? name : folder + "0", 1); // '0' is the one behind '/'
    }
    return null;
  }

  /** Gives back what it holds, for another node to begin anew. */
  @Override
  public Future<?> stop() {
    stopping = true;
    List<Future<?>> all = new ArrayList<>();
    running.values().forEach(each -> {
      each.stopped = true;
      all.add(each.ended);
    });
    return Future.join(all).otherwiseEmpty().eventually(() -> workers.close());
  }

  /** Looks for a job now, instead of within a second. Any thread. */
  public void look() {
    context.runOnContext(hop -> take());
  }

  /** Sees to what was cancelled now. Any thread. */
  void swept() {
    context.runOnContext(hop -> {
      running.forEach(this::hold);
      sweep();
    });
  }

  private void take() {
    if (taking || stopping || running.size() >= config.atOnce()) return;
    taking = true;
    long from = System.nanoTime();
    jobs.take(self, held).onComplete(done -> context.runOnContext(hop -> {
      taking = false;
      if (done.succeeded() && done.result() != null) begin(done.result(), from);
    }));
  }

  private void begin(Job job, long from) {
    if (stopping) {
      jobs.again(job.id(), self, Duration.ZERO);
      return;
    }
    if (job.attempt() > MOST_ATTEMPTS) {
      log.error("export is given up, none of its attempts came to an end id={} attempts={}", job.id(), MOST_ATTEMPTS);
      jobs.failed(job.id(), self, told(GIVEN_UP).encode(), config.keep());
      return;
    }
    Running one = new Running();
    one.until = from + held.toNanos();
    running.put(job.id(), one);
    log.info("export begins id={} attempt={}", job.id(), job.attempt());
    one.ended = workers.executeBlocking(() -> made(job, one), false)
        .compose(done -> Future.succeededFuture(), failed -> ended(job, one, failed))
        .onComplete(done -> {
          running.remove(job.id());
          sweep();
          take();
        });
    take();
  }

  private Void made(Job job, Running one) throws IOException {
    ExportSnapshot snapshot = ExportRun.waited(ExportSnapshot.open(database));
    try (ExportFiles files = new ExportFiles(objects, folder(job), scratch, config.fileMegabytes() * 1_000_000L)) {
      if (!ExportRun.waited(jobs.reads(job.id(), self, snapshot))) throw new ExportRun.Stopped();
      delete(job.id() + "/", folder(job) + "/");
      ExportRun run = new ExportRun(job, snapshot, files, audit, books, this::secret, one::isStopped, config.longest());
      one.run = run;
      JsonObject result = run.blocking();
      delete(job.id() + "/", folder(job) + "/");
      boolean ours = !one.isStopped()
          && ExportRun.waited(jobs.done(job.id(), self, run.asOf(), result.encode(), config.keep()));
      if (!ours) throw new ExportRun.Stopped();
      log.info("export done id={} {}", job.id(), run.progress());
      return null;
    } finally {
      ExportRun.waited(snapshot.close().otherwiseEmpty());
    }
  }

  private byte[] secret() {
    return ExportRun.waited(jobs.secret()).getBytes();
  }

  /** Of this attempt. */
  static String folder(Job job) {
    return job.id() + "/" + job.attempt();
  }

  private Future<?> ended(Job job, Running one, Throwable cause) {
    if (cause instanceof ExportRun.Stopped)
      return jobs.again(job.id(), self, Duration.ZERO).compose(open -> jobs.left(job.id(), self)).otherwiseEmpty();
    boolean passing = cause instanceof IOException || cause instanceof Failure.Busy;
    if (passing && job.attempt() < ATTEMPTS) {
      log.warn("export is tried again id={} attempt={} cause={}", job.id(), job.attempt(), cause.toString());
      return jobs.again(job.id(), self, held.dividedBy(10)).otherwiseEmpty();
    }
    log.warn("export failed id={} cause={}", job.id(), cause.toString());
    return jobs.failed(job.id(), self, told(cause).encode(), config.keep()).otherwiseEmpty();
  }

  /** What the client hears. */
  private static JsonObject told(Throwable cause) {
    if (cause instanceof Failure failure)
      return new JsonObject().put("status", failure.status)
          .put("issue", failure.issue)
          .put("why", failure.getMessage());
    String why = cause instanceof IOException
        ? "The files of this export could not be written; an operator sees why in the log: is there room at export.place?"
        : "This node could not make the export because of an error of its own; its log tells more";
    return new JsonObject().put("status", 500).put("issue", "exception").put("why", why);
  }

  private void hold(UUID id, Running one) {
    if (one.stopped) return;
    long from = System.nanoTime();
    String progress = one.run == null ? "starting" : one.run.progress();
    jobs.hold(id, self, held, progress).onSuccess(ours -> {
      if (ours) one.until = from + held.toNanos();
      else one.stopped = true;
    });
  }

  private void sweep() {
    if (sweeping || stopping) return;
    sweeping = true;
    jobs.cancelStale()
        .compose(cancelled -> jobs.over())
        .compose(over -> workers.executeBlocking(() -> removed(over), false))
        .onFailure(cause -> log.warn("files of exports that are over were not removed cause={}", cause.toString()))
        .onComplete(done -> sweeping = false);
  }

  /** Where each node has files of its own, the row waits for the node that has them, a day. */
  private Void removed(List<Over> over) throws IOException {
    for (Over one : over) {
      boolean seen = delete(one.id() + "/", "");
      if (!seen && !shared && !one.lasting()) continue;
      ExportRun.waited(jobs.remove(one.id()));
      log.info("export removed id={}", one.id());
    }
    return null;
  }

  /** Everything of that prefix; what begins with {@code but} stays, unless that is empty. @return whether there was something */
  private boolean delete(String prefix, String but) throws IOException {
    boolean seen = false;
    String after = "";
    while (true) {
      List<ObjectStore.Entry> files = objects.list(prefix, after, LISTED);
      if (files.isEmpty()) return seen;
      for (ObjectStore.Entry file : files) {
        after = file.name();
        if (!but.isEmpty() && after.startsWith(but)) continue;
        objects.delete(after);
        seen = true;
      }
    }
  }
}
