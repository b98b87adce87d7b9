package io.caregrid.dicom.archive;

import static io.caregrid.dicom.Await.get;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.dicom.archive.Incoming.Expected;
import io.caregrid.dicom.archive.Incoming.Outcome;
import io.caregrid.dicom.archive.Refused.Why;
import io.caregrid.dicom.data.DataSet;
import io.caregrid.dicom.data.DataSetWriter;
import io.caregrid.dicom.data.Element;
import io.caregrid.dicom.data.Part10;
import io.caregrid.dicom.data.Tag;
import io.caregrid.dicom.data.TransferSyntax;
import io.caregrid.dicom.data.Value;
import io.caregrid.dicom.data.Vr;
import io.vertx.core.Future;
import java.io.ByteArrayOutputStream;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Instances that come deflated (PS3.5 A.5), good ones and those that inflate to far more than they are. */
class DeflatedIT extends WithVault {
  private static byte[] deflated(DataSet set) {
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    file.writeBytes(Part10.header(Phantom.CT, set.text(Tag.SOP_INSTANCE_UID), TransferSyntax.DEFLATED_LE, "TEST")
        .array());
    file.writeBytes(DataSetWriter.bytes(set, TransferSyntax.DEFLATED_LE));
    return file.toByteArray();
  }

  private static byte[] image(int n, int pixels) {
    byte[] noise = new byte[pixels];
    new Random(n).nextBytes(noise);
    return deflated(Phantom.attributes(1, n).put(new Element(Tag.PIXEL_DATA, Vr.OB, new Value.Bytes(noise))));
  }

  @Test
  void deflatedInstancesAreStoredAsTheyCame() {
    byte[] small = image(1, 50_000);
    byte[] large = image(2, 3_000_000);

    for (byte[] file : List.of(small, large)) {
      assertEquals(Outcome.STORED, vault.store(file).outcome());
      assertEquals(Outcome.SAME, vault.store(file).outcome());
    }
    assertArrayEquals(small, vault.read(vault.instances(1).get(0)));
    assertArrayEquals(large, vault.read(vault.instances(1).get(1)));
    assertEquals(TransferSyntax.DEFLATED_LE.uid(), vault.instances(1).get(1).transferSyntax());
  }

  @Test
  @org.junit.jupiter.api.Tag("full")
  void manyBombsAreRefusedAndKeepNobodyWaiting() {
    DataSet set = Phantom.attributes(2, 1);
    set.put(new Element(0x00291010, Vr.OB, new Value.Bytes(new byte[80 << 20])));
    byte[] bomb = deflated(set);
    assertTrue(bomb.length < Archive.SMALL, "small: " + bomb.length);

    List<Future<Throwable>> bombs = IntStream.range(0, 40)
        .mapToObj(n -> vault.storing(bomb, Expected.ANYTHING)
            .<Throwable>transform(done -> Future.succeededFuture(done.cause())))
        .toList();
    assertEquals(Outcome.STORED, vault.store(Phantom.image(3, 1, 50_000)).outcome());
    assertTrue(bombs.stream().anyMatch(each -> !each.isComplete()), "a plain one overtakes them");

    for (Future<Throwable> each : bombs) assertEquals(Why.TOO_LARGE, ((Refused) get(each)).why);
    assertEquals(List.of(), vault.instances(2));
  }
}
