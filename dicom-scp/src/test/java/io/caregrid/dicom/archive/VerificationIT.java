package io.caregrid.dicom.archive;

import static io.caregrid.dicom.Await.get;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.cluster.ConfigException;
import io.caregrid.cluster.DicomConfig;
import io.caregrid.dicom.archive.Incoming.Expected;
import io.caregrid.dicom.archive.Incoming.Outcome;
import io.caregrid.store.ImageIndex.Located;
import io.caregrid.store.ImageQuery;
import io.caregrid.store.Schema;
import io.vertx.core.Future;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class VerificationIT extends WithVault {
  private Report verify() throws IOException {
    return Verification.run(vault.folder, vault.index, (bytes, all) -> {});
  }

  private List<Located> stored(int study, int count, int pixels) {
    for (int n = 0; n < count; n++) vault.store(Phantom.image(study, n, pixels));
    return vault.instances(study);
  }

  @Test
  void aSoundArchiveHasNoProblemsWhileANodeWorksInIt() throws IOException {
    List<Future<?>> storing = new ArrayList<>();
    for (int n = 0; n < 300; n++) storing.add(vault.storing(Phantom.image(1, n, 30_000), Expected.ANYTHING));

    Report during = verify();
    get(Future.all(storing));
    Report after = verify();

    assertEquals(List.of(), during.first());
    assertEquals(new Report(after.files(), 300, after.bytes(), 0, 0, List.of()), after);
    assertTrue(after.bytes() > 300 * 30_000);
  }

  @Test
  @Tag("full")
  void aFlippedByteALostFileAndAMissingRowAreEachNamed() throws IOException {
    List<Located> small = stored(2, 3, 20_000);
    List<Located> large = stored(3, 1, 1_500_000);
    overwrite(small.get(1), 9_000, new byte[] {1, 2, 3, 4});
    Files.delete(vault.folder.resolve(large.get(0).file()));
    get(vault.index.files().forget(small.get(0).node(), 1));

    Report report = verify();

    assertEquals(3, report.problems());
    String text = String.join("\n", report.first());
    assertTrue(text.contains(small.get(1).file() + " at " + small.get(1).offset() + ": the content is damaged"), text);
    assertTrue(text.contains(large.get(0).file() + " at 64: the index has an instance, the file has not"), text);
    assertTrue(text.contains("the file has an instance, the index has not"), text);
  }

  @Test
  void theIndexIsMadeAnewFromTheFilesAndDeletedStaysDeleted() throws IOException {
    stored(4, 30, 20_000);
    stored(5, 2, 1_500_000);
    byte[] image = Phantom.image(4, 7, 20_000);
    get(vault.archive.delete(Vault.CALLER, Phantom.study(4), null, Phantom.instance(4, 3)));
    get(vault.archive.keepNow());
    List<Located> before = vault.instances(4);
    Path folder = vault.folder;
    vault.archive.close();

    try (
        Vault other = new Vault(
            Vault.database(postgres,
                postgres
                    .createDatabase(Schema.on(postgres.host(), postgres.port(), postgres.user(), postgres.password()))),
            folder.resolveSibling("other"),
            DicomConfig.DEFAULT, 4 << 20)) {
      Report rebuilt = Rebuild.run(folder, other.index, (bytes, all) -> {});

      assertEquals(31, rebuilt.instances());
      assertEquals(List.of(), rebuilt.first());
      assertEquals(Set.copyOf(before), Set.copyOf(get(other.index.instances(Phantom.study(4), null, null))));
      assertEquals(attributes(vault), attributes(other));
      assertEquals(31, Rebuild.run(folder, other.index, (bytes, all) -> {}).instances());
      assertEquals(List.of(), Verification.run(folder, other.index, (bytes, all) -> {}).first());
    }
    vault.open();
    Located found = vault.instances(4)
        .stream()
        .filter(each -> each.instance().equals(Phantom.instance(4, 7)))
        .findAny()
        .orElseThrow();
    assertArrayEquals(image, vault.read(found));
  }

  /** All that can be searched, of all levels. */
  private static Set<String> attributes(Vault of) {
    return get(of.index.search(new ImageQuery(ImageQuery.Level.INSTANCE, List.of(), false, 1000, 0))).stream()
        .map(found -> found.merged().toString())
        .collect(Collectors.toSet());
  }

  @Test
  void aFolderInUseIsNotRebuilt() {
    ConfigException refused = assertThrows(ConfigException.class,
        () -> Rebuild.run(vault.folder, vault.index, (bytes, all) -> {}));

    assertTrue(refused.getMessage().contains("in use"), refused.getMessage());
    assertThrows(ConfigException.class,
        () -> Verification.run(vault.folder.resolve("none"), vault.index, (bytes, all) -> {}));
  }

  @Test
  @Tag("full")
  void noNodeStartsWhileTheIndexIsMadeAnew() throws IOException {
    stored(4, 3, 20_000);
    vault.archive.close();
    List<Throwable> refused = new ArrayList<>();

    Report rebuilt = Rebuild.run(vault.folder, vault.index, (bytes, all) -> {
      try {
        vault.open();
        vault.store(Phantom.image(4, 9, 20_000));
      } catch (RuntimeException no) {
        refused.add(no);
      }
    });

    assertEquals(List.of(ConfigException.class), refused.stream().map(Object::getClass).toList());
    assertEquals(3, rebuilt.instances());
    vault.open();
    assertEquals(3, vault.instances(4).size());
  }

  @Test
  void aStartAddsWhatWasOnItsWayAndCutsWhatIsTorn() throws IOException {
    List<Located> found = stored(6, 4, 20_000);
    vault.archive.close();
    get(vault.index.files().forget(found.get(0).node(), 1));
    Path file = vault.folder.resolve(found.get(0).file());
    Path numbers = vault.folder.resolve("w0/numbers");
    Files.writeString(numbers, "0 " + Files.readString(numbers).split(" ")[1]);
    long size = Files.size(file);
    ByteBuffer torn = ByteBuffer.allocate(100);
    new RecordHeader(RecordHeader.State.LIVE, 5_000, 1, 1).put(torn);
    Files.write(file, torn.array(), StandardOpenOption.APPEND);

    vault.open();

    assertEquals(size, Files.size(file));
    assertEquals(4, vault.instances(6).size());
    assertEquals(List.of(), verify().first());
    assertEquals(Outcome.SAME, vault.store(Phantom.image(6, 0, 20_000)).outcome());
  }

  @Test
  void aCopyLeftByACrashTakesOverOrIsNoInstance() throws IOException {
    List<Located> found = stored(7, 2, 20_000);
    byte[] first = Phantom.image(7, 0, 20_000);
    get(vault.archive.delete(Vault.CALLER, Phantom.study(7), null, Phantom.instance(7, 1)));
    vault.archive.close();
    Path numbers = vault.folder.resolve("w0/numbers");
    long next = Long.parseLong(Files.readString(numbers).strip().split(" ")[1]);
    String copies = String.format("w0/%06d/%012d.seg", next / 1024, next);
    Files.createDirectories(vault.folder.resolve(copies).getParent());
    try (Segment segment = Segment.write(Files.createFile(vault.folder.resolve(copies)))) {
      for (byte[] content : List.of(first, Phantom.image(7, 1, 20_000))) append(segment, content);
    }

    vault.open();

    Located now = vault.instances(7).get(0);
    assertEquals(1, vault.instances(7).size());
    assertEquals(copies, now.file());
    assertArrayEquals(first, vault.read(now));
    Report report = verify();
    assertEquals(List.of(), report.first());
    assertEquals(1, report.instances());
    assertFalse(found.get(0).file().equals(copies));
  }

  private static void append(Segment segment, byte[] content) throws IOException {
    java.util.zip.CRC32C crc = new java.util.zip.CRC32C();
    crc.update(content);
    RecordHeader header = new RecordHeader(RecordHeader.State.COPY, content.length, (int) crc.getValue(), 1);
    segment.append(new ByteBuffer[] {header.bytes(), ByteBuffer.wrap(content)},
        RecordHeader.BYTES + content.length);
  }

  private void overwrite(Located where, long inside, byte[] bytes) throws IOException {
    try (FileChannel file = FileChannel.open(vault.folder.resolve(where.file()), StandardOpenOption.WRITE)) {
      file.write(ByteBuffer.wrap(bytes), where.offset() + inside);
    }
  }
}
