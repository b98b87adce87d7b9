package io.caregrid.platform;

import io.caregrid.cluster.NodeConfig;
import io.caregrid.engines.FolderLock;
import io.caregrid.store.AuditEvents;
import io.caregrid.store.Database;
import io.caregrid.store.audit.Trail;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The last step before a machine is given away: what its node recorded is in the database, or the exit code says that it is not. */
@Command(name = "ship", description = "Brings to the database what this node recorded and has not brought there itself. The node must not run.", footer = {
  "",
  "Exit code 0: all of it is in the database, and this folder is not needed any more. 1: some is not; it says how much.",
  "The folder is audit.folder, by default 'audit' in 'data'."})
final class AuditShipCommand implements Callable<Integer> {
  @Mixin
  private Settings settings;
  @Option(names = "--seconds", paramLabel = "N", defaultValue = "600", description = "How long it tries, 1..86400. Default: ${DEFAULT-VALUE}")
  private int seconds;
  @Spec
  private CommandSpec spec;

  /** Where a node keeps its trail. */
  static Path folder(NodeConfig config) {
    Path folder = config.audit().folder();
    return (folder == null ? config.data().resolve("audit") : folder).toAbsolutePath();
  }

  @Override
  public Integer call() throws IOException {
    if (seconds < 1 || seconds > 86_400)
      throw new ParameterException(spec.commandLine(), "--seconds must be 1..86400, not " + seconds);
    NodeConfig config = settings.load("default", Map.of()).node();
    Path folder = folder(config);
    if (!Trail.isThere(folder))
      throw new StartException("there is no audit trail in " + folder + ": check audit.folder and data");
    try (FolderLock alone = FolderLock.take(folder, "audit")) {
      return told(ship(config, folder), folder);
    }
  }

  private long ship(NodeConfig config, Path folder) throws IOException {
    Vertx vertx = Vertx.vertx();
    try (Trail trail = Trail.open(folder, config.audit(), config.name(), new SimpleMeterRegistry())) {
      Database database = Await.ready(Databases.open(vertx, config.database()));
      trail.ship(vertx, new AuditEvents(database));
      long left = Await.however(trail.drain(Duration.ofSeconds(seconds)));
      Await.closed(database.close());
      return left;
    } finally {
      Await.closed(vertx.close());
    }
  }

  private int told(long left, Path folder) {
    PrintWriter out = spec.commandLine().getOut();
    if (left == 0) out.println("all that was recorded is in the database: " + folder);
    else
      out.println((left < 0 ? "what was recorded" : left + " bytes of what was recorded")
          + " may not be in the database: keep " + folder + ", and try again");
    out.flush();
    return left == 0 ? 0 : 1;
  }
}
