package io.caregrid.dicom.archive;

import static io.caregrid.dicom.Await.get;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.dicom.archive.Incoming.Expected;
import io.caregrid.dicom.archive.Incoming.Outcome;
import io.caregrid.dicom.archive.Refused.Why;
import io.caregrid.dicom.data.DataSet;
import io.caregrid.dicom.data.Part10;
import io.caregrid.dicom.data.TransferSyntax;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.store.ImageIndex.Entry;
import io.caregrid.store.ImageIndex.Known;
import io.caregrid.store.ImageIndex.Located;
import io.caregrid.store.ImageTags.Listed;
import io.caregrid.store.Schema;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Who sends again what is here hears success only when a whole copy is here afterwards. */
@ExtendWith(Engines.class)
class DuplicatesIT {
  private static final int SUCCESS = 0;
  private static final int FAILED = 0x0110;
  private static final int TIMES = 10;

  private StoringNode node;
  private Vault vault;

  @BeforeEach
  void open(LocalPostgres postgres, @TempDir Path folder) {
    node = new StoringNode(
        Vault.database(postgres,
            postgres.createDatabase(Schema.on(postgres.host(), postgres.port(), postgres.user(), postgres.password()))),
        folder.resolve("dicom"),
        StoringNode.config(64 << 20), 4 << 20);
    vault = node.vault;
  }

  @AfterEach
  void close() {
    node.close();
  }

  @Test
  void sentAgainAnInstanceWithADamagedByteIsWholeAgain() throws IOException {
    byte[] image = Phantom.image(1, 1, 20_000);
    Located damaged = stored(image);
    overwrite(damaged, 9_000, new byte[] {1, 2, 3, 4});

    try (Modality modality = new Modality(node.dicom)) {
      assertEquals(SUCCESS, modality.store(Phantom.instance(1, 1), image));
    }

    assertHealed(image, damaged);
    assertEquals(Outcome.SAME, vault.store(image).outcome());
  }

  @Test
  void sentAgainAnInstanceWithADamagedHeaderIsWholeAgain() throws IOException {
    byte[] image = Phantom.image(1, 1, 20_000);
    Located damaged = stored(image);
    overwrite(damaged, 0 - RecordHeader.BYTES, new byte[4]);

    assertEquals(Outcome.SAME, vault.store(image).outcome());

    assertArrayEquals(image, vault.read(vault.instances(1).get(0)));
  }

  @Test
  void sentAgainAnInstanceWhoseFileEndsTooEarlyOrIsGoneIsWholeAgain() throws IOException {
    for (int pixels : new int[] {20_000, 1_500_000}) {
      byte[] image = Phantom.image(pixels, 1, pixels);
      vault.store(image);
      Located damaged = vault.instances(pixels).get(0);
      try (FileChannel file = FileChannel.open(vault.folder.resolve(damaged.file()), StandardOpenOption.WRITE)) {
        file.truncate(damaged.offset() + 5_000);
      }
      assertEquals(Outcome.SAME, vault.store(image).outcome());
      assertArrayEquals(image, vault.read(vault.instances(pixels).get(0)));
      vault.reopen();
      for (int round = 0; round < 2; round++) get(vault.archive.keepNow()); // what is to be moved lies where it stays
      Located again = vault.instances(pixels).get(0);
      Files.delete(vault.folder.resolve(again.file()));

      assertEquals(Outcome.SAME, vault.store(image).outcome());

      assertArrayEquals(image, vault.read(vault.instances(pixels).get(0)));
    }
    vault.reopen();
    assertArrayEquals(Phantom.image(1_500_000, 1, 1_500_000), vault.read(vault.instances(1_500_000).get(0)));
  }

  @Test
  void theSameDataSetFromAnotherSenderHealsToo() throws IOException {
    DataSet attributes = Phantom.attributes(1, 1);
    Located damaged = stored(Phantom.image(attributes, 7, 20_000));
    overwrite(damaged, 9_000, new byte[] {1, 2, 3, 4});
    byte[] again = Phantom.file(attributes, "ANOTHER_SENDER");

    assertEquals(Outcome.SAME, vault.store(again).outcome());

    assertHealed(again, damaged);
  }

  @Test
  @Tag("full")
  void aDamagedInstanceIsNotReplacedByOtherContentAndItsSenderHearsOfAFailure() throws IOException {
    Located damaged = stored(Phantom.image(1, 1, 20_000));
    overwrite(damaged, 9_000, new byte[] {1, 2, 3, 4});
    byte[] other = Phantom.image(Phantom.attributes(1, 1), 99, 20_000);

    try (Modality modality = new Modality(node.dicom)) {
      assertEquals(FAILED, modality.store(Phantom.instance(1, 1), other));
    }
    assertEquals(Why.FAILED, vault.refused(other, Expected.ANYTHING).why);

    assertEquals(List.of(damaged), vault.instances(1));
    Report report = Verification.run(vault.folder, vault.index, (bytes, all) -> {});
    assertEquals(List.of(damaged.file() + " at " + damaged.offset() + ": the content is damaged"), report.first());
  }

