package io.caregrid.perf.dicom;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.engines.LocalPostgres;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/**
 * Orthanc as Debian packages it, with its own defaults but for the number of threads. Each file is synced before its answer (SyncStorageArea); its index,
 * SQLite in WAL mode with synchronous=NORMAL, is not: after a power cut the last answered pictures may be missing from it. With its PostgreSQL plugin the
 * index is synced too, as ours is, on a server with the same settings as ours.
 */
final class Orthanc implements Archive {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String AE = "ORTHANC";
  static final String ON_SQLITE = "orthanc (files synced)";
  static final String ON_POSTGRES = "orthanc on PostgreSQL (both synced)";
  /** Its default of 4 would let 4 associations send and the others wait. */
  private static final int THREADS = 16;
  static final String PLUGIN = "/usr/share/orthanc/plugins/libOrthancPostgreSQLIndex.so";
  private final LocalPostgres postgresOrNull;
  private final Process process;
  private final InetSocketAddress address;
  private final int httpPort;
  private final int sample;

  private Orthanc(LocalPostgres postgresOrNull, Process process, InetSocketAddress address, int httpPort, int sample) {
    this.postgresOrNull = postgresOrNull;
    this.process = process;
    this.address = address;
    this.httpPort = httpPort;
    this.sample = sample;
  }

  static Orthanc onSqlite(Path folder, int sample) throws IOException {
    return start(folder, sample, null);
  }

  static Orthanc onPostgres(Path folder, int sample) throws IOException {
    LocalPostgres postgres = LocalPostgres.start(folder.resolve("postgres"), 0);
    try {
      return start(folder, sample, postgres);
    } catch (IOException | RuntimeException failed) {
      postgres.close();
      throw failed;
    }
  }

  private static Orthanc start(Path folder, int sample, LocalPostgres postgresOrNull) throws IOException {
    int port = Children.freePort();
    int httpPort = Children.freePort();
    ObjectNode config = JSON.createObjectNode().put("Name", AE).put("DicomAet", AE);
    config.put("DicomPort", port).put("HttpPort", httpPort);
    config.put("StorageDirectory", folder.resolve("storage").toString());
    config.put("IndexDirectory", folder.resolve("index").toString());
    config.put("RemoteAccessAllowed", false).put("AuthenticationEnabled", false);
    config.put("DicomAlwaysAllowStore", true).put("DicomCheckCalledAet", false);
    config.put("DicomThreadsCount", THREADS);
    if (postgresOrNull != null) indexOn(postgresOrNull, config);
    Path file = folder.resolve("orthanc.json");
    Files.write(file, JSON.writeValueAsBytes(config));
    Process process = Children.start(folder, List.of("Orthanc", file.toString()));
    InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    Children.await(process, address);
    Children.await(process, new InetSocketAddress(InetAddress.getLoopbackAddress(), httpPort));
    return new Orthanc(postgresOrNull, process, address, httpPort, sample);
  }

  private static void indexOn(LocalPostgres postgres, ObjectNode config) {
    config.putArray("Plugins").add(PLUGIN);
    config.putObject("PostgreSQL")
        .put("EnableIndex", true)
        .put("EnableStorage", false)
        .put("Host", postgres.host())
        .put("Port", postgres.port())
        .put("Database", postgres.createDatabase())
        .put("Username", postgres.user())
        .put("Password", postgres.password())
        .put("Lock", false);
  }

  @Override
  public String name() {
    return postgresOrNull == null ? ON_SQLITE : ON_POSTGRES;
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
    return Children.cpuSeconds(process.pid())
        + (postgresOrNull == null ? 0 : Children.cpuSeconds(postgresOrNull.postmaster()));
  }

  @Override
  public String check(Load load, long stored) throws IOException, InterruptedException {
    long there = JSON.readTree(get("/statistics")).path("CountInstances").asLong(-1);
    if (there != stored) throw new IllegalStateException("Orthanc has " + there + " instances of " + stored);
    return load.compare(sample, name -> get("/instances/" + id(name) + "/file")) + " equal; " + there
        + " in its index";
  }

  private byte[] get(String path) throws IOException, InterruptedException {
    return Children.get(URI.create("http://127.0.0.1:" + httpPort + path), "*/*");
  }

  /** How Orthanc names an instance: SHA-1 of the four identifiers, in five groups. */
  private static String id(PictureName name) {
    String all = String.join("|", Phantom.PATIENT, name.study(), name.series(), name.instance());
    try {
      byte[] digest = MessageDigest.getInstance("SHA-1").digest(all.getBytes(StandardCharsets.US_ASCII));
      return HexFormat.of().formatHex(digest).replaceAll("(.{8})(?!$)", "$1-");
    } catch (NoSuchAlgorithmException impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  @Override
  public void close() throws IOException {
    Children.stop(process);
    if (postgresOrNull != null) postgresOrNull.close();
  }
}
