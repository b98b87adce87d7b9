package io.caregrid.dicom.archive;

import io.caregrid.cluster.DicomConfig;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.caregrid.dicom.archive.RecordHeader.State;
import io.caregrid.dicom.archive.Refused.Why;
import io.caregrid.store.Cause;
import io.caregrid.store.ImageIndex;
import io.caregrid.store.ImageIndex.Located;
import io.caregrid.store.ImageTags.Listed;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The picture archive of this node: bytes as received in segment files, rows in the index, and never a row without its bytes.
 *
 * <p>Bounded: {@code dicom.bufferBytes} of pictures waiting in memory over all senders, {@value #UNFLUSHED} bytes of one. What was answered is on disk
 * and in the index. What was not may be lost, or may be here: a sender who got no answer sends again and hears {@code SAME}.
 *
 * <p>Threads: senders' Vert.x contexts collect and read along; {@link Committer} makes durable; two I/O threads write large instances; one keeper
 * erases what was deleted; one thread inflates what comes deflated. Any thread may call.
 */
public final class Archive implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Archive.class);
  static final int SMALL = 1 << 20;
  static final int UNFLUSHED = 4 << 20;
  static final long SEGMENT = 512L << 20;
  private static final long LOOK_MILLIS = 500;
  private static final long TIDY_SECONDS = 30;
  private static final int IO_THREADS = 2;
  private static final int STOP_SECONDS = 30;

  private final Vertx vertx;
  private final DicomConfig config;
  private final ImageIndex index;
  private final Shelf shelf;
  private final Memory memory;
  private final Collecting collecting;
  private final Readers readers = new Readers();
  private final Eraser eraser;
  private final Tagger tagger;
  private final Committer committer;
  private final ExecutorService disk = Executors.newFixedThreadPool(IO_THREADS, work -> named(work, "archive-disk"));
  /** One thread: deflated instances are rare, and what they cost is for their senders to wait for, not for others. */
  private final ExecutorService inflating = Executors.newSingleThreadExecutor(work -> named(work, "archive-inflate"));
  private final ScheduledExecutorService keeper;
  private final Arrivals arrivals = new Around();
  private volatile long lookedAt = System.nanoTime() - TimeUnit.MILLISECONDS.toNanos(LOOK_MILLIS);
  private volatile boolean isShort;

  private Archive(Vertx vertx, DicomConfig config, Shelf shelf, ImageIndex index, MeterRegistry registry,
      ScheduledExecutorService keeper, long segmentBytes) {
    this.vertx = vertx;
    this.config = config;
    this.shelf = shelf;
    this.index = index;
    this.keeper = keeper;
    memory = new Memory(config.bufferBytes());
    collecting = new Collecting(vertx, memory);
    ArchiveMetrics metrics = new ArchiveMetrics(registry, memory);
    eraser = new Eraser(shelf, index.files(), readers, metrics);
    tagger = new Tagger(vertx, index, shelf.id(), shelf::isThere, this::open);
    committer = new Committer(vertx, shelf, index, new Duplicates(shelf, index, eraser::touch), readers, disk, metrics,
        arrivals::refused,
        segmentBytes);
  }

  /**
   * Makes the folder when it is missing, takes this process's place in it, and looks at what was on its way when the process before ended.
   *
   * @param folder that of {@code config}, made absolute by whoever knows the node's data folder
   */
  public static Future<Archive> open(Vertx vertx, DicomConfig config, Path folder, ImageIndex index,
      MeterRegistry metrics) {
    return open(vertx, config, folder, index, metrics, SEGMENT);
  }

  static Future<Archive> open(Vertx vertx, DicomConfig config, Path folder, ImageIndex index, MeterRegistry metrics,
      long segmentBytes) {
    ScheduledExecutorService keeper = Executors
        .newSingleThreadScheduledExecutor(work -> named(work, "archive-keeper"));
    return Future.<Archive>future(opened -> keeper.execute(() -> {
      try {
        opened.complete(start(vertx, config, folder, index, metrics, keeper, segmentBytes));
      } catch (IOException | RuntimeException | Error refused) {
        keeper.shutdown();
        opened.fail(refused);
      }
    }));
  }

  private static Archive start(Vertx vertx, DicomConfig config, Path folder, ImageIndex index, MeterRegistry metrics,
      ScheduledExecutorService keeper, long segmentBytes) throws IOException {
    Shelf shelf = Shelf.open(folder);
    Archive archive = new Archive(vertx, config, shelf, index, metrics, keeper, segmentBytes);
    try {
      archive.tagger.look(Eraser.get(index.tags().list()));
      new Recovery(shelf, index).run();
      archive.eraser.touchAll();
    } catch (IOException | RuntimeException | Error refused) {
      archive.stop(true);
      throw refused;
    }
    archive.tagger.start();
    keeper.scheduleWithFixedDelay(archive::keep, 0, TIDY_SECONDS, TimeUnit.SECONDS); // what was deleted before, first
    return archive;
  }

  private static Thread named(Runnable work, String name) {
    Thread thread = new Thread(work, name);
    thread.setDaemon(true);
    return thread;
  }

  /** For one instance, on the current Vert.x context. */
  public Incoming receive() {
    return new Arrival(arrivals, vertx.getOrCreateContext());
  }

  /** False: no memory, no disk or no index just now. The doors answer busy (A700, 503, reject-transient). */
  public boolean acceptsMore() {
    return !memory.isFull() && !committer.indexAway() && !arrivals.isShort();
  }

  /**
   * Its bytes. {@link Failure.NotFound}: it was deleted meanwhile. IOException: it is damaged. {@link Failure.Busy}: another node keeps it in a folder that this one does not share.
   */
  public Future<Opened> open(Located where) {
    if (!where.node().equals(shelf.id()))
      return Future.failedFuture(new Failure.Busy("Another node keeps this instance, see dicom.shared"));
    return vertx.executeBlocking(() -> opened(where), false).compose(opened -> {
      if (opened != null) return Future.succeededFuture(opened);
      return index.files().at(where.instance()).compose(now -> {
        if (now == null) return Future.failedFuture(new Failure.NotFound("The instance was deleted"));
        boolean moved = !now.file().equals(where.file()) || now.offset() != where.offset();
        return moved
            ? open(now)
            : Future.failedFuture(new IOException("an instance is damaged, " + where.file() + " at "
                + where.offset() + ": run 'caregrid dicom verify'"));
      });
    });
  }

  /** Null: it is not there any more. */
  private Opened opened(Located where) throws IOException {
    String file = where.file();
    readers.enter(file, where.offset());
    Segment segment = null;
    boolean handed = false;
    try {
      segment = Segment.read(shelf.path(file));
      RecordHeader header = segment.header(where.offset() - RecordHeader.BYTES);
      if (header != null && header.state() != State.DEAD && header.length() == where.length()) {
        Segment kept = segment;
        segment = null;
        handed = true;
        return new Opened(kept, where.offset(), where.length(), () -> readers.leave(file, where.offset()));
      }
    } catch (NoSuchFileException removed) {
      // looked up again
    } finally {
      if (!handed) readers.leave(file, where.offset());
      if (segment != null) segment.close();
    }
    return null;
  }

  /**
   * Removes a study, one series of it, or one instance of that. The rows are gone when it completes; this writer's bytes are erased at once, unless
   * somebody reads them, another's by itself within {@value #TIDY_SECONDS} s. The door that was asked records it.
   *
   * @return false: there was nothing
   */
  public Future<Boolean> delete(Caller caller, String study, String seriesOrNull, String instanceOrNull) {
    return index.remove(study, seriesOrNull, instanceOrNull).map(gone -> {
      if (gone > 0) keeper.execute(this::keep);
      return gone > 0;
    });
  }

  /** Throws nothing: a schedule that meets an exception ends, and says nothing. */
  private void keep() {
    try {
      eraser.erase();
      eraser.tidy();
      shelf.keepSettled();
    } catch (IOException | Failure later) {
      log.warn("deleted pictures are not all erased yet, it is tried again cause={}", Cause.withoutValues(later));
    } catch (RuntimeException | Error bug) {
      log.error("deleted pictures are not all erased, the next round tries again cause={}", Cause.andPlace(bug));
    }
  }

  /** Erases and tidies now; for tests and for an operator in a hurry. */
  Future<Void> keepNow() {
    return Future.future(done -> keeper.execute(() -> {
      keep();
      done.complete();
    }));
  }

  /** Extended query tags have changed: completes when what comes from now on to this node is indexed by them. The other nodes hear of it. */
  public Future<Void> tagsChanged() {
    return tagger.changed();
  }

  /** Where the archive lies. */
  public Path folder() {
    return shelf.folder();
  }

  /**
   * Blocks until everything handed over is answered, {@value #STOP_SECONDS} s for each kind of work. This process's place in the folder is given up only
   * when nobody works in it any more; otherwise that comes with the process's end.
   */
  @Override
  public void close() {
    eraser.stop();
    keeper.shutdown();
    boolean ended = false;
    try {
      tagger.stop();
      ended = keeper.awaitTermination(STOP_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    }
    stop(ended);
  }

  /** @param ended the keeper does nothing more to the files */
  private void stop(boolean ended) {
    inflating.shutdown();
    try {
      inflating.awaitTermination(STOP_SECONDS, TimeUnit.SECONDS);
      committer.close();
      disk.shutdown();
      boolean all = disk.awaitTermination(STOP_SECONDS, TimeUnit.SECONDS) && ended;
      if (all) shelf.close();
      else
        log.error("the archive's files are still worked on, its place is taken until the process ends place={}",
            shelf.folder().resolve(shelf.prefix()));
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  /** What {@link Arrival} sees of us. */
  private final class Around implements Arrivals {
    @Override
    public Memory memory() {
      return memory;
    }

    @Override
    public Collecting collecting() {
      return collecting;
    }

    @Override
    public long smallBytes() {
      return SMALL;
    }

    @Override
    public long unflushedBytes() {
      return UNFLUSHED;
    }

    @Override
    public long mostBytes() {
      return config.maxInstance();
    }

    /** What may still be in memory must fit on disk. */
    @Override
    public boolean isShort() {
      long now = System.nanoTime();
      if (now - lookedAt > TimeUnit.MILLISECONDS.toNanos(LOOK_MILLIS)) {
        lookedAt = now;
        isShort = usable() < config.bufferBytes();
      }
      return isShort;
    }

    @Override
    public Listed tags() {
      return tagger.listed();
    }

    @Override
    public long now() {
      return System.currentTimeMillis();
    }

    @Override
    public Spill spill() {
      return new Spill(shelf, memory, disk, UNFLUSHED / 2);
    }

    @Override
    public Executor inflating() {
      return inflating;
    }

    @Override
    public void commit(Arrival arrival) {
      committer.commit(arrival);
    }

    @Override
    public Refused refused(IOException failed) {
      String text = String.valueOf(failed.getMessage()).toLowerCase(Locale.ROOT);
      boolean full = text.contains("space") || text.contains("quota") || usable() < config.bufferBytes();
      lookedAt = System.nanoTime() - TimeUnit.MILLISECONDS.toNanos(2 * LOOK_MILLIS);
      return full
          ? new Refused(Why.OUT_OF_RESOURCES, "the archive's disk is full")
          : new Refused(Why.FAILED, "the archive's disk cannot be written");
    }
  }

  /** 0 when the folder is gone. */
  private long usable() {
    try {
      return Files.getFileStore(shelf.folder()).getUsableSpace();
    } catch (IOException gone) {
      return 0;
    }
  }
}
