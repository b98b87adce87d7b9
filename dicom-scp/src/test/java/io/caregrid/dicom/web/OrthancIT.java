package io.caregrid.dicom.web;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.caregrid.cluster.DicomConfig;
import io.caregrid.contract.Audit;
import io.caregrid.dicom.Await;
import io.caregrid.dicom.data.DataSet;
import io.caregrid.dicom.data.DataSetReader;
import io.caregrid.dicom.data.DataSetWriter;
import io.caregrid.dicom.data.Limits;
import io.caregrid.dicom.data.Part10;
import io.caregrid.dicom.data.Source;
import io.caregrid.dicom.data.TransferSyntax;
import io.caregrid.dicom.dimse.DicomScpVerticle;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.engines.OwnPort;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Debian's Orthanc with its DICOMweb plugin, as a client of ours, by DICOMweb and by C-STORE. Its folder and ports are this test's own. */
@ExtendWith(Engines.class)
@Tag("full")
class OrthancIT {
  private static final Path PROGRAM = Path.of("/usr/sbin/Orthanc");
  private static final Path PLUGIN = Path.of("/usr/share/orthanc/plugins/libOrthancDicomWeb.so");
  private static final Path PYDICOM = Path.of("/usr/lib/python3/dist-packages/pydicom/data/test_files");
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final HttpClient CLIENT = HttpClient.newHttpClient();
  private static WebDoor door;
  private static final OwnPort web = OwnPort.take();
  private static final OwnPort dimse = OwnPort.take();
  private static Process orthanc;
  private static int port;

  @BeforeAll
  static void open(LocalPostgres postgres, @TempDir Path folder) throws Exception {
    boolean strict = "true".equals(System.getenv("CAREGRID_STRICT"));
    assumeTrue(strict || Files.exists(PROGRAM) && Files.exists(PLUGIN),
        "skipped: orthanc or orthanc-dicomweb is missing");
    door = new WebDoor(postgres, folder.resolve("ours"), DicomConfig.DEFAULT);
    port = web.number();
    Path config = folder.resolve("orthanc.json");
    JSON.writeValue(config.toFile(), Map.of("Name", "Peer", "StorageDirectory", folder.resolve("theirs").toString(),
        "IndexDirectory", folder.resolve("theirs").toString(), "HttpPort", port, "DicomPort", dimse.number(), "Plugins",
        new String[] {PLUGIN.toString()}, "AuthenticationEnabled", false, "KeepAlive", false, "DicomWeb",
        Map.of("Enable", true, "Servers", Map.of("caregrid", new String[] {door.base() + "/"}))));
    orthanc = new ProcessBuilder(PROGRAM.toString(), config.toString()).redirectErrorStream(true)
        .redirectOutput(Path.of("target", "orthanc.txt").toFile())
        .start();
    await();
    DicomScpVerticle.Door ours = new DicomScpVerticle.Door(WebDoor.SMALL, door.archive::receive,
        door.archive::acceptsMore, Audit.log(), new SimpleMeterRegistry());
    DicomScpVerticle scp = new DicomScpVerticle(WebDoor.SMALL, ours);
    Await.get(door.vertx.deployVerticle(scp));
    ask(HttpRequest.newBuilder()
        .PUT(BodyPublishers.ofByteArray(
            JSON.writeValueAsBytes(Map.of("AET", "CAREGRID", "Host", "127.0.0.1", "Port", scp.port())))),
        "/modalities/caregrid");
  }

  @AfterAll
  static void close() throws InterruptedException {
    if (orthanc != null) {
      orthanc.destroy();
      if (!orthanc.waitFor(60, TimeUnit.SECONDS)) orthanc.destroyForcibly().waitFor();
    }
    if (door != null) door.close();
    web.close();
    dimse.close();
  }

