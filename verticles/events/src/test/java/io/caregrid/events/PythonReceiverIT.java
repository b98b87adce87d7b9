package io.caregrid.events;

import static io.caregrid.events.TellHouse.quick;
import static io.caregrid.events.TellHouse.until;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.caregrid.engines.OwnPort;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The receiver that docs/TELL.md shows, as it stands there. */
class PythonReceiverIT extends Listening {
  @TempDir
  Path folder;

  private static boolean hasPython() throws InterruptedException {
    try {
      return new ProcessBuilder("python3", "-c", "import sys; sys.exit(sys.version_info < (3, 9))").start()
          .waitFor() == 0;
    } catch (IOException missing) {
      return false;
    }
  }

  @Test
  void itTakesWhatIsSignedAndNothingElse() throws Exception {
    assumeTrue(hasPython() || "true".equals(System.getenv("CAREGRID_STRICT")), "skipped: python3 is missing");
    String page = Files.readString(Path.of("../../docs/TELL.md"));
    int begin = page.indexOf("```python\n") + "```python\n".length();
    Path script = Files.writeString(folder.resolve("receiver.py"), page.substring(begin, page.indexOf("```", begin)));
    Path printed = folder.resolve("printed");
    OwnPort port = OwnPort.take();
    ProcessBuilder python = new ProcessBuilder("python3", script.toString()).redirectOutput(printed.toFile())
        .redirectError(folder.resolve("errors").toFile());
    python.environment().putAll(Map.of("SECRET", Receiver.SECRET, "PORT", Integer.toString(port.number())));
    Process process = python.start();
    try {
      String url = "http://127.0.0.1:" + port.number() + "/";
      house.teller(Map.of("targets.mine.kind", "webhook", "targets.mine.url", url, "targets.mine.secret",
          Receiver.SECRET, "targets.other.kind", "webhook", "targets.other.url", url, "targets.other.secret",
          "whsec_QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo="), quick(1_000));
      house.patient("kim", 1);

      until("the signed one is told", () -> house.target("mine").getLong("sent") == 1);
      until("the other one is refused", () -> "HTTP 401".equals(house.target("other").getString("error")));
      String all = Files.readString(printed);
      assertTrue(all.contains("{\"action\":\"Created\",\"resourcetype\":\"Patient\",\"id\":\"kim\""), all);
      assertEquals(1, all.lines().count());
    } finally {
      process.destroyForcibly();
      process.waitFor(20, TimeUnit.SECONDS);
      port.close();
    }
  }
}
