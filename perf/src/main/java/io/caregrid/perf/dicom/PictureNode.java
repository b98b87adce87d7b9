package io.caregrid.perf.dicom;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.cluster.Configuration;
import io.caregrid.cluster.NodeConfig;
import io.caregrid.dicom.archive.Report;
import io.caregrid.dicom.archive.Verification;
import io.caregrid.platform.Platform;
import io.caregrid.store.Database;
import io.caregrid.store.ImageIndex;
import io.vertx.core.Vertx;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/**
 * The process of our node: {@code caregrid node --dev}, all roles and every other setting as it is shipped. It tells its ports in one line, verifies its
 * archive when it is asked to, and stops when its standard input ends.
 */
final class PictureNode {
  private static final ObjectMapper JSON = new ObjectMapper();

  private PictureNode() {}

  /** @param args the data folder */
  public static void main(String[] args) throws IOException {
    NodeConfig config = Configuration.defaults()
        .withFlags(List.of("data=" + args[0], "cluster.port=0", "http.port=0", "dicom.port=0"))
        .node();
    BufferedReader orders = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
    try (Platform platform = Platform.start(config, true, step -> {})) {
      String dicom = platform.dicom();
      ObjectNode ready = JSON.createObjectNode().put("web", platform.http() + "/dicom-web");
      ready.put("dicom", Integer.parseInt(dicom.substring(dicom.lastIndexOf(':') + 1)));
      System.out.println(Caregrid.READY + ready);
      for (String order = orders.readLine(); order != null; order = orders.readLine())
        System.out.println(Caregrid.VERIFIED + verify(platform.config()));
    }
    System.exit(0);
  }

  private static ObjectNode verify(NodeConfig config) throws IOException {
    Vertx vertx = Vertx.vertx();
    try {
      Database database = await(Database.open(vertx, config.database()));
      Report report = Verification.run(Path.of(config.data().toString(), "dicom"), new ImageIndex(database),
          (bytes, all) -> {});
      await(database.close());
      return JSON.createObjectNode()
          .put("files", report.files())
          .put("instances", report.instances())
          .put("problems", report.problems());
    } finally {
      await(vertx.close());
    }
  }

  private static <T> T await(io.vertx.core.Future<T> future) {
    return future.toCompletionStage().toCompletableFuture().join();
  }
}
