package io.caregrid.ingest.load;

import io.caregrid.cluster.LoadConfig;
import io.caregrid.store.Cause;
import io.caregrid.store.Lease;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.WorkerExecutor;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Loads what is put into a folder, or into a folder of it: one file after the other, by name. What is loaded goes to {@code done}, with its rejects beside it;
 * what cannot be loaded to {@code failed}, with a reason beside it ({@link Drops}). While the target takes nothing, files stay and are tried again.
 *
 * <p>A file is taken when it has not changed for some looks: whoever writes slowly gives it its name when it is whole. Of several nodes that share the
 * folder one works, who holds its lease; the others look whether he still does.
 */
public final class DropFolder extends VerticleBase {
  private static final Logger log = LoggerFactory.getLogger(DropFolder.class);
  private static final Duration HELD = Duration.ofSeconds(60);
  private static final Duration HOLDING = Duration.ofSeconds(15);

  private final Drops drops;
  private final Function<String, Lease> leases;
  private final Duration every;
  private WorkerExecutor worker;
  private Lease lease;
  private Future<?> working = Future.succeededFuture();
  private volatile boolean stopping;
  private volatile long heldUntil;

  /** @param leases by name */
  public DropFolder(LoadConfig config, Function<String, Lease> leases, Target target) {
    this(config, leases, target, Duration.ofSeconds(2));
  }

  DropFolder(LoadConfig config, Function<String, Lease> leases, Target target, Duration every) {
    this.drops = new Drops(config, target, every, new FileLoad.Watch() {
      @Override
      public boolean at(FileLoad.Report report, long bytes) {
        return !stopping && isHeld();
      }

      @Override
      public boolean isOurs() {
        return isHeld();
      }
    });
    this.leases = leases;
    this.every = every;
  }

  @Override
  public Future<?> start() {
    worker = vertx.createSharedWorkerExecutor("load", 1, 1, TimeUnit.DAYS);
    return worker.executeBlocking(drops::made, false).onSuccess(name -> {
      lease = leases.apply("drop folder " + name);
      vertx.setPeriodic(every.toMillis(), fired -> look());
      vertx.setPeriodic(HOLDING.toMillis(), fired -> {
        if (!working.isComplete()) hold();
      });
    });
  }

  /** Ends the batch that is under way; the file goes on from there. */
  @Override
  public Future<?> stop() {
    stopping = true;
    return working.otherwiseEmpty()
        .eventually(() -> lease == null ? Future.succeededFuture() : lease.release().otherwiseEmpty())
        .eventually(() -> worker.close());
  }

  private void look() {
    if (!working.isComplete() || stopping) return;
    working = hold().compose(mine -> mine ? worker.executeBlocking(this::round, false) : Future.succeededFuture())
        .onFailure(
            cause -> log.warn("drop folder could not be looked into cause={}", Cause.withoutValues(cause)))
        .otherwiseEmpty();
  }

  private Future<Boolean> hold() {
    long from = System.nanoTime();
    return lease.take(HELD).onSuccess(mine -> heldUntil = mine ? from + HELD.toNanos() : from);
  }

  private boolean isHeld() {
    return System.nanoTime() - heldUntil < 0;
  }

  private Void round() throws Exception {
    drops.round();
    return null;
  }
}
