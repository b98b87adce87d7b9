package io.caregrid.dicom.archive;

import static io.caregrid.dicom.Await.get;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.caregrid.cluster.DatabaseConfig;
import io.caregrid.cluster.DicomConfig;
import io.caregrid.dicom.archive.Incoming.Expected;
import io.caregrid.dicom.archive.Incoming.Outcome;
import io.caregrid.dicom.archive.Incoming.Receipt;
import io.caregrid.dicom.archive.Refused.Why;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.store.ImageIndex;
import io.caregrid.store.ImageIndex.Located;
import io.caregrid.store.Schema;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.buffer.UnpooledHeapByteBuf;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.pgclient.PgConnection;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Everybody is answered, and what was not answered with success has left nothing behind that somebody finds. */
@ExtendWith(Engines.class)
class CommitterIT {

  @Test
  void whatIsDeletedBeforeItsInsertIsConfirmedLeavesNoRowWithoutBytes(LocalPostgres postgres, @TempDir Path folder)
      throws IOException {
    DatabaseConfig database = Vault.database(postgres,
        postgres.createDatabase(Schema.on(postgres.host(), postgres.port(), postgres.user(), postgres.password())));
    try (LostAnswers between = new LostAnswers(database);
        Vault node = new Vault(between.config(), folder.resolve("dicom"), DicomConfig.DEFAULT, 4 << 20);
        Vault other = new Vault(database, folder.resolve("other"), DicomConfig.DEFAULT, 4 << 20)) {
      node.store(Phantom.image(1, 0, 20_000));
      between.lose();
      Future<Receipt> storing = node.storing(Phantom.image(1, 1, 20_000), Expected.ANYTHING);
      FaultsIT.until(() -> other.instances(1).size() == 2);
      get(other.archive.delete(Vault.CALLER, Phantom.study(1), null, Phantom.instance(1, 1)));
      between.breakOff();
      for (int again = 0; again < 3; again++) get(node.archive.keepNow()); // the first ones may meet a broken connection

      get(storing.transform(done -> Future.succeededFuture()));

      for (Located each : node.instances(1)) assertArrayEquals(Phantom.image(1, 0, 20_000), node.read(each));
      FaultsIT.until(() -> {
        get(node.archive.keepNow());
        return get(node.index.files().garbage(node.instances(1).get(0).node(), "w0/", 0, 10)).isEmpty();
      });
      assertEquals(List.of(), Verification.run(node.folder, node.index, (bytes, all) -> {}).first());
    }
  }

  /** The connection breaks with its answer, and for a while another database answers in its stead (a failover that is not over). */
  @Test
  void whatIsRefusedAfterAnAnswerWasLostKeepsItsBytes(LocalPostgres postgres, @TempDir Path folder) {
    DatabaseConfig database = Vault.database(postgres,
        postgres.createDatabase(Schema.on(postgres.host(), postgres.port(), postgres.user(), postgres.password())));
    try (LostAnswers between = new LostAnswers(database);
        Vault node = new Vault(between.config(), folder.resolve("dicom"), DicomConfig.DEFAULT, 4 << 20);
        Vault other = new Vault(database, folder.resolve("other"), DicomConfig.DEFAULT, 4 << 20)) {
      node.store(Phantom.image(1, 0, 20_000));
      between.lose();
      Future<Receipt> storing = node.storing(Phantom.image(1, 1, 20_000), Expected.ANYTHING);
      FaultsIT.until(() -> other.instances(1).size() == 2);
      other.sql("alter table image_instance rename to elsewhere");
      between.breakOff();
      assertEquals(Why.FAILED, refused(storing));
      other.sql("alter table elsewhere rename to image_instance");

      for (Located each : other.instances(1))
        assertArrayEquals(Phantom.image(1, each.instance().equals(Phantom.instance(1, 0)) ? 0 : 1, 20_000),
            node.read(each));
      assertEquals(Outcome.SAME, node.store(Phantom.image(1, 1, 20_000)).outcome());
    }
  }

