package io.caregrid.dicom.archive;

import static io.caregrid.dicom.Await.get;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.dicom.archive.Incoming.Expected;
import io.caregrid.dicom.archive.Incoming.Outcome;
import io.caregrid.dicom.archive.Incoming.Receipt;
import io.caregrid.dicom.archive.Refused.Why;
import io.caregrid.dicom.data.DataSet;
import io.caregrid.dicom.data.Tag;
import io.caregrid.store.ImageIndex.Located;
import io.vertx.core.Future;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ArchiveIT extends WithVault {
  @Test
  void whatIsStoredIsReadBackByteForByte() {
    byte[] small = Phantom.image(1, 1, 50_000);
    byte[] large = Phantom.image(1, 2, 3_000_001);

    Receipt receipt = vault.store(small);
    vault.store(large);

    assertEquals(new Receipt(Outcome.STORED, new InstanceKey(Phantom.study(1), Phantom.ROOT + "1.1",
        Phantom.instance(1, 1)), Phantom.CT, "PAT-1"), receipt);
    List<Located> found = vault.instances(1);
    assertArrayEquals(small, vault.read(found.get(0)));
    assertArrayEquals(large, vault.read(found.get(1)));
    assertEquals("1.2.840.10008.1.2.1", found.get(0).transferSyntax());
    vault.reopen();
    assertArrayEquals(small, vault.read(found.get(0)));
  }

  @Test
  void manyAtOnceShareSegmentsAndAllAreReadable() {
    List<byte[]> images = IntStream.range(0, 200).mapToObj(n -> Phantom.image(2, n, 40_000 + n)).toList();

    get(Future.all(images.stream().map(image -> vault.storing(image, Expected.ANYTHING)).toList()));

    List<Located> found = vault.instances(2);
    assertEquals(200, found.size());
    assertEquals(2, found.stream().map(Located::file).distinct().count());
    for (Located each : found) {
      int n = Integer.parseInt(each.instance().substring(each.instance().lastIndexOf('.') + 1));
      assertArrayEquals(images.get(n), vault.read(each));
    }
  }

  @Test
  void theSameInstanceAgainIsSameAndOtherBytesAreDifferent() {
    byte[] first = Phantom.image(3, 1, 10_000);
    byte[] other = Phantom.image(Phantom.attributes(3, 1), 99, 10_000);
    vault.store(first);

    assertEquals(Outcome.SAME, vault.store(first).outcome());
    assertEquals(Outcome.DIFFERENT, vault.store(other).outcome());

    assertEquals(1, vault.instances(3).size());
    assertArrayEquals(first, vault.read(vault.instances(3).get(0)));
    assertFalse(onDisk(Arrays.copyOfRange(other, 5_000, 5_100)), "a duplicate's bytes are erased");
    vault.reopen();
    assertEquals(Outcome.SAME, vault.store(first).outcome());
  }

  @Test
  void theSameDataSetFromAnotherSenderIsTheSame() {
    DataSet attributes = Phantom.attributes(77, 1);
    byte[] first = Phantom.image(attributes, 7, 10_000);
    vault.store(first);

    assertEquals(Outcome.SAME, vault.store(Phantom.file(attributes, "ANOTHER_SENDER")).outcome());

    assertEquals(1, vault.instances(77).size());
    assertArrayEquals(first, vault.read(vault.instances(77).get(0)));
  }

  @Test
  void twoSendersOfOneInstanceAtOnceStoreItOnce() {
    for (int pixels : new int[] {10_000, 1_500_000})
      for (int n = 0; n < 20; n++) {
        byte[] image = Phantom.image(4 + pixels, n, pixels);
        List<Future<Receipt>> both = List.of(vault.storing(image, Expected.ANYTHING),
            vault.storing(image, Expected.ANYTHING));
        get(Future.all(both));

        List<Outcome> outcomes = both.stream().map(each -> each.result().outcome()).sorted().toList();
        assertEquals(List.of(Outcome.STORED, Outcome.SAME), outcomes);
        assertArrayEquals(image, vault.read(vault.instances(4 + pixels).get(n)));
      }
  }

  @Test
  void badInstancesAreRefusedWithTheTagAndNothingIsKept() {
    byte[] good = Phantom.image(5, 1, 1_000);

    assertEquals(Why.NOT_DICOM, vault.refused(Arrays.copyOf(good, good.length - 10), Expected.ANYTHING).why);
    assertEquals(Why.NOT_DICOM, vault.refused("not a picture at all, whatever".getBytes(StandardCharsets.US_ASCII),
        Expected.ANYTHING).why);
    assertEquals(Why.NOT_DICOM, vault.refused(new byte[0], Expected.ANYTHING).why);
    Refused noStudy = vault.refused(Phantom.file(Phantom.attributes(5, 1).remove(Tag.STUDY_INSTANCE_UID)),
        Expected.ANYTHING);
    assertEquals(Why.INVALID, noStudy.why);
    assertEquals("(0020,000D) is missing", noStudy.getMessage());
    assertEquals(Why.INVALID, vault.refused(Phantom.file(Phantom.attributes(5, 1)
        .putText(Tag.SERIES_INSTANCE_UID, "1.2/3")), Expected.ANYTHING).why);
    assertEquals(Why.INVALID, vault.refused(Phantom.file(Phantom.attributes(5, 1)
        .putText(Tag.SOP_INSTANCE_UID, "1".repeat(65))), Expected.ANYTHING).why);
    assertEquals(Why.MISMATCH, vault.refused(good, new Expected(Phantom.CT, "1.2.3", null)).why);
    assertEquals(Why.MISMATCH, vault.refused(good, new Expected("1.2.3", Phantom.instance(5, 1), null)).why);
    assertEquals(Why.OTHER_STUDY, vault.refused(good, new Expected(null, null, "1.2.3")).why);
    byte[] large = Phantom.image(5, 2, 2_000_000);
    assertEquals(Why.NOT_DICOM, vault.refused(Arrays.copyOf(large, 1_900_000), Expected.ANYTHING).why);

    assertEquals(List.of(), vault.instances(5));
    assertFalse(onDisk(Arrays.copyOfRange(large, 5_000, 5_100)));
  }

  @Test
  void aModalityMayLeaveThePatientOutAndTheWebMayNot() {
    byte[] file = Phantom.file(Phantom.attributes(6, 1).remove(Tag.PATIENT_ID));

    assertEquals("(0010,0020) is missing", vault.refused(file, Expected.ANYTHING).getMessage());
    assertEquals(Outcome.STORED,
        get(vault.storing(file, new Expected(Phantom.CT, Phantom.instance(6, 1), null))).outcome());
  }

  @Test
  void whatIsDeletedIsGoneFromIndexAndDisk() {
    byte[] small = Phantom.image(7, 1, 20_000);
    byte[] stays = Phantom.image(7, 2, 20_000);
    byte[] large = Phantom.image(7, 3, 2_000_000);
    for (byte[] each : List.of(small, stays, large)) vault.store(each);
    List<Located> found = vault.instances(7);

    for (Located each : List.of(found.get(0), found.get(2)))
      assertTrue(get(vault.archive.delete(Vault.CALLER, each.study(), each.series(), each.instance())));
    assertFalse(get(vault.archive.delete(Vault.CALLER, Phantom.study(7), "1.2.3", null)));
    get(vault.archive.keepNow());

    assertFalse(onDisk(Arrays.copyOfRange(small, 5_000, 5_100)));
    assertFalse(onDisk(Arrays.copyOfRange(large, 5_000, 5_100)));
    assertFalse(Files.exists(vault.folder.resolve(found.get(2).file())));
    vault.reopen();
    // where it lies may change at any moment: its segment is more than half dead
    assertEquals(List.of(Phantom.instance(7, 2)), vault.instances(7).stream().map(Located::instance).toList());
    assertArrayEquals(stays, vault.read(found.get(1)));
  }

  @Test
  void anImageBeingReadIsErasedOnlyAfterwards() throws Exception {
    byte[] image = Phantom.image(8, 1, 20_000);
    vault.store(image);
    Located where = vault.instances(8).get(0);

    try (Opened opened = get(vault.archive.open(where))) {
      get(vault.archive.delete(Vault.CALLER, Phantom.study(8), null, null));
      get(vault.archive.keepNow());
      java.nio.ByteBuffer bytes = java.nio.ByteBuffer.allocate((int) opened.length());
      opened.source().read(0, bytes);
      assertArrayEquals(image, bytes.array());
    }
    get(vault.archive.keepNow());

    assertFalse(onDisk(Arrays.copyOfRange(image, 5_000, 5_100)));
  }

  @Test
  void segmentsMoreThanHalfDeadAreCopiedTogether() {
    List<byte[]> images = new ArrayList<>();
    for (int n = 0; n < 60; n++) {
      images.add(Phantom.image(9, n, 200_000));
      vault.store(images.get(n));
    }
    List<Located> before = vault.instances(9);
    for (int n = 0; n < 60; n++)
      if (n % 3 != 0) get(vault.archive.delete(Vault.CALLER, Phantom.study(9), null, Phantom.instance(9, n)));
    get(vault.archive.keepNow());
    get(vault.archive.keepNow());

    List<Located> after = vault.instances(9);
    assertEquals(20, after.size());
    assertFalse(Files.exists(vault.folder.resolve(before.get(0).file())), "the old segment is removed");
    for (int n = 0; n < 20; n++) {
      assertArrayEquals(images.get(3 * n), vault.read(after.get(n)));
      assertArrayEquals(images.get(3 * n), vault.read(before.get(3 * n)), "an old place leads to the new one");
    }
    vault.reopen();
    assertArrayEquals(images.get(0), vault.read(vault.instances(9).get(0)));
  }

  /** Whether these bytes stand in any file of the archive. */
  private boolean onDisk(byte[] wanted) {
    String needle = new String(wanted, StandardCharsets.ISO_8859_1);
    try (var files = Files.walk(vault.folder)) {
      for (Path file : files.filter(Files::isRegularFile).toList())
        if (new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1).contains(needle)) return true;
      return false;
    } catch (java.io.IOException failed) {
      throw new AssertionError(failed);
    }
  }
}
