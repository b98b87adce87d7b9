package io.caregrid.dicom.archive;

import static io.caregrid.dicom.Await.get;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.cluster.DicomConfig;
import io.caregrid.dicom.archive.Incoming.Expected;
import io.caregrid.dicom.archive.Incoming.Outcome;
import io.caregrid.store.ImageIndex.Located;
import io.caregrid.store.Schema;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** One bad place on the disk, and what a restart finds: neither may cost more than what lies there. */
@Tag("full")
class DamageIT extends WithVault {
  @Test
  void aDeletedInstanceWithADamagedHeaderStopsNeitherErasingNorTheNextStart() throws IOException {
    List<Located> found = stored(1, 3, 20_000);
    byte[] later = Phantom.image(1, 1, 20_000);
    overwrite(found.get(0), 0 - RecordHeader.BYTES, new byte[4]);
    for (int n : new int[] {0, 1})
      get(vault.archive.delete(Vault.CALLER, Phantom.study(1), null, Phantom.instance(1, n)));

    get(vault.archive.keepNow());

    assertFalse(contains(found.get(1).file(), later), "what was deleted after it is erased");
    vault.reopen();
    assertArrayEquals(Phantom.image(1, 2, 20_000), vault.read(found.get(2)));
    assertEquals(Outcome.STORED, vault.store(Phantom.image(1, 3, 20_000)).outcome());
  }

  @Test
  void aDamagedInstanceStaysWhereItIsWhenItsSegmentIsCopiedTogether() throws IOException {
    List<Located> found = stored(2, 30, 200_000);
    overwrite(found.get(3), 9_000, new byte[] {1, 2, 3, 4});
    for (int n = 0; n < 30; n++)
      if (n % 3 != 0) get(vault.archive.delete(Vault.CALLER, Phantom.study(2), null, Phantom.instance(2, n)));

    for (int again = 0; again < 3; again++) get(vault.archive.keepNow());

    Report report = verify();
    assertEquals(List.of(found.get(3).file() + " at " + found.get(3).offset() + ": the content is damaged"),
        report.first());
    assertEquals(9, report.instances());
    vault.reopen();
    assertArrayEquals(Phantom.image(2, 6, 200_000), vault.read(vault.instances(2).get(2)));
    assertEquals(report.problems(), verify().problems());
  }

  @Test
  void roomOfWhatWasDeletedBeforeARestartIsGivenBack() throws IOException {
    List<Located> found = stored(3, 3, 20_000);
    get(vault.archive.delete(Vault.CALLER, Phantom.study(3), null, null));
    get(vault.archive.keepNow());

    vault.reopen();
    get(vault.archive.keepNow());

    assertFalse(Files.exists(vault.folder.resolve(found.get(0).file())));
  }

  @Test
  void recordsBehindADamagedHeaderAreFoundByARebuild() throws IOException {
    List<Located> found = stored(4, 5, 20_000);
    overwrite(found.get(2), 12 - RecordHeader.BYTES, new byte[8]);

    Report verified = verify();
    vault.archive.close();
    try (
        Vault other = new Vault(
            Vault.database(postgres,
                postgres
                    .createDatabase(Schema.on(postgres.host(), postgres.port(), postgres.user(), postgres.password()))),
            vault.folder.resolveSibling("other"), DicomConfig.DEFAULT, 4 << 20)) {
      Report rebuilt = Rebuild.run(vault.folder, other.index, (bytes, all) -> {});

      assertEquals(4, rebuilt.instances());
      assertEquals(1, rebuilt.problems());
      assertEquals(instances(4, vault).stream().filter(each -> !each.equals(found.get(2).instance())).toList(),
          instances(4, other));
    }
    vault.open();
    assertEquals(4, verified.instances());
    String text = String.join("\n", verified.first());
    assertTrue(text.contains(found.get(2).file() + " at " + found.get(2).offset()
        + ": the index has an instance, the file has not"), text);
  }

  @Test
  void anInstanceLongOnItsWayIsNoProblemAndATornOneIs() throws IOException {
    byte[] large = Phantom.image(5, 1, 6_000_000);
    stored(5, 1, 20_000);
    Incoming incoming = vault.archive.receive();
    List<ByteBuf> pieces = Phantom.pieces(large, 16_000);
    pieces.subList(0, 200).forEach(incoming::write);
    assertEquals(List.of(), verify().first());
    pieces.subList(200, pieces.size()).forEach(incoming::write);
    assertEquals(Outcome.STORED, get(incoming.finish(Expected.ANYTHING)).outcome());

    Located last = vault.instances(5).get(0);
    vault.archive.close();
    Path file = vault.folder.resolve(last.file());
    long size = Files.size(file);
    Files.write(file, new byte[100], StandardOpenOption.APPEND);
    Report report = verify();
    vault.open();

    assertEquals(1, report.problems());
    assertTrue(report.first().get(0).startsWith(last.file() + " at " + size + ": no whole record"), report.toString());
  }

  @Test
  void aFolderStaysLockedWhenThisProcessAsksForItAgain() throws Exception {
    try {
      Rebuild.run(vault.folder, vault.index, (bytes, all) -> {});
    } catch (io.caregrid.cluster.ConfigException inUse) {
      // as it should
    }

    Process other = StoringNode.java(Taker.class, List.of(), Vault.database(postgres, "unused"),
        vault.folder.resolve("w0/writer.lock"));
    assertEquals("taken", new String(other.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.US_ASCII)
        .strip());
  }

  /** A process that says whether a lock is {@code free} or {@code taken}. */
  static final class Taker {
    public static void main(String[] words) throws IOException {
      try (FileChannel channel = FileChannel.open(Path.of(words[5]), StandardOpenOption.WRITE)) {
        System.out.println(channel.tryLock() == null ? "taken" : "free");
      }
    }
  }

  private List<Located> stored(int study, int count, int pixels) {
    for (int n = 0; n < count; n++) vault.store(Phantom.image(study, n, pixels));
    return vault.instances(study);
  }

  private static List<String> instances(int study, Vault in) {
    return in.instances(study).stream().map(Located::instance).sorted().collect(Collectors.toList());
  }

  private Report verify() throws IOException {
    return Verification.run(vault.folder, vault.index, (bytes, all) -> {});
  }

  private boolean contains(String file, byte[] image) throws IOException {
    String needle = new String(image, 5_000, 100, java.nio.charset.StandardCharsets.ISO_8859_1);
    return Files.readString(vault.folder.resolve(file), java.nio.charset.StandardCharsets.ISO_8859_1).contains(needle);
  }

  private void overwrite(Located where, long inside, byte[] bytes) throws IOException {
    try (FileChannel file = FileChannel.open(vault.folder.resolve(where.file()), StandardOpenOption.WRITE)) {
      file.write(ByteBuffer.wrap(bytes), where.offset() + inside);
    }
  }
}
