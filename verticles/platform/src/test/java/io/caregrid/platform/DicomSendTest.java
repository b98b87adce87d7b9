package io.caregrid.platform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.cluster.DicomConfig;
import io.caregrid.contract.Audit;
import io.caregrid.dicom.archive.Incoming;
import io.caregrid.dicom.archive.InstanceKey;
import io.caregrid.dicom.archive.Refused;
import io.caregrid.dicom.data.Part10;
import io.caregrid.dicom.data.TransferSyntax;
import io.caregrid.dicom.dimse.DicomScpVerticle;
import io.caregrid.engines.OwnPort;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.buffer.ByteBuf;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** {@code caregrid dicom send} and {@code echo}, word for word, against our own DICOM port. */
class DicomSendTest {
  private static final String CT = "1.2.840.10008.5.1.4.1.1.2";
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private final Set<String> kept = ConcurrentHashMap.newKeySet();
  private final Vertx vertx = Vertx.vertx();
  private String node;
  @TempDir
  private Path folder;

  @BeforeEach
  void open() {
    DicomConfig usual = DicomConfig.DEFAULT;
    DicomConfig config = new DicomConfig(usual.host(), 0, usual.aeTitle(), usual.callers(), null, false, 16, 16,
        usual.maxPdu(), usual.maxInstance(), usual.bufferBytes(), usual.workHeapPercent(), usual.artim(), usual.idle(),
        false, Map.of());
    DicomScpVerticle port = new DicomScpVerticle(config, new DicomScpVerticle.Door(config, this::incoming, () -> true,
        Audit.log(), new SimpleMeterRegistry()));
    Await.ready(vertx.deployVerticle(port));
    node = "CAREGRID@127.0.0.1:" + port.port();
  }

  @AfterEach
  void close() {
    Await.closed(vertx.close());
  }

  /** Full for instance 1.2.66. */
  private Incoming incoming() {
    return new Incoming() {
      @Override
      public boolean write(ByteBuf bytes) {
        bytes.release();
        return true;
      }

      @Override
      public Future<Void> drained() {
        return Future.succeededFuture();
      }

      @Override
      public Future<Receipt> finish(Expected expected) {
        if (expected.sopInstance().equals("1.2.66"))
          return Future.failedFuture(new Refused(Refused.Why.OUT_OF_RESOURCES, "the disk is full"));
        kept.add(expected.sopInstance());
        return Future.succeededFuture(new Receipt(Outcome.STORED, new InstanceKey("1.2", "1.3",
            expected.sopInstance()), expected.sopClass(), null));
      }

      @Override
      public void abandon() {}
    };
  }

  @Test
  void anEchoIsAnsweredAndTimed() {
    assertEquals(0, run("echo", "--to", node), err.toString());
    assertTrue(out.toString().matches(node + " answered in [0-9.]+ ms\\R"), out.toString());
  }

  @Test
  void foldersAreSearchedAndWhatIsNoPictureIsPassedOver() throws IOException {
    Path deep = Files.createDirectories(folder.resolve("a").resolve("b"));
    picture(folder.resolve("IM1"), "1.2.1");
    picture(deep.resolve("IM2"), "1.2.2");
    Files.writeString(deep.resolve("readme.txt"), "no picture");

    assertEquals(0, run("send", folder.toString(), folder.resolve("IM1").toString(), "--to", node), err.toString());

    assertEquals(Set.of("1.2.1", "1.2.2"), kept);
    assertTrue(out.toString().contains("100 %"), out.toString());
    assertTrue(out.toString().contains("2 of 2 pictures kept"), out.toString());
    assertTrue(out.toString().contains("1 other files were passed over"), out.toString());
    assertEquals("", err.toString());
  }

  @Test
  void whatIsNotKeptIsNamedAndEndsInOne() throws IOException {
    picture(folder.resolve("IM1"), "1.2.1");
    picture(folder.resolve("IM66"), "1.2.66");

    assertEquals(1, run("send", folder.toString(), "--to", node, "--associations", "2"));

    assertEquals(Set.of("1.2.1"), kept);
    assertEquals(folder.resolve("IM66") + ": status A700, out of resources, \"the disk is full\"", err.toString()
        .strip());
    assertTrue(out.toString().contains("1 of 2 pictures kept"), out.toString());
  }

