package io.caregrid.dicom.dimse;

import static io.caregrid.dicom.Await.get;

import io.caregrid.cluster.DatabaseConfig;
import io.caregrid.cluster.DicomConfig;
import io.caregrid.contract.Audit;
import io.caregrid.dicom.archive.Archive;
import io.caregrid.dicom.archive.Incoming;
import io.caregrid.engines.AskAgain;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.store.Database;
import io.caregrid.store.ImageIndex;
import io.caregrid.store.Schema;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Our DICOM port, open on a free port of this machine: over an archive of its own, or over whatever a test gives. */
final class Port implements AutoCloseable {
  static final DicomConfig DEFAULT = config(List.of(), 512, 64, 131_072, Duration.ofSeconds(60),
      Duration.ofSeconds(180));

  final Vertx vertx;
  final List<String> audited = new CopyOnWriteArrayList<>();
  /** As the trail would keep them. */
  final List<Audit.Entry> entries = new CopyOnWriteArrayList<>();
  final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
  final int number;
  ImageIndex index;
  Archive archive;
  private final Deque<Runnable> closing = new ArrayDeque<>();

  private Port(Vertx vertx, DicomConfig config, Supplier<Incoming> archive, BooleanSupplier hasRoom) {
    this.vertx = vertx;
    closing.push(() -> get(vertx.close()));
    Audit audit = entry -> {
      entries.add(entry);
      audited.add(entry.caller().subject() + " " + entry.deed() + " " + entry.status());
      return Future.succeededFuture();
    };
    DicomScpVerticle.Door door = new DicomScpVerticle.Door(config, archive, hasRoom, audit, metrics);
    DicomScpVerticle[] one = new DicomScpVerticle[1];
    String id = get(vertx.deployVerticle(() -> one[0] = new DicomScpVerticle(config, door),
        new DeploymentOptions().setInstances(2)));
    number = one[0].port();
    closing.push(() -> get(vertx.undeploy(id)));
  }

  static Port of(DicomConfig config, Supplier<Incoming> archive) {
    return new Port(Vertx.vertx(), config, archive, () -> true);
  }

  static Port full(DicomConfig config) {
    return new Port(Vertx.vertx(), config, new Drawer(), () -> false);
  }

  /** With an archive in {@code folder} and a database of its own. */
  static Port open(LocalPostgres postgres, Path folder, DicomConfig config) {
    return open(new DatabaseConfig(postgres.host(), postgres.port(),
        postgres.createDatabase(Schema.on(postgres.host(), postgres.port(), postgres.user(), postgres.password())),
        postgres.user(),
        postgres.password(), 4), folder, config);
  }

  static Port open(DatabaseConfig where, Path folder, DicomConfig config) {
    Vertx vertx = Vertx.vertx();
    Database database = AskAgain.whileBusy(() -> get(Database.open(vertx, where)));
    ImageIndex index = new ImageIndex(database);
    Archive archive = get(Archive.open(vertx, config, folder, index, new SimpleMeterRegistry()));
    Port port = new Port(vertx, config, archive::receive, archive::acceptsMore);
    port.index = index;
    port.archive = archive;
    Runnable undeploy = port.closing.pop();
    port.closing.push(() -> get(database.close()));
    port.closing.push(archive::close);
    port.closing.push(undeploy);
    return port;
  }

  static DicomConfig config(List<String> callers, int associations, int perCaller, int maxPdu, Duration artim,
      Duration idle) {
    DicomConfig usual = DicomConfig.DEFAULT;
    return new DicomConfig(usual.host(), 0, usual.aeTitle(), callers, null, false, associations, perCaller, maxPdu,
        usual.maxInstance(), usual.bufferBytes(), usual.workHeapPercent(), artim, idle, false, Map.of());
  }

  Peer peer() {
    return new Peer("127.0.0.1", number, "CAREGRID", "SENDER", Duration.ofSeconds(120));
  }

  @Override
  public void close() {
    while (!closing.isEmpty()) closing.pop().run();
  }
}
