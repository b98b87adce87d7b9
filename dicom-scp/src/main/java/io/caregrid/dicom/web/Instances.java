package io.caregrid.dicom.web;

import io.caregrid.contract.Audit;
import io.caregrid.contract.Failure;
import io.caregrid.dicom.archive.Archive;
import io.caregrid.dicom.archive.Opened;
import io.caregrid.dicom.data.DicomException;
import io.caregrid.dicom.data.TransferSyntax;
import io.caregrid.dicom.pixel.Extent;
import io.caregrid.store.ImageIndex;
import io.caregrid.store.ImageIndex.Located;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Function;

/** What the handlers that give instances out stand on: the index, the files, and work for what takes processor time and memory. */
final class Instances {
  /** Of the memory for pictures, what is made and waits in memory for its client. */
  private static final int SPOOLED_SHARE = 8;
  /** A deflated data set up to 8 MB is kept inflated while it is worked on, and inflating it takes this. */
  private static final long INFLATING = 32L << 20;
  private static final long MOST_INFLATION = 1032;

  private final Vertx vertx;
  private final ImageIndex index;
  private final Archive archive;
  private final Audit audit;
  private final Work work;
  private final Spools spools;

  /**
   * @param memory  bytes for all that is worked on
   * @param scratch folder for answers that wait for their clients
   */
  Instances(Vertx vertx, ImageIndex index, Archive archive, Audit audit, long memory, Path scratch) {
    this.vertx = vertx;
    this.index = index;
    this.archive = archive;
    this.audit = audit;
    work = new Work(vertx, memory - memory / SPOOLED_SHARE);
    spools = new Spools(scratch, memory / SPOOLED_SHARE);
  }

  Future<Void> close() {
    return work.close();
  }

  /** What the address names, audited as read; NotFound 404 when that is nothing. */
  Future<List<Located>> named(Visit visit) {
    String study = visit.study();
    String series = visit.series();
    String instance = visit.instance();
    Future<List<String>> patients = whose(List.of(study));
    return audit.around(visit.entry(Audit.Deed.IMAGES_RETRIEVED),
        () -> index.instances(study, series, instance).compose(found -> patients.map(known -> {
          if (found.isEmpty()) throw absent(series, instance);
          return found;
        })), (entry, found) -> entry.aboutIds(patients.result()));
  }

  /** Patient IDs of these studies; never fails, what is not known is not named. */
  Future<List<String>> whose(List<String> studies) {
    return index.patientIds(studies).otherwise(List.of());
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

  /** Something that reads a data set so far. */
  interface Reads<T> {
    /** DicomException.TooLarge: there is more of it. */
    T upTo(Extent extent) throws IOException;
  }

  /** Reads a data set, as a usual one first; {@code more} bytes of memory are needed besides. See {@link Work#run}. */
  <T> Future<T> reading(Client client, Located where, long more, Reads<T> reads) {
    return reading(client, more + inflating(where), Extent.USUAL, reads);
  }

  private <T> Future<T> reading(Client client, long needed, Extent extent, Reads<T> reads) {
    return work.run(client, needed + extent.bytes, () -> reads.upTo(extent))
        .recover(cause -> cause instanceof DicomException.TooLarge && extent.next() != null
            ? reading(client, needed, extent.next(), reads)
            : Future.failedFuture(cause));
  }

  /**
   * What was read of an instance to work with.
   *
   * @param facts what its reader wants to know at once
   * @param bytes of memory that it takes
   */
  record Read<T, F>(Again<T> what, F facts, long bytes) {}

  /** Reads what {@link #work} will need; nothing is decoded, and no memory is held afterwards. */
  <T, F> Future<Read<T, F>> look(Client client, Located where, Function<Extent, T> reader, Function<T, F> facts) {
    return reading(client, where, 0, extent -> {
      T first = reader.apply(extent);
      return new Read<>(new Again<>(first, () -> reader.apply(extent)), facts.apply(first),
          extent.bytes + inflating(where));
    });
  }

  /** Decoding, encoding, rendering. {@code bytes} of memory are needed besides what was read. See {@link Work#run}. */
  <T> Future<Spool> work(Client client, Read<T, ?> read, long bytes, Making<T> making) {
    return work.run(client, read.bytes + bytes, () -> {
      T what = read.what.get();
      return spooled(out -> making.from(what, out));
    });
  }

  /** What is made of something, into a part of an answer. */
  interface Making<T> {
    void from(T what, OutputStream out) throws IOException;
  }

  /** In a job: what it writes waits there for its client. */
  Spool spooled(Spool.Writes writes) throws IOException {
    return Spool.of(spools, writes);
  }

  /** Why work that needs so many bytes is never done; empty when it is. */
  Optional<Failure> tooLarge(long bytes) {
    return work.tooLarge(bytes);
  }

  private static long inflating(Located where) {
    return TransferSyntax.of(where.transferSyntax()).deflated()
        ? Math.min(INFLATING, 4 * MOST_INFLATION * where.length())
        : 0;
  }

  Outlet outlet(HttpServerResponse response) {
    return new Outlet(vertx, response);
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
