package io.caregrid.platform;

import io.caregrid.cluster.LoadConfig;
import io.caregrid.cluster.NodeConfig;
import io.caregrid.ingest.load.Credentials;
import io.caregrid.ingest.load.DropFolder;
import io.caregrid.ingest.load.Target;
import io.caregrid.store.Lease;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;

/** Where files that somebody lays into a folder are loaded from, into this node or another server. */
final class LoadDoor {
  private LoadDoor() {}

  /** Whether this node has it. */
  static boolean isOn(NodeConfig config) {
    return config.load().folder() != null && config.roles().contains("ingest");
  }

  static void open(Ground ground, StoreRoom store, Callers callers, HttpDoor http) {
    NodeConfig config = ground.config();
    LoadConfig load = config.load();
    URI base = URI.create(load.target().isEmpty() ? http.address() + "/fhir" : load.target());
    boolean own = load.target().isEmpty() || http.isOwn(base);
    if (own) checkOwn(config, callers);
    HttpClient asking = client(load.ca(), own ? config.http().tls().cert() : null);
    Credentials credentials = own ? ofThisNode(config, callers) : Credentials.of(load, asking);
    ground.deploy(new DropFolder(load, name -> new Lease(store.database(), name),
        new Target(base, asking, credentials)));
  }

  private static void checkOwn(NodeConfig config, Callers callers) {
    if (config.http().tls().clientCa() != null)
      throw new StartException(
          "load.folder cannot load into this node, which takes nobody without a client certificate (http.tls.clientCa):"
              + " set load.target to another node");
    if (!config.isOpen() && !callers.hasKey())
      throw new StartException(
          "load.folder needs a token of this node's own: set security.nodeTokens to loopback or always");
    if (config.load().asksForTokens())
      throw new StartException("load.tokenEndpoint is for another server, and load.target is this node");
  }

  /** @param own this node's own certificate, when it is asked; else null */
  private static HttpClient client(Path ca, Path own) {
    HttpClient.Builder client = HttpClient.newBuilder()
        .version(HttpClient.Version.HTTP_1_1)
        .connectTimeout(Duration.ofSeconds(10));
    try {
      return client.sslContext(Trust.of(ca, own)).build();
    } catch (IOException | GeneralSecurityException unusable) {
      throw new StartException("load.ca must be a PEM file with certificates: " + unusable.getMessage(), unusable);
    }
  }

  private static Credentials ofThisNode(NodeConfig config, Callers callers) {
    return config.isOpen()
        ? Credentials.NONE
        : fresh -> callers.token("drop-folder", "FHIR Data Contributor", Duration.ofMinutes(5));
  }
}
