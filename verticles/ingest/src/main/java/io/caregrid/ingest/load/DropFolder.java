package io.caregrid.ingest.load;

import io.caregrid.cluster.LoadConfig;
import io.caregrid.store.Lease;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.WorkerExecutor;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Loads what is put into a folder, or into a folder of it: one file after the other, by name. What is loaded goes to {@value #DONE}, with its rejects beside it;
 * what cannot be loaded to {@value #FAILED}, with a reason beside it. While the target takes nothing, files stay and are tried again.
 *
 * <p>A file is taken when it has not changed from one look to the next: whoever writes slowly gives it its name when it is whole. Of several nodes that share the
 * folder one works, who holds its lease; the others look whether he still does.
 */
public final class DropFolder extends VerticleBase {
  private static final Logger log = LoggerFactory.getLogger(DropFolder.class);
  static final String DONE = "done";
  static final String FAILED = "failed";
  private static final String NAME = ".caregrid-folder";
  private static final Duration HELD = Duration.ofSeconds(60);
  private static final Duration HOLDING = Duration.ofSeconds(15);

  private final Path folder;
  private final LoadConfig config;
  private final Function<String, Lease> leases;
  private final Target target;
  private final Duration every;
  private final Map<Path, String> seen = new HashMap<>();
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
    this.folder = config.folder().toAbsolutePath();
    this.config = config;
    this.leases = leases;
    this.target = target;
    this.every = every;
  }

  @Override
  public Future<?> start() {
    worker = vertx.createSharedWorkerExecutor("load", 1, 1, TimeUnit.DAYS);
    return worker.executeBlocking(this::made, false).onSuccess(name -> {
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

  /** The folder's own name, the same for all nodes that see it. */
  private String made() throws IOException {
    for (String each : List.of(DONE, FAILED)) Files.createDirectories(folder.resolve(each));
    try {
      Files.writeString(folder.resolve(NAME), UUID.randomUUID().toString(), StandardOpenOption.CREATE_NEW);
    } catch (FileAlreadyExistsException known) {
      // somebody gave it one
    }
    return Files.readString(folder.resolve(NAME)).strip();
  }

  private void look() {
    if (!working.isComplete() || stopping) return;
    working = hold().compose(mine -> mine ? worker.executeBlocking(this::round, false) : Future.succeededFuture())
        .onFailure(cause -> log.warn("drop folder could not be looked into cause={}", cause.toString()))
        .otherwiseEmpty();
  }

  private Future<Boolean> hold() {
    long from = System.nanoTime();
    return lease.take(HELD).onSuccess(mine -> heldUntil = mine ? from + HELD.toNanos() : from);
  }

  private boolean goesOn() {
    return !stopping && System.nanoTime() - heldUntil < 0;
  }

  private Void round() throws IOException, InterruptedException {
    for (Path file : ready()) {
      if (!goesOn() || !isLoaded(file)) break;
    }
    return null;
  }

  /** Those that are as they were at the last look. */
  private List<Path> ready() throws IOException {
    List<Path> files = new ArrayList<>(in(folder));
    try (Stream<Path> inside = Files.list(folder)) {
      for (Path each : inside.sorted().toList())
        if (Files.isDirectory(each) && !Set.of(DONE, FAILED).contains(each.getFileName().toString()))
          files.addAll(in(each));
    }
    Map<Path, String> now = new HashMap<>();
    for (Path file : files) now.put(file, Files.size(file) + " " + Files.getLastModifiedTime(file));
    List<Path> ready = files.stream().filter(file -> now.get(file).equals(seen.get(file))).toList();
    seen.clear();
    seen.putAll(now);
    return ready;
  }

  private static List<Path> in(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(Files::isRegularFile).filter(FileLoad::isOne).sorted().toList();
    }
  }

  /** False: the target takes nothing now. */
  private boolean isLoaded(Path file) throws IOException, InterruptedException {
    try {
      FileLoad.Report report = new FileLoad(file, target, config.batch(), config.perSecond(), (so, far) -> goesOn())
          .run();
      log.info("file loaded file={} loaded={} rejected={}", file.getFileName(), report.loaded(), report.rejected());
      moved(file, DONE);
      return true;
    } catch (Refused refused) {
      log.warn("file refused file={} why={}", file.getFileName(), refused.getMessage());
      Path there = moved(file, FAILED);
      Files.writeString(there.resolveSibling(there.getFileName() + ".reason"), refused.getMessage() + "\n");
      return true;
    } catch (Away away) {
      log.warn("nothing is loaded from the drop folder just now: {}", away.getMessage());
      return false;
    } catch (FileLoad.Stopped stopped) {
      return false;
    }
  }

  /** With what stands beside it, under a name that nothing there has yet. */
  private Path moved(Path file, String into) throws IOException {
    String name = file.getFileName().toString();
    Path there = folder.resolve(into).resolve(name);
    for (int n = 2; Files.exists(there); n++) there = folder.resolve(into).resolve(n + "-" + name);
    for (String beside : List.of(Rejects.REASONS, Rejects.LINES))
      if (Files.exists(file.resolveSibling(name + beside)))
        Files.move(file.resolveSibling(name + beside), there.resolveSibling(there.getFileName() + beside));
    Files.move(file, there);
    FileLoad.forget(file);
    return there;
  }
}
