package io.caregrid.perf.dicom;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Orthanc as Debian packages it, with its own defaults but for the number of threads: every file is synced (SyncStorageArea), the index is SQLite. */
final class Orthanc implements Archive {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String AE = "ORTHANC";
  /** Its default of 4 would let 4 associations send and the others wait. */
  private static final int THREADS = 16;
  private final Process process;
  private final InetSocketAddress address;
  private final int httpPort;
  private final HttpClient http = HttpClient.newHttpClient();

  private Orthanc(Process process, InetSocketAddress address, int httpPort) {
    this.process = process;
    this.address = address;
    this.httpPort = httpPort;
  }

  static Orthanc start(Path folder) throws IOException {
    int port = Children.freePort();
    int httpPort = Children.freePort();
    ObjectNode config = JSON.createObjectNode().put("Name", AE).put("DicomAet", AE);
    config.put("DicomPort", port).put("HttpPort", httpPort);
    config.put("StorageDirectory", folder.resolve("storage").toString());
    config.put("IndexDirectory", folder.resolve("index").toString());
    config.put("RemoteAccessAllowed", false).put("AuthenticationEnabled", false);
    config.put("DicomAlwaysAllowStore", true).put("DicomCheckCalledAet", false);
    config.put("DicomThreadsCount", THREADS);
    Path file = folder.resolve("orthanc.json");
    Files.write(file, JSON.writeValueAsBytes(config));
    Process process = Children.start(folder, List.of("Orthanc", file.toString()));
    InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    Children.await(process, address);
    Children.await(process, new InetSocketAddress(InetAddress.getLoopbackAddress(), httpPort));
    return new Orthanc(process, address, httpPort);
  }

  @Override
  public String name() {
    return "orthanc (files synced)";
  }

  @Override
  public InetSocketAddress address() {
    return address;
  }

  @Override
  public String aeTitle() {
    return AE;
  }

  @Override
  public double cpuSeconds() {
    return Children.cpuSeconds(process.pid());
  }

  @Override
  public String check(Load load, long stored) throws IOException, InterruptedException {
    URI statistics = URI.create("http://127.0.0.1:" + httpPort + "/statistics");
    HttpResponse<byte[]> answer = http.send(HttpRequest.newBuilder(statistics).build(),
        HttpResponse.BodyHandlers.ofByteArray());
    long there = JSON.readTree(answer.body()).path("CountInstances").asLong(-1);
    if (there != stored) throw new IllegalStateException("Orthanc has " + there + " instances of " + stored);
    return there + " instances in its index";
  }

  @Override
  public void close() throws IOException {
    Children.stop(process);
  }
}
