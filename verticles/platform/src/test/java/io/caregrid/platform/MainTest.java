package io.caregrid.platform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import io.caregrid.cluster.TlsConfig;
import io.caregrid.engines.OwnPort;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.RandomAccessFile;
import java.io.StringWriter;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class MainTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  @TempDir
  Path temp;

  @ParameterizedTest
  @ValueSource(strings = {"--help", "node --help", "demo --help", "config --help", "send --help", "--version",
    "node --version", "demo --version",
    "config --version", "send --version", "sql --help", "dicom --help", "dicom verify --help", "dicom rebuild --help",
    "dicom send --help", "dicom echo --help", "audit --help", "audit ship --help",
    "mapping --help", "mapping check --help", "mapping preview --help"})
  void everyCommandExplainsItself(String words) {
    assertEquals(0, run(words.split(" ")));
    assertTrue(out.toString().contains(words.endsWith("version") ? "Caregrid" : "Usage: caregrid"), out.toString());
  }

  @Test
  void wrongWordsAreExplainedWithUsage() {
    assertEquals(2, run());
    assertEquals(2, run("nod"));
    assertTrue(err.toString().contains("Did you mean"), err.toString());
  }

  @Test
  void configShowsEveryValueWithItsSourceAndMasksSecrets() throws IOException {
    Path yaml = Files.writeString(temp.resolve("my.yaml"), "http:\n  port: 8081\n");

    assertEquals(0,
        run("config", "--config", yaml.toString(), "--set", "database.password=hunter2", "--set", "shard.batchAge=5s"));
    List<String> lines = out.toString().lines().map(line -> line.replaceAll(" +", " ")).toList();
    assertTrue(lines.contains("http.port = 8081 # " + yaml + " line 2"), out.toString());
    assertTrue(lines.contains("shard.batchAge = 5s # flag --set"), out.toString());
    assertTrue(lines.contains("database.password = ******** # flag --set"), out.toString());
    assertTrue(!out.toString().contains("hunter2"));
  }

  @Test
  void aWrongSettingStopsTheStartWithOneMessage() {
    assertEquals(1, run("node", "--set", "http.prot=1"));
    assertTrue(err.toString().startsWith("caregrid: unknown setting http.prot (flag --set). Did you mean http.port"),
        err.toString());
    assertEquals(1, err.toString().lines().count());
  }

  @Test
  void sendSaysWhenNobodyListensOrTheFileIsMissing() throws IOException {
    Path file = Files.writeString(temp.resolve("one.json"), "{}");
    try (OwnPort nobody = OwnPort.take()) {
      String there = "http://127.0.0.1:" + nobody.number();
      assertEquals(1, run("send", "--to", there, file.toString()));
      assertTrue(err.toString().contains("nobody listens at " + there + "/ingest"), err.toString());
    }
    assertEquals(1, run("send", temp.resolve("none").toString()));
    assertTrue(err.toString().contains("none cannot be read: it does not exist"), err.toString());
  }

  @Test
  void aFileThatIsNotThereIsSaidInWords() {
    assertEquals(1, run("load", temp.resolve("none").toString()));
    assertTrue(err.toString().strip().endsWith("none cannot be loaded: it does not exist"), err.toString());
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1:8080", "nonsense", "ftp://127.0.0.1", "http://", "http://a b"})
  void sendSaysWhatAnAddressLooksLike(String wrong) {
    assertEquals(2, run("send", "--to", wrong, "-"));
    assertTrue(err.toString().startsWith("--to " + wrong + " is not the address of a node"), err.toString());
  }

  @Test
  void sendRefusesWhatNoRequestCanHold() throws IOException {
    Path file = temp.resolve("big.json");
    try (RandomAccessFile big = new RandomAccessFile(file.toFile(), "rw")) {
      big.setLength(50L << 20);
    }

    assertEquals(1, run("send", file.toString()));
    assertTrue(err.toString().contains("big.json is larger than 32 MiB"), err.toString());
    assertEquals(1, err.toString().lines().count());
  }

  @Test
  void aFileInPlaceOfTheDataFolderIsOneMessage() throws IOException {
    Path file = Files.writeString(temp.resolve("data"), "");

    assertEquals(1, run("node", "--dev", "--set", "data=" + file));
    assertTrue(err.toString().contains(file + " cannot be used: it is a file"), err.toString());
    assertEquals(1, err.toString().lines().count());
  }

  @ParameterizedTest
  @CsvSource({"http,", "dicom,", "mqtt,--set mqtt.port=0", "hl7,--set hl7.port=0"})
  @Timeout(value = 180, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void aCertificateThatIsNotThereIsNamedBeforeKafkaIsAsked(String door, String more) throws IOException {
    Path there = Files.writeString(temp.resolve("there.pem"), "");
    Path gone = temp.resolve("gone.pem");
    try (OwnPort nobody = OwnPort.take()) {
      String words = "node --set http.port=0 --set dicom.port=0 --set security.nodeTokens=always --set data="
          + temp.resolve("data") + " --set kafka.bootstrapServers=127.0.0.1:" + nobody.number() + " --set " + door
          + ".tls.cert=" + gone + " --set " + door + ".tls.key=" + there + (more == null ? "" : " " + more);

      assertEquals(1, run(words.split(" ")));
    }
    assertEquals("caregrid: " + door + ".tls.cert names a file that cannot be read: " + gone + ": it does not exist",
        err.toString().strip());
  }

  @Test
  void everyFileOfADoorThatCannotBeReadIsNamed() {
    StartException refused = assertThrows(StartException.class,
        () -> new DoorFiles("http", new TlsConfig(temp.resolve("a"), temp.resolve("b"), temp)).check());

    List<String> lines = refused.getMessage().lines().toList();
    assertEquals(3, lines.size(), refused.getMessage());
    assertTrue(lines.get(1).startsWith("http.tls.key names a file that cannot be read: " + temp.resolve("b")),
        lines.get(1));
    assertTrue(lines.get(2).startsWith("http.tls.clientCa names a file that cannot be read: " + temp + ": "),
        lines.get(2));
  }

  @Test
  void sendKnowsLinesFromADocumentPackedOrNot() throws IOException {
    assertEquals("application/x-ndjson", typeSent("{\"a\":1}\n{\"a\":2}\n", false));
    assertEquals("application/x-ndjson", typeSent("{\"a\":1}\n{\"a\":2}\n", true));
    assertEquals("application/x-ndjson", typeSent("{\"a\":1}\nnope\n", false));
    assertEquals("application/json", typeSent("{\"a\":1}\n", true));
    assertEquals("application/json", typeSent("{\n\"a\":{}}", false));
    assertEquals("application/json", typeSent("[{\"a\":1},\n{\"a\":2}]", true));
  }

  private String typeSent(String text, boolean packed) throws IOException {
    Path file = temp.resolve("input");
    try (OutputStream plain = Files.newOutputStream(file);
        OutputStream to = packed ? new GZIPOutputStream(plain) : plain) {
      to.write(text.getBytes(StandardCharsets.UTF_8));
    }
    AtomicReference<String> type = new AtomicReference<>();
    HttpServer node = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    node.createContext("/ingest", exchange -> {
      type.set(exchange.getRequestHeaders().getFirst("Content-Type"));
      exchange.getRequestBody().readAllBytes();
      exchange.sendResponseHeaders(202, -1);
      exchange.close();
    });
    node.start();
    try {
      assertEquals(0, run("send", "--to", "http://127.0.0.1:" + node.getAddress().getPort(), file.toString()));
    } finally {
      node.stop(0);
    }
    return type.get();
  }

  @Test
  void theDemoNeverEmptiesAFolderThatIsNotItsOwn() throws IOException {
    Path precious = Files.writeString(temp.resolve("thesis.txt"), "years of work");

    assertEquals(1, run("demo", "--fresh", "--data", temp.toString()));
    assertTrue(err.toString().contains("holds something else than a demo"), err.toString());
    assertTrue(Files.exists(precious));
    assertEquals(1, run("demo", "--data", precious.toString()));
    assertTrue(err.toString().contains("is not a folder"), err.toString());
  }

  private int run(String... words) {
    CommandLine line = Main.commandLine();
    return line.setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true)).execute(words);
  }
}