  private static void await() throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(120);
    while (true) {
      try {
        ask(HttpRequest.newBuilder().GET(), "/system");
        return;
      } catch (IOException notYet) {
        assertTrue(orthanc.isAlive(), "Orthanc has ended; target/orthanc.txt says why");
        assertTrue(System.nanoTime() < deadline, "Orthanc does not answer");
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
      }
    }
  }

  private static byte[] ask(HttpRequest.Builder request, String path) throws IOException, InterruptedException {
    HttpResponse<byte[]> answer = CLIENT.send(request.uri(URI.create("http://127.0.0.1:" + port + path)).build(),
        BodyHandlers.ofByteArray());
    assertEquals(200, answer.statusCode(), () -> path + " " + new String(answer.body()));
    return answer.body();
  }

  private static JsonNode get(String path) throws IOException, InterruptedException {
    return JSON.readTree(ask(HttpRequest.newBuilder().GET(), path));
  }

  private static JsonNode post(String path, Object body) throws IOException, InterruptedException {
    return JSON
        .readTree(ask(HttpRequest.newBuilder().POST(BodyPublishers.ofByteArray(JSON.writeValueAsBytes(body))), path));
  }

  private static JsonNode upload(byte[] file) throws IOException, InterruptedException {
    return JSON.readTree(ask(HttpRequest.newBuilder().POST(BodyPublishers.ofByteArray(file)), "/instances"));
  }

  @Test
  void itSendsUsAStudyAndWeGiveTheSameBytesBack() throws Exception {
    byte[][] files = {Slices.file(1, 1), Slices.file(1, 2), Slices.file(1, 3)};
    String study = null;
    for (byte[] file : files) study = upload(file).get("ParentStudy").asText();

    post("/dicom-web/servers/caregrid/stow", Map.of("Resources", new String[] {study}, "Synchronous", true));

    for (int n = 1; n <= files.length; n++)
      assertArrayEquals(files[n - 1],
          door.get(Slices.path(1, n), "Accept", "application/dicom; transfer-syntax=*").body());
  }

  @Test
  void itFetchesAStudyFromUsAsItIs() throws Exception {
    byte[] plain = Slices.file(2, 1);
    byte[] implicit = Slices.file(Slices.picture(2, 2, 16, 3), TransferSyntax.IMPLICIT_LE);
    assertEquals(200, door.post("/studies", "multipart/related; type=\"application/dicom\"; boundary=b",
        Slices.multipart("b", plain, implicit)).statusCode());

    post("/dicom-web/servers/caregrid/retrieve",
        Map.of("Resources", new Object[] {Map.of("Study", Slices.study(2))}, "Synchronous", true));

    assertArrayEquals(plain, fetched(Slices.instance(2, 1)));
    assertArrayEquals(Slices.pixels(2, 48), Arrays.copyOfRange(fetched(Slices.instance(2, 2)),
        fetched(Slices.instance(2, 2)).length - 48 * Slices.COLUMNS, fetched(Slices.instance(2, 2)).length));
  }

  private static byte[] fetched(String instance) throws IOException, InterruptedException {
    JsonNode found = JSON
        .readTree(ask(HttpRequest.newBuilder().POST(BodyPublishers.ofString(instance)), "/tools/lookup"));
    return ask(HttpRequest.newBuilder().GET(), "/instances/" + found.get(0).get("ID").asText() + "/file");
  }

  @Test
  void itSearchesAmongOurStudies() throws Exception {
    door.post("/studies", "application/dicom", Slices.file(3, 1));

    JsonNode found = post("/dicom-web/servers/caregrid/qido",
        Map.of("Uri", "/studies", "Arguments", Map.of("00100020", "W-3"), "Synchronous", true));

    assertEquals(1, found.size());
    assertEquals(Slices.study(3), found.get(0).at("/0020000D/Value").asText(), found::toString);
  }

  @Test
  void itSendsUsAStudyByCStoreAndNoBitOfADataSetChanges() throws Exception {
    byte[][] files = {Slices.file(4, 1), Slices.file(Slices.picture(4, 2, 16, 3), TransferSyntax.IMPLICIT_LE),
      Slices.file(Slices.picture(4, 3, 16, 1))};
    String study = null;
    for (byte[] file : files) study = upload(file).get("ParentStudy").asText();
    post("/modalities/caregrid/echo", Map.of());

    JsonNode sent = post("/modalities/caregrid/store",
        Map.of("Resources", new String[] {study}, "Synchronous", true));

    assertEquals(files.length, sent.path("InstancesCount").asInt(), sent::toString);
    assertEquals(0, sent.path("FailedInstancesCount").asInt(), sent::toString);
    for (int n = 1; n <= files.length; n++) assertSameDataSet(files[n - 1], kept(Slices.path(4, n)));
  }

  /** Pictures of Debian's pydicom, as their devices compressed them. Orthanc leaves out retired group lengths and padding behind the last element. */
  @ParameterizedTest
  @ValueSource(strings = {"MR_small_RLE.dcm", "JPEG2000.dcm", "SC_rgb_jpeg_dcmtk.dcm", "JPEG-lossy.dcm"})
  void itSendsUsWhatIsCompressedByCStoreWithTheSamePixelsAndAttributes(String name) throws Exception {
    Path file = PYDICOM.resolve(name);
    assumeTrue(Files.exists(file) || "true".equals(System.getenv("CAREGRID_STRICT")), "skipped: no python3-pydicom");
    byte[] bytes = Files.readAllBytes(file);
    String id = upload(bytes).get("ID").asText();

    JsonNode sent = post("/modalities/caregrid/store", Map.of("Resources", new String[] {id}, "Synchronous", true));

    assertEquals(0, sent.path("FailedInstancesCount").asInt(), sent::toString);
    JsonNode tags = get("/instances/" + id + "/simplified-tags");
    byte[] here = kept("/studies/" + tags.get("StudyInstanceUID").asText() + "/series/"
        + tags.get("SeriesInstanceUID").asText() + "/instances/" + tags.get("SOPInstanceUID").asText());
    assertArrayEquals(withoutPadding(bytes), withoutPadding(here));
  }

  private static byte[] kept(String path) throws IOException, InterruptedException {
    return door.get(path, "Accept", "application/dicom; transfer-syntax=*").body();
  }

  /** Transfer syntax and every byte behind group 2, which names who sent it. */
  private static void assertSameDataSet(byte[] sent, byte[] here) {
    Part10 left = Part10.read(Source.of(ByteBuffer.wrap(sent)));
    Part10 right = Part10.read(Source.of(ByteBuffer.wrap(here)));
    assertEquals(left.syntax().uid(), right.syntax().uid());
    assertArrayEquals(Arrays.copyOfRange(sent, (int) left.body(), sent.length),
        Arrays.copyOfRange(here, (int) right.body(), here.length));
  }

  /** The data set written anew in its own transfer syntax, which leaves group lengths out too. */
  private static byte[] withoutPadding(byte[] file) {
    Source source = Source.of(ByteBuffer.wrap(file));
    Part10 part = Part10.read(source);
    DataSet set = DataSetReader.read(source, part.body(), file.length, part.syntax(), Limits.WHOLE);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(part.syntax().uid().getBytes(StandardCharsets.US_ASCII));
    DataSetWriter.write(set.remove(io.caregrid.dicom.data.Tag.DATA_SET_TRAILING_PADDING), part.syntax(), source, out);
    return out.toByteArray();
  }
}
