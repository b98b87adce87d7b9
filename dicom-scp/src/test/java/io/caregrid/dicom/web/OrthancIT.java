package io.caregrid.dicom.web;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.caregrid.cluster.DicomConfig;
import io.caregrid.dicom.data.TransferSyntax;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Debian's Orthanc with its DICOMweb plugin, as a client of ours. Its folder and ports are this test's own. */
@ExtendWith(Engines.class)
@Tag("full")
class OrthancIT {
  private static final Path PROGRAM = Path.of("/usr/sbin/Orthanc");
  private static final Path PLUGIN = Path.of("/usr/share/orthanc/plugins/libOrthancDicomWeb.so");
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final HttpClient CLIENT = HttpClient.newHttpClient();
  private static WebDoor door;
  private static Process orthanc;
  private static int port;

  @BeforeAll
  static void open(LocalPostgres postgres, @TempDir Path folder) throws Exception {
    boolean strict = "true".equals(System.getenv("CAREGRID_STRICT"));
    assumeTrue(strict || Files.exists(PROGRAM) && Files.exists(PLUGIN),
        "skipped: orthanc or orthanc-dicomweb is missing");
    door = new WebDoor(postgres, folder.resolve("ours"), DicomConfig.DEFAULT);
    port = freePort();
    Path config = folder.resolve("orthanc.json");
    JSON.writeValue(config.toFile(), Map.of("Name", "Peer", "StorageDirectory", folder.resolve("theirs").toString(),
        "IndexDirectory", folder.resolve("theirs").toString(), "HttpPort", port, "DicomPort", freePort(), "Plugins",
        new String[] {PLUGIN.toString()}, "AuthenticationEnabled", false, "DicomWeb",
        Map.of("Enable", true, "Servers", Map.of("caregrid", new String[] {door.base() + "/"}))));
    orthanc = new ProcessBuilder(PROGRAM.toString(), config.toString()).redirectErrorStream(true)
        .redirectOutput(Path.of("target", "orthanc.txt").toFile())
        .start();
    await();
  }

  @AfterAll
  static void close() throws InterruptedException {
    if (orthanc != null) {
      orthanc.destroy();
      if (!orthanc.waitFor(10, TimeUnit.SECONDS)) orthanc.destroyForcibly().waitFor();
    }
    if (door != null) door.close();
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  private static void await() throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
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
    assertArrayEquals(Slices.pixels(2, 48), java.util.Arrays.copyOfRange(fetched(Slices.instance(2, 2)),
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
}
