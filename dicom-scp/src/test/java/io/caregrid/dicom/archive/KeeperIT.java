package io.caregrid.dicom.archive;

import static io.caregrid.dicom.Await.get;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.caregrid.cluster.DicomConfig;
import io.caregrid.store.ImageIndex.Located;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** The thread that erases and tidies: what ends it, what does not, and what it says. */
class KeeperIT extends WithVault {
  @Test
  void anErrorInOneRoundDoesNotEndTheKeeper() {
    Located stored = stored(1, 2, 20_000).get(0);
    boolean[] fails = {true};
    reopen(() -> {
      if (fails[0]) throw new OutOfMemoryError("says a test");
    });
    get(vault.index.remove(Phantom.study(1), null, null));

    get(vault.archive.keepNow());
    fails[0] = false;
    get(vault.archive.keepNow());

    assertFalse(Files.exists(vault.folder.resolve(stored.file())), "the next round does what is left");
  }

  @Test
  void aStudyDeletedWhileOneOfItsImagesIsReadIsNoErrorAndItsFileGoesAfterwards() throws IOException {
    Located read = stored(1, 3, 20_000).get(1);
    vault.reopen(); // the file is settled
    Logger ours = (Logger) LoggerFactory.getLogger("io.caregrid.dicom.archive");
    ListAppender<ILoggingEvent> heard = new ListAppender<>();
    heard.start();
    ours.addAppender(heard);
    try (Opened opened = get(vault.archive.open(read))) {
      get(vault.archive.delete(Vault.CALLER, Phantom.study(1), null, null));
      get(vault.archive.keepNow());
      assertTrue(Files.exists(vault.folder.resolve(read.file())));
    } finally {
      ours.detachAppender(heard);
    }
    get(vault.archive.keepNow());

    assertEquals(List.of(), heard.list.stream().map(ILoggingEvent::getFormattedMessage).toList());
    assertFalse(Files.exists(vault.folder.resolve(read.file())));
  }

  /** Each row takes five seconds to move: all of them, a hundred, take longer than anybody waits for an end. */
  @Test
  @Tag("full")
  void anArchiveThatIsClosedEndsWhatIsBeingCopiedTogetherAndTheNextStartGoesOn() throws IOException {
    stored(1, 60, 200_000);
    for (int n = 0; n < 60; n++)
      if (n % 3 != 0) get(vault.index.remove(Phantom.study(1), null, Phantom.instance(1, n)));
    vault.sql("create function slow() returns trigger language plpgsql as"
        + " $$ begin perform pg_sleep(5); return new; end $$;"
        + " create trigger slow before update on image_instance for each row execute function slow()");
    vault.archive.keepNow();
    FaultsIT.until(() -> vault.sql("select from pg_stat_activity where wait_event = 'PgSleep'"
        + " and datname = current_database()").rowCount() > 0);

    vault.archive.close();

    vault.sql("drop trigger slow on image_instance");
    vault.open();
    assertFalse(Files.exists(vault.folder.resolve("w1")), "the place was given up: the keeper had ended");
    for (int again = 0; again < 2; again++) get(vault.archive.keepNow());
    List<Located> here = vault.instances(1);
    assertEquals(20, here.size());
    for (int n = 0; n < 20; n++) assertArrayEquals(Phantom.image(1, 3 * n, 200_000), vault.read(here.get(n)));
    assertEquals(List.of(), Verification.run(vault.folder, vault.index, (bytes, all) -> {}).first());
  }

  @Test
  @Tag("full")
  void whileTheKeeperWorksNobodyTakesItsPlace() throws Exception {
    stored(1, 1, 20_000);
    CountDownLatch works = new CountDownLatch(1);
    CountDownLatch ends = new CountDownLatch(1);
    reopen(() -> {
      works.countDown();
      try {
        ends.await();
      } catch (InterruptedException interrupted) {
        Thread.currentThread().interrupt();
      }
    });
    get(vault.archive.delete(Vault.CALLER, Phantom.study(1), null, null));
    works.await();

    vault.archive.close();

    try (Shelf next = Shelf.open(vault.folder)) {
      assertEquals("w1/", next.prefix());
    } finally {
      ends.countDown();
    }
  }

  private List<Located> stored(int study, int count, int pixels) {
    for (int n = 0; n < count; n++) vault.store(Phantom.image(study, n, pixels));
    return vault.instances(study);
  }

  /** @param erased runs on the keeper's thread after bytes were erased */
  private void reopen(Runnable erased) {
    vault.archive.close();
    vault.archive = get(Archive.open(vault.vertx, DicomConfig.DEFAULT, vault.folder, vault.index,
        new Listening(erased), 4 << 20));
  }

  private static final class Listening extends SimpleMeterRegistry {
    private final Runnable erased;

    Listening(Runnable erased) {
      this.erased = erased;
    }

    @Override
    protected Counter newCounter(Meter.Id id) {
      Counter counter = super.newCounter(id);
      return id.getName().equals(ArchiveMetrics.ERASED) ? new Told(counter) : counter;
    }

    private final class Told implements Counter {
      private final Counter counter;

      Told(Counter counter) {
        this.counter = counter;
      }

      @Override
      public void increment(double amount) {
        counter.increment(amount);
        erased.run();
      }

      @Override
      public double count() {
        return counter.count();
      }

      @Override
      public Id getId() {
        return counter.getId();
      }
    }
  }
}
