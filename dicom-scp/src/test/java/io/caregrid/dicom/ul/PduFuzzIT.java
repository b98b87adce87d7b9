package io.caregrid.dicom.ul;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Jazzer looks for bytes that break {@link PduFuzzTest}, a fixed number of times, in a JVM of its own with little memory. */
@Tag("full")
class PduFuzzIT {
  private static final int RUNS = 1_000_000;

  @Test
  void noBytesAreFoundThatBreakTheFramer(@TempDir Path folder) throws Exception {
    Path corpus = Files.createDirectory(folder.resolve("corpus"));
    seed(corpus);
    Path log = Path.of("target", "pdu-fuzz.txt");

    // Jazzer's own watch over Unsafe fails on Netty's use of it
    Process jazzer = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx300m",
        "-Dio.netty.noUnsafe=true",
        "-XX:+EnableDynamicAgentLoading", "-cp", System.getProperty("java.class.path"),
        "com.code_intelligence.jazzer.Jazzer", "--target_class=" + PduFuzzTest.class.getName(),
        "--instrumentation_includes=io.caregrid.dicom.ul.**", "--reproducer_path=" + folder, "-runs=" + RUNS,
        "-seed=20261121", "-max_len=4000", "-artifact_prefix=target/", corpus.toString())
        .redirectErrorStream(true)
        .redirectOutput(log.toFile())
        .start();
    try {
      if (!jazzer.waitFor(10, TimeUnit.MINUTES)) throw new IllegalStateException("fuzzing takes more than ten minutes");
    } finally {
      jazzer.destroyForcibly();
    }

    List<String> said = Files.readAllLines(log);
    assertEquals(0, jazzer.exitValue(), String.join("\n", said.subList(Math.max(0, said.size() - 40), said.size())));
  }

  private static void seed(Path corpus) throws IOException {
    ByteBuf everything = Wire.bytes(new Pdu.AssociateRq(Wire.request().titles(), Pdu.APPLICATION_CONTEXT,
        Wire.request().contexts(), Wire.everything()));
    write(corpus.resolve("request"), everything);
    write(corpus.resolve("acceptance"), Wire.bytes(Wire.acceptance()));
    write(corpus.resolve("rejection"), Wire.bytes(Pdu.AssociateRj.LOCAL_LIMIT));
    write(corpus.resolve("talk"), Unpooled.wrappedBuffer(Wire.bytes(Wire.request()),
        Wire.data(1, true, true, new byte[64]), Wire.data(1, false, true, new byte[200]),
        Wire.bytes(new Pdu.ReleaseRq()), Wire.bytes(Pdu.Abort.BY_USER)));
  }

  private static void write(Path file, ByteBuf bytes) throws IOException {
    byte[] input = new byte[bytes.readableBytes() + 1];
    input[0] = 40;
    bytes.readBytes(input, 1, input.length - 1);
    Files.write(file, input);
  }
}