  @Test
  void anIndexThatThrowsCostsNoPermitAndLeavesNothingHeld(LocalPostgres postgres, @TempDir Path folder)
      throws Exception {
    try (Vault vault = Vault.open(postgres, folder.resolve("other"));
        Shelf shelf = Shelf.open(folder.resolve("dicom"));
        Desk desk = new Desk(vault, shelf, new ImageIndex(null))) {
      for (int n = 0; n <= Committer.INSERTING; n++)
        assertEquals(Why.FAILED, refused(desk.commit(Phantom.image(1, n, 20_000), null)));

      String file = shelf.all().get(0);
      try (Segment segment = Segment.read(shelf.path(file))) {
        List<Segment.Kept> records = segment.scan().records();
        assertEquals(Committer.INSERTING + 1, records.size());
        FaultsIT.until(() -> records.stream().noneMatch(each -> desk.readers.isRead(file, each.contentAt())));
      }
    }
  }

  @Test
  void anErrorInAGroupLeavesNothingOfItAndTheNextOneIsStored(LocalPostgres postgres, @TempDir Path folder)
      throws Exception {
    try (Vault vault = Vault.open(postgres, folder.resolve("other"));
        Shelf shelf = Shelf.open(folder.resolve("dicom"));
        Desk desk = new Desk(vault, shelf)) {
      PgConnection lock = locked(vault);
      Future<Receipt> one = desk.commit(Phantom.image(1, 0, 20_000), null);
      FaultsIT.until(() -> waitingForALock(vault) == 1); // or both would be one group
      List<Future<Receipt>> first = List.of(one, desk.commit(Phantom.image(1, 1, 20_000), null));
      FaultsIT.until(() -> waitingForALock(vault) == Committer.INSERTING);
      List<Future<Receipt>> bad = List.of(desk.commit(Phantom.image(1, 2, 20_000), null),
          desk.commit(Phantom.image(1, 3, 20_000), new IllegalStateException("a bug, says a test")),
          desk.commit(Phantom.image(1, 4, 20_000), null));
      FaultsIT.until(() -> desk.given.get() == 5); // or they would be several groups
      get(lock.close());
      for (Future<Receipt> each : first) assertEquals(Outcome.STORED, get(each).outcome());
      for (Future<Receipt> each : bad) assertEquals(Why.FAILED, refused(each));
      assertEquals(Why.FAILED, refused(desk.commit(Phantom.image(1, 5, 20_000), new StackOverflowError("a test"))));

      assertEquals(Outcome.STORED, get(desk.commit(Phantom.image(1, 6, 20_000), null)).outcome());

      List<Located> here = vault.instances(1);
      assertEquals(List.of(Phantom.instance(1, 0), Phantom.instance(1, 1), Phantom.instance(1, 6)),
          here.stream().map(Located::instance).sorted().toList());
      try (Segment segment = Segment.read(shelf.path(here.get(0).file()))) {
        Segment.Scan scan = segment.scan();
        assertEquals(3, scan.records().size());
        assertEquals(segment.end(), scan.torn());
      }
      assertEquals(0, desk.memory.used());
      assertEquals(List.of(), Verification.run(shelf.folder(), vault.index, (bytes, all) -> {}).first());
    }
  }