  /** A file may be called anything: what a terminal would obey is not repeated. */
  @Test
  void redirectedOutputIsLinesWithoutControlCharacters() throws IOException {
    Path pictures = Files.createDirectory(folder.resolve("pictures"));
    for (int n = 0; n < 30; n++) picture(pictures.resolve("IM" + n), "1.2.1" + n);
    picture(pictures.resolve("\033[2JIM66\r"), "1.2.66");
    Path text = Files.writeString(folder.resolve("\033[31mtext"), "no picture");

    assertEquals(1, run("send", pictures.toString(), text.toString(), "--to", node));

    for (String said : new String[] {out.toString(), err.toString()})
      assertTrue(said.lines().noneMatch(line -> line.matches(".*\\p{Cntrl}.*")) && !said.contains("\r"), said);
    assertTrue(out.toString().startsWith("10 %") && out.toString().contains("100 %"), out.toString());
    assertTrue(err.toString().contains("?[2JIM66?: status A700"), err.toString());
    assertTrue(err.toString().contains("?[31mtext: not a picture"), err.toString());
  }

  @Test
  void aNamedFileMustBeThereAndMustBeAPicture() throws IOException {
    Path text = Files.writeString(folder.resolve("text"), "no picture at all");
    Path picture = picture(folder.resolve("IM1"), "1.2.1");

    assertEquals(1, run("send", folder.resolve("none").toString(), text.toString(), picture.toString(), "--to", node));
    assertTrue(err.toString().contains("none: cannot be read: it does not exist"), err.toString());
    assertTrue(err.toString().contains("text: not a picture: not DICOM"), err.toString());
    assertEquals(Set.of("1.2.1"), kept);

    assertEquals(1, run("send", text.toString(), "--to", node));
    assertTrue(err.toString().contains("caregrid: no pictures to send in " + text), err.toString());
  }

  @Test
  void whoDoesNotLetUsInIsSaid() throws IOException {
    Path picture = picture(folder.resolve("IM1"), "1.2.1");
    String other = node.replace("CAREGRID@", "SOMEBODY@");

    assertEquals(1, run("send", picture.toString(), "--to", other));
    assertTrue(err.toString().contains("IM1: not sent: association rejected: called AE title not recognized"),
        err.toString());
    assertEquals(1, run("echo", "--to", other));
    assertTrue(err.toString()
        .contains("caregrid: no echo from " + other
            + ": association rejected: called AE title not recognized"),
        err.toString());
  }

  @Test
  void nobodyListeningIsSaid() throws IOException {
    try (OwnPort nobody = OwnPort.take()) {
      assertEquals(1, run("echo", "--to", "PACS@127.0.0.1:" + nobody.number()));
      assertTrue(err.toString().contains("nobody listens at 127.0.0.1:" + nobody.number()), err.toString());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1:104", "PACS@127.0.0.1", "PACS@:104", "PACS@::1:104", "PACS@host:99999",
    "A_TITLE_OF_17_CHRS@host:104", "A\\B@host:104"})
  void anAddressThatIsNoneIsExplained(String wrong) {
    assertEquals(2, run("echo", "--to", wrong));
    assertTrue(err.toString().contains("AE title has 1 to 16") || err.toString().contains("write it like CAREGRID@"),
        err.toString());
  }

  private static Path picture(Path file, String instance) throws IOException {
    ByteBuffer header = Part10.header(CT, instance, TransferSyntax.EXPLICIT_LE, null);
    byte[] bytes = new byte[header.remaining() + 1000];
    header.get(bytes, 0, header.remaining());
    return Files.write(file, bytes);
  }

  private int run(String command, String... words) {
    String[] all = new String[words.length + 2];
    all[0] = "dicom";
    all[1] = command;
    System.arraycopy(words, 0, all, 2, words.length);
    CommandLine line = Main.commandLine().setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
    return line.execute(all);
  }
}
