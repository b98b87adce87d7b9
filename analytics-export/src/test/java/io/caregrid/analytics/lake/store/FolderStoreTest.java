package io.caregrid.analytics.lake.store;

import static io.caregrid.analytics.lake.store.ObjectStoreTest.text;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a folder can do to us: be full, have leftovers and strangers in it, lose its writer. */
class FolderStoreTest {
  @TempDir
  private Path folder;

  @Test
  void aFullDiskLeavesNoObjectAndNoLitter() throws Exception {
    boolean mounted = run("mount", "-t", "tmpfs", "-o", "size=1m", "caregrid-test", folder.toString());
    if ("true".equals(System.getenv("CAREGRID_STRICT"))) assertTrue(mounted, "only root may mount a small disk");
    assumeTrue(mounted, "only root may mount a small disk");
    try {
      FolderStore store = new FolderStore(folder.resolve("lake"));
      store.put("t/small", text("old"));

      assertThrows(IOException.class, () -> store.putIfAbsent("t/large", new byte[2_000_000]));
      assertThrows(IOException.class, () -> store.put("t/small", new byte[2_000_000]));
      Path large = Files.createTempFile("large", null);
      Files.write(large, new byte[2_000_000]);
      assertThrows(IOException.class, () -> store.put("t/large", large));
      Files.delete(large);

      assertNull(store.head("t/large"));
      assertEquals("old", text(store.get("t/small")));
      assertEquals(List.of(), parts());
      assertTrue(store.putIfAbsent("t/large", new byte[500_000]), "its room is free again");
    } finally {
      run("umount", "-l", folder.toString());
    }
  }

  @Test
  void whatAKilledProcessLeftIsNoObjectAndGoesWhenItIsOld() throws IOException {
    new FolderStore(folder.resolve("lake"));
    Path old = Files.writeString(folder.resolve("lake/.parts/old"), "half");
    Path young = Files.writeString(folder.resolve("lake/.parts/young"), "half");
    Files.setLastModifiedTime(old, FileTime.from(Instant.now().minus(Duration.ofDays(2))));

    FolderStore store = new FolderStore(folder.resolve("lake"));

    assertFalse(Files.exists(old));
    assertTrue(Files.exists(young), "another node may be writing it");
    assertEquals(List.of(), store.list("", "", 10));
  }

  @Test
  void strangersInTheFolderAreNoObjects() throws IOException {
    FolderStore store = new FolderStore(folder.resolve("lake"));
    store.put("t/a", text("x"));
    Files.writeString(folder.resolve("lake/t/.a.crc"), "hadoop's");
    Files.writeString(folder.resolve("lake/t/a copy"), "somebody's");

    assertEquals(List.of("t/a"), store.list("", "", 10).stream().map(ObjectStore.Entry::name).toList());
  }

  @Test
  void twoStoresOnOneFolderSeeTheSame() throws IOException {
    FolderStore one = new FolderStore(folder.resolve("lake"));
    FolderStore two = new FolderStore(folder.resolve("lake"));

    assertTrue(one.putIfAbsent("heads/1.json", text("one")));

    assertFalse(two.putIfAbsent("heads/1.json", text("two")));
    assertEquals("one", text(two.get("heads/1.json")));
  }

  @Test
  void whatWasPutCannotBeChangedThroughTheFileItCameFrom() throws IOException {
    FolderStore store = new FolderStore(folder.resolve("lake"));
    Path file = Files.writeString(folder.resolve("scratch"), "content");
    store.put("t/a", file);

    Files.writeString(file, "CHANGED");

    assertEquals("content", text(store.get("t/a")));
  }

  @Test
  void aFolderThatIsGoneIsNoEmptyLake() throws IOException {
    FolderStore store = new FolderStore(folder.resolve("lake"));
    store.put("t/a", text("x"));
    Files.move(folder.resolve("lake"), folder.resolve("unmounted"));
    Files.createDirectory(folder.resolve("lake"));

    assertThrows(IOException.class, () -> store.get("t/a"));
    assertThrows(IOException.class, () -> store.get("t/a", 0, 1));
    assertThrows(IOException.class, () -> store.head("t/a"));
    assertThrows(IOException.class, () -> store.list("t/", "", 1));
    assertThrows(IOException.class, () -> store.list("", "", 1));
    assertThrows(IOException.class, () -> store.putIfAbsent("t/a", text("y")));
    assertThrows(IOException.class, () -> store.delete("t/a"));
  }

  private List<Path> parts() throws IOException {
    try (var left = Files.list(folder.resolve("lake/.parts"))) {
      return left.toList();
    }
  }

  private static boolean run(String... command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start();
    return process.waitFor(60, TimeUnit.SECONDS) && process.exitValue() == 0;
  }
}
