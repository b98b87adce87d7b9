package io.caregrid.dicom.archive;

import static io.caregrid.dicom.Await.get;

import io.caregrid.cluster.DatabaseConfig;
import io.caregrid.cluster.DicomConfig;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Doorman;
import io.caregrid.contract.Failure;
import io.caregrid.contract.Gate;
import io.caregrid.dicom.dimse.DicomScpVerticle;
import io.caregrid.dicom.web.DicomWebVerticle;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.DeploymentOptions;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

/** An archive with its doors open, C-STORE and DICOMweb; in this process, or in one of its own that a test may kill. */
final class StoringNode implements AutoCloseable {
  private static final int INSTANCES = 2;

  final Vault vault;
  final int dicom;
  final int web;

  StoringNode(DatabaseConfig database, Path folder, DicomConfig config, long segmentBytes) {
    vault = new Vault(database, folder, config, segmentBytes);
    dicom = dicom(config);
    DicomWebVerticle pages = new DicomWebVerticle(vault.vertx, vault.archive, vault.index, Audit.log(), config,
        folder.resolveSibling(folder.getFileName() + "-scratch"));
    get(vault.vertx.deployVerticle(pages));
    Router router = Router.router(vault.vertx);
    router.route().handler(Gate.kept(Doorman.OPEN, Audit.log()));
    pages.mount(router);
    router.route().last().failureHandler(StoringNode::refuse);
    web = get(vault.vertx.createHttpServer().requestHandler(router).listen(0, "127.0.0.1")).actualPort();
  }

  /** As the house's HTTP server does it. */
  private static void refuse(RoutingContext routing) {
    int status = routing.failure() instanceof Failure failure ? failure.status : Math.max(routing.statusCode(), 500);
    routing.response().setStatusCode(status).end();
  }

  private int dicom(DicomConfig config) {
    DicomScpVerticle.Door door = new DicomScpVerticle.Door(config, vault.archive::receive, vault.archive::acceptsMore,
        Audit.log(), new SimpleMeterRegistry());
    List<DicomScpVerticle> scps = new CopyOnWriteArrayList<>();
    get(vault.vertx.deployVerticle(() -> {
      DicomScpVerticle scp = new DicomScpVerticle(config, door);
      scps.add(scp);
      return scp;
    }, new DeploymentOptions().setInstances(INSTANCES)));
    return scps.get(0).port();
  }

  /** @param bufferBytes memory for pictures, and the room on disk below which nothing is taken */
  static DicomConfig config(int bufferBytes) {
    DicomConfig d = DicomConfig.DEFAULT;
    return new DicomConfig(d.host(), 0, d.aeTitle(), d.callers(), d.folder(), d.shared(), d.associations(),
        d.perCaller(), d.maxPdu(), d.maxInstance(), bufferBytes, d.workHeapPercent(), d.artim(), d.idle(),
        d.privateClasses(), Map.of());
  }

  /** A JVM with its main class, on the class path of this one; its errors are ours. */
  static Process java(Class<?> main, List<String> options, DatabaseConfig database, Path folder, String... words)
      throws IOException {
    return java(List.of(), main, options, database, folder, words);
  }

  /** @param under a command that runs the JVM */
  static Process java(List<String> under, Class<?> main, List<String> options, DatabaseConfig database, Path folder,
      String... words) throws IOException {
    List<String> command = new ArrayList<>(under);
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(options);
    Collections.addAll(command, "-cp", System.getProperty("java.class.path"), main.getName());
    Collections.addAll(command, database.host(), String.valueOf(database.port()), database.database(), database.user(),
        database.password(), folder.toString());
    Collections.addAll(command, words);
    return new ProcessBuilder(command).redirectError(new File("/dev/stderr")).start();
  }

  /** The first words of a process that {@link #java} started. */
  static DatabaseConfig database(String[] words) {
    return new DatabaseConfig(words[0], Integer.parseInt(words[1]), words[2], words[3], words[4], 4);
  }

  /**
   * Says {@code port N}, then for each line {@code study n} of its input {@code deleted n} when that instance is deleted.
   *
   * @param words see {@link #java}; the last is the segments' size
   */
  public static void main(String[] words) throws IOException {
    StoringNode node = new StoringNode(database(words), Path.of(words[5]), config(64 << 20), Long.parseLong(words[6]));
    say("port " + node.dicom);
    BufferedReader orders = new BufferedReader(new InputStreamReader(System.in));
    for (String order = orders.readLine(); order != null; order = orders.readLine()) {
      int study = Integer.parseInt(order.split(" ")[0]);
      int n = Integer.parseInt(order.split(" ")[1]);
      node.vault.archive.delete(Vault.CALLER, Phantom.study(study), null, Phantom.instance(study, n))
          .onSuccess(gone -> say("deleted " + n))
          .onFailure(failed -> say("failed " + failed));
    }
  }

  private static synchronized void say(String line) {
    System.out.println(line);
    System.out.flush();
  }

  @Override
  public void close() {
    vault.close();
  }
}
