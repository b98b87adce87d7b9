package io.caregrid.dicom.web;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Answers that wait for their clients. */
class SpoolTest {
  private static final int MEMORY = 1 << 20;
  @TempDir
  Path folder;

  private static byte[] noise(int length) {
    byte[] noise = new byte[length];
    new Random(length).nextBytes(noise);
    return noise;
  }

  private static byte[] read(Spool spool, int from, int to) throws IOException {
    byte[] bytes = new byte[to - from];
    spool.read(from, ByteBuffer.wrap(bytes));
    return bytes;
  }

  private long files() throws IOException {
    try (Stream<Path> all = Files.list(folder)) {
      return all.count();
    }
  }

  @Test
  void whatGoesInComesOutWhateverItsLength() throws Exception {
    Spools spools = new Spools(folder, MEMORY);
    for (int length : new int[] {0, 1, 32_767, 32_768, 32_769, 262_144, 262_145, 300_000, 1_000_001}) {
      byte[] noise = noise(length);
      try (Spool spool = Spool.of(spools, out -> {
        for (int at = 0; at < length; at += 7001) out.write(noise, at, Math.min(7001, length - at));
      })) {
        assertEquals(length, spool.size());
        assertEquals(length <= 262_144, spool.isInMemory(), length + " bytes");
        assertArrayEquals(noise, read(spool, 0, length));
        assertArrayEquals(java.util.Arrays.copyOfRange(noise, length / 3, length), read(spool, length / 3, length));
        assertThrows(IOException.class, () -> read(spool, 0, length + 1));
      }
    }
    assertEquals(0, files());
    assertTrue(spools.takeMemory(MEMORY), "all is given back");
    assertTrue(spools.takeDisk(Spools.DISK_BYTES), "all is given back");
  }

  @Test
  void whenMemoryIsTakenFilesAreUsedAndWhenTheyAreTakenThereIsAnEnd() throws Exception {
    Spools spools = new Spools(folder, 64 << 10);
    try (Spool first = Spool.of(spools, out -> out.write(noise(64 << 10)));
        Spool second = Spool.of(spools, out -> out.write(noise(100)))) {
      assertTrue(first.isInMemory());
      assertFalse(second.isInMemory());
      assertArrayEquals(noise(100), read(second, 0, 100));
      assertTrue(spools.takeDisk(Spools.DISK_BYTES - (32 << 10)));
      assertThrows(io.caregrid.contract.Failure.Busy.class, () -> Spool.of(spools, out -> out.write(1)));
    }
    assertEquals(0, files());
  }

  @Test
  void whatFailsHalfWayAndWhatAnotherProcessLeftIsRemoved() throws Exception {
    Files.createFile(folder.resolve("answer-left"));
    Spools spools = new Spools(folder, MEMORY);

    assertThrows(IOException.class, () -> Spool.of(spools, out -> {
      out.write(noise(1 << 20));
      throw new IOException();
    }));

    assertEquals(0, files());
    assertTrue(spools.takeMemory(MEMORY));
  }
}
