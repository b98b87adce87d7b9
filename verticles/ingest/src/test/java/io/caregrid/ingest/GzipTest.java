package io.caregrid.ingest;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.caregrid.contract.Failure;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;

class GzipTest {
  @Test
  void whatWasPackedComesOutUpToTheLimit() throws IOException {
    byte[] plain = noise(1000);

    assertArrayEquals(plain, Gzip.unpack(pack(plain), 1000));
    assertThrows(Failure.TooLarge.class, () -> Gzip.unpack(pack(plain), 999));
  }

  @Test
  void severalMembersAreOneBody() throws IOException {
    byte[] twice = Arrays.copyOf(pack(new byte[] {'{'}), pack(new byte[] {'{'}).length * 2);
    byte[] second = pack(new byte[] {'}'});
    System.arraycopy(second, 0, twice, twice.length - second.length, second.length);

    assertEquals("{}", new String(Gzip.unpack(twice, 10)));
  }

  @Test
  void cutAnywhereItIsRefused() throws IOException {
    byte[] packed = pack(noise(200));

    for (int length = 0; length < packed.length; length++) {
      byte[] cut = Arrays.copyOf(packed, length);
      assertThrows(Failure.Invalid.class, () -> Gzip.unpack(cut, 1000), "cut after " + length);
    }
  }

  @Test
  void aFlippedByteIsNoticed() throws IOException {
    byte[] packed = pack(noise(200));
    packed[packed.length / 2] ^= 1;

    assertThrows(Failure.Invalid.class, () -> Gzip.unpack(packed, 1000));
  }

  static byte[] pack(byte[] plain) throws IOException {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
      out.write(plain);
    }
    return packed.toByteArray();
  }

  private static byte[] noise(int bytes) {
    byte[] noise = new byte[bytes];
    new Random(7).nextBytes(noise);
    return noise;
  }
}
