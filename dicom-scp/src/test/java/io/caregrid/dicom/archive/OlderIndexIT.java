package io.caregrid.dicom.archive;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.caregrid.cluster.DicomConfig;
import io.caregrid.dicom.Await;
import io.caregrid.dicom.archive.RecordHeader.State;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.store.ImageIndex.Located;
import io.caregrid.store.Schema;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A node that is started with a database from before its files: the only copy of what was answered is never given up for a row. */
@ExtendWith(Engines.class)
class OlderIndexIT {
  private static final byte[] FIRST = Phantom.image(1, 1, 20_000);
  private static final byte[] SECOND = Phantom.image(Phantom.attributes(1, 1), 99, 24_000);
  private Vault vault;

  @BeforeEach
  void open(LocalPostgres postgres, @TempDir Path folder) {
    vault = new Vault(
        Vault.database(postgres,
            postgres.createDatabase(Schema.on(postgres.host(), postgres.port(), postgres.user(), postgres.password()))),
        folder.resolve("dicom"),
        DicomConfig.DEFAULT, 4 << 20);
  }

  @AfterEach
  void close() {
    vault.close();
  }

  @Test
  void aRowThatPointsToWhatIsErasedIsGivenTheSameBytesThatCameLater() throws IOException {
    Located before = deletedAndSentAgain(FIRST);
    restored(before);

    vault.open();

    assertArrayEquals(FIRST, vault.read(vault.instances(1).get(0)));
    Await.get(vault.archive.keepNow());
    assertEquals(List.of(), verify().first());
  }

  @Test
  void otherBytesThatCameLaterStayUntilTheIndexIsMadeAnew() throws IOException {
    Located before = deletedAndSentAgain(SECOND);
    Located now = vault.instances(1).get(0);
    restored(before);

    vault.open();
    vault.reopen();

    assertEquals(State.LIVE, state(now.file(), now.offset()));
    rebuild();
    assertArrayEquals(SECOND, vault.read(vault.instances(1).get(0)));
    assertEquals(List.of(), verify().first());
  }

  @Test
  void theOnlyCopyOfWhatWasMovedStaysWhenTheIndexIsLost() throws IOException {
    vault.store(FIRST);
    Located from = vault.instances(1).get(0);
    vault.archive.close();
    String copy = written(State.COPY);
    try (Segment segment = Segment.write(vault.folder.resolve(from.file()))) {
      segment.mark(State.DEAD, from.offset() - RecordHeader.BYTES);
      segment.zero(from.offset(), from.length());
    }
    vault.sql("truncate image_instance, image_series, image_study");

    vault.open();
    vault.reopen();

    assertEquals(State.COPY, state(copy, RecordHeader.BYTES));
    rebuild();
    assertArrayEquals(FIRST, vault.read(vault.instances(1).get(0)));
  }

  @Test
  void aSecondCopyOfWhatIsHereWholeIsErased() throws IOException {
    vault.store(FIRST);
    vault.archive.close();
    String second = written(State.LIVE);

    vault.open();

    assertEquals(State.DEAD, state(second, RecordHeader.BYTES));
    assertArrayEquals(FIRST, vault.read(vault.instances(1).get(0)));
    assertEquals(List.of(), verify().first());
  }

  /** @return where it was before */
  private Located deletedAndSentAgain(byte[] again) {
    vault.store(FIRST);
    Located before = vault.instances(1).get(0);
    Await.get(vault.archive.delete(Vault.CALLER, Phantom.study(1), null, before.instance()));
    Await.get(vault.archive.keepNow());
    vault.store(again);
    return before;
  }

  /** The database as it was. */
  private void restored(Located before) throws IOException {
    vault.archive.close();
    vault.sql("truncate image_garbage");
    vault.sql("update image_instance set file = '" + before.file() + "', pos = " + before.offset() + ", length = "
        + before.length() + ", crc = " + before.crc32c() + " where instance = '" + before.instance() + "'");
    Path numbers = vault.folder.resolve("w0/numbers");
    Files.writeString(numbers, "0 " + Files.readString(numbers).strip().split(" ")[1]);
  }

  private void rebuild() throws IOException {
    vault.archive.close();
    Rebuild.run(vault.folder, vault.index, (bytes, all) -> {});
    vault.open();
  }

  /** A file with {@link #FIRST} that nobody has settled. */
  private String written(State state) throws IOException {
    long next = Long.parseLong(Files.readString(vault.folder.resolve("w0/numbers")).strip().split(" ")[1]);
    String file = String.format("w0/%06d/%012d.seg", next / 1024, next);
    Files.createDirectories(vault.folder.resolve(file).getParent());
    CRC32C crc = new CRC32C();
    crc.update(FIRST);
    RecordHeader header = new RecordHeader(state, FIRST.length, (int) crc.getValue(), 1);
    try (Segment segment = Segment.write(Files.createFile(vault.folder.resolve(file)))) {
      segment.append(new ByteBuffer[] {header.bytes(), ByteBuffer.wrap(FIRST)}, RecordHeader.BYTES + FIRST.length);
    }
    return file;
  }

  private State state(String file, long offset) throws IOException {
    try (Segment segment = Segment.read(vault.folder.resolve(file))) {
      return segment.header(offset - RecordHeader.BYTES).state();
    }
  }

  private Report verify() throws IOException {
    return Verification.run(vault.folder, vault.index, (bytes, all) -> {});
  }
}