  @Test
  @Tag("full")
  void aDuplicateThatCannotBeComparedLeavesNoOtherOfItsGroupWithoutAnAnswer(LocalPostgres postgres,
      @TempDir Path folder) {
    try (Vault vault = Vault.open(postgres, folder)) {
      for (int n = 0; n < 2; n++) vault.store(Phantom.image(1, n, 20_000));
      vault.sql("update image_instance set file = 'nowhere' where instance = '" + Phantom.instance(1, 0) + "'");
      PgConnection lock = locked(vault);
      Future<Receipt> one = vault.storing(Phantom.image(1, 2, 20_000), Expected.ANYTHING);
      FaultsIT.until(() -> waitingForALock(vault) == 1); // or both would be one group
      List<Future<Receipt>> before = List.of(one, vault.storing(Phantom.image(1, 3, 20_000), Expected.ANYTHING));
      FaultsIT.until(() -> waitingForALock(vault) == Committer.INSERTING);
      List<Future<Receipt>> group = new ArrayList<>();
      for (int n : new int[] {0, 1, 4})
        group.add(vault.storing(Phantom.image(1, n, 20_000), Expected.ANYTHING));
      get(lock.close());

      for (Future<Receipt> each : before) assertEquals(Outcome.STORED, get(each).outcome());
      assertEquals(Why.FAILED, refused(group.get(0)));
      assertEquals(Outcome.SAME, get(group.get(1)).outcome());
      assertEquals(Outcome.STORED, get(group.get(2)).outcome());
      assertEquals(Outcome.STORED, vault.store(Phantom.image(1, 5, 20_000)).outcome());
    }
  }

  /** While it is open nothing is inserted. */
  private static PgConnection locked(Vault vault) {
    PgConnection connection = vault.connection();
    get(connection.query("begin; lock table image_instance, image_study in exclusive mode").execute());
    return connection;
  }

  private static int waitingForALock(Vault vault) {
    return vault
        .sql("select from pg_locks l join pg_database d on d.oid = l.database and d.datname = current_database()"
            + " where not l.granted")
        .rowCount();
  }

  private static Why refused(Future<Receipt> answer) {
    Throwable cause = get(answer.<Throwable>transform(done -> Future.succeededFuture(done.cause())));
    if (cause instanceof Refused no) return no.why;
    throw new AssertionError("not refused", cause);
  }

  /** A committer, and instances that are given to it; some go wrong when they are to be written. */
  private static final class Desk extends SmallArrivals implements AutoCloseable {
    private final Vault vault;
    private final Readers readers = new Readers();
    /** To the committer. */
    private final AtomicInteger given = new AtomicInteger();
    private final ExecutorService disk = Executors.newSingleThreadExecutor();
    private final Committer committer;

    Desk(Vault vault, Shelf shelf) {
      this(vault, shelf, vault.index);
    }

    Desk(Vault vault, Shelf shelf, ImageIndex index) {
      super(vault.vertx, 64 << 20);
      this.vault = vault;
      committer = new Committer(vault.vertx, shelf, index, new Duplicates(shelf, index, died -> {}),
          readers, disk, new ArchiveMetrics(new SimpleMeterRegistry(), memory), this::refused, 4 << 20);
    }

    /** @param errorOrNull what happens when its bytes are asked for by the committer */
    Future<Receipt> commit(byte[] image, Throwable errorOrNull) {
      Bad bytes = new Bad(image);
      Promise<Receipt> answer = Promise.promise();
      vault.vertx.getOrCreateContext().runOnContext(go -> {
        Arrival arrival = new Arrival(this, vault.vertx.getOrCreateContext());
        arrival.write(bytes);
        bytes.error = errorOrNull;
        arrival.finish(Expected.ANYTHING).onComplete(answer);
      });
      return answer.future();
    }

    @Override
    public void commit(Arrival arrival) {
      committer.commit(arrival);
      given.incrementAndGet();
    }

    @Override
    public Refused refused(IOException failed) {
      return new Refused(Why.FAILED, "not written");
    }

    @Override
    public void close() {
      committer.close();
      disk.shutdown();
    }
  }

  private static final class Bad extends UnpooledHeapByteBuf {
    private volatile Throwable error;

    Bad(byte[] image) {
      super(UnpooledByteBufAllocator.DEFAULT, image.length, image.length);
      writeBytes(image);
    }

    @Override
    public ByteBuffer nioBuffer(int index, int length) {
      if (error instanceof Error bug) throw bug;
      if (error instanceof RuntimeException bug) throw bug;
      return super.nioBuffer(index, length);
    }
  }
}