  @Test
  void whatCannotBeComparedIsNoSuccess() throws IOException {
    DataSet attributes = Phantom.attributes(1, 1);
    byte[] first = Phantom.image(attributes, 7, 20_000);
    Located damaged = stored(first);
    int header = Part10.header(Phantom.CT, damaged.instance(), TransferSyntax.EXPLICIT_LE, "TEST").remaining();
    overwrite(damaged, 128, new byte[header - 128]);

    assertEquals(Why.FAILED, vault.refused(Phantom.file(attributes, "ANOTHER_SENDER"), Expected.ANYTHING).why);
    assertEquals(Outcome.SAME, vault.store(first).outcome());

    assertHealed(first, damaged);
  }

  @Test
  void twoWhoSendItAgainAtOnceHealItOnce() throws IOException {
    for (int n = 0; n < 10; n++) {
      byte[] image = Phantom.image(2, n, 20_000);
      vault.store(image);
      Located damaged = vault.instances(2).get(n);
      overwrite(damaged, 9_000, new byte[] {1, 2, 3, 4});
      var one = vault.storing(image, Expected.ANYTHING);
      var two = vault.storing(image, Expected.ANYTHING);

      assertEquals(List.of(Outcome.SAME, Outcome.SAME), List.of(get(one).outcome(), get(two).outcome()));

      assertArrayEquals(image, vault.read(vault.instances(2).get(n)));
    }
    get(vault.archive.keepNow());
    assertSound();
  }

  /** Another process keeps it, and erases it at one time or another while we look. */
  @Test
  @Tag("full")
  void whatIsErasedWhileItIsComparedIsNotTakenForOtherContent() throws IOException {
    try (Shelf shelf = Shelf.open(vault.folder)) {
      Duplicates duplicates = new Duplicates(shelf, vault.index, died -> {});
      List<String> answers = new ArrayList<>();
      for (int n = 0; n < TIMES; n++) {
        byte[] image = Phantom.image(1, n, 20_000_000);
        vault.store(image);
        Entry mine = written(shelf, image);
        Known there = get(vault.index.add(List.of(mine))).get(0);
        long began = System.nanoTime();
        assertTrue(duplicates.isSame(mine.located(), there.place()));
        long took = System.nanoTime() - began;
        get(vault.index.remove(Phantom.study(1), null, Phantom.instance(1, n)));

        long at = System.nanoTime() + took * n / TIMES;
        CompletableFuture<String> answer = CompletableFuture
            .supplyAsync(() -> duplicates.settle(mine, there, true).outcome().name())
            .exceptionally(refused -> refused.getCause().getMessage());
        while (System.nanoTime() < at) Thread.onSpinWait();
        get(vault.archive.keepNow());

        answers.add(answer.join());
      }
      assertTrue(List.of("STORED", "SAME").containsAll(answers), answers.toString());
    }
  }

  private static Entry written(Shelf shelf, byte[] image) throws IOException {
    CRC32C crc = new CRC32C();
    crc.update(image);
    RecordHeader header = new RecordHeader(RecordHeader.State.LIVE, image.length, (int) crc.getValue(), 1);
    String file = shelf.create();
    try (Segment segment = Segment.write(shelf.path(file))) {
      segment.append(new ByteBuffer[] {header.bytes(), ByteBuffer.wrap(image)}, RecordHeader.BYTES + image.length);
      return Recovery.entry(shelf.id(), file, segment, segment.scan().records().get(0), Listed.UNREAD);
    }
  }

  private Located stored(byte[] image) {
    vault.store(image);
    return vault.instances(1).get(0);
  }

  private void assertHealed(byte[] image, Located damaged) throws IOException {
    Located now = vault.instances(1).get(0);
    assertNotEquals(damaged.offset(), now.offset());
    assertArrayEquals(image, vault.read(now));
    get(vault.archive.keepNow());
    assertSound();
    vault.reopen();
    assertArrayEquals(image, vault.read(vault.instances(1).get(0)));
  }

  private void assertSound() throws IOException {
    assertEquals(List.of(), Verification.run(vault.folder, vault.index, (bytes, all) -> {}).first());
  }

  private void overwrite(Located where, long inside, byte[] bytes) throws IOException {
    try (FileChannel file = FileChannel.open(vault.folder.resolve(where.file()), StandardOpenOption.WRITE)) {
      file.write(ByteBuffer.wrap(bytes), where.offset() + inside);
    }
  }
}
