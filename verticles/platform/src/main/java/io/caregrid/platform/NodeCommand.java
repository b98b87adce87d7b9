package io.caregrid.platform;

import io.caregrid.cluster.NodeConfig;
import java.io.PrintWriter;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Runs one node until it is told to stop. */
@Command(name = "node", description = "Runs one node until Ctrl-C or SIGTERM. It needs a PostgreSQL and a Kafka, or --dev.")
final class NodeCommand implements Runnable {
  /** Its Kafka is its own, so nobody has to grant a topic. */
  private static final Map<String, String> DEV = Map.of("hl7.http", "true");
  @Mixin
  private Settings settings;
  @Option(names = "--dev", description = "Bring PostgreSQL and Kafka along inside this process, with their data in the folder of setting 'data'. "
      + "For one machine, to try and to develop.")
  private boolean dev;
  @Spec
  private CommandSpec spec;

  @Override
  public void run() {
    NodeConfig config = settings.load("default", dev ? DEV : Map.of()).node();
    Settings.useLog("logback.xml", config.data());
    Logger log = LoggerFactory.getLogger(NodeCommand.class);
    PrintWriter out = spec.commandLine().getOut();
    try (Running running = new Running()) {
      Platform platform = running
          .keep(Platform.start(config, dev, running.starting(step -> log.info("node is starting: {}", step))));
      platform.addresses().forEach((what, where) -> out.printf("%-12s %s%n", what, where));
      if (platform.openness() != null) out.println(platform.openness());
      out.println("Caregrid node '" + config.name() + "' is running. Ctrl-C stops it.");
      out.flush();
      running.untilStopped();
    } catch (Running.Stopped asked) {
      log.info("node was told to stop before it was running");
    }
  }
}
