package io.caregrid.engines;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FoldersTest {
  /** A server that is ending removes files of its own; and of two that start, both remove what a third has left. */
  @Test
  void aFolderIsRemovedWhileSomebodyElseRemovesIt(@TempDir Path temp) throws Exception {
    for (int times = 0; times < 10; times++) {
      Path folder = temp.resolve("left" + times);
      for (int n = 0; n < 200; n++) file(folder.resolve("data/" + n % 20 + "/" + n));

      CompletableFuture<Void> other = CompletableFuture.runAsync(() -> Folders.remove(folder));
      Folders.remove(folder);

      other.get(120, TimeUnit.SECONDS);
      assertTrue(Files.notExists(folder));
    }
  }

  private static void file(Path path) throws IOException {
    Files.createDirectories(path.getParent());
    Files.writeString(path, "x");
  }
}
