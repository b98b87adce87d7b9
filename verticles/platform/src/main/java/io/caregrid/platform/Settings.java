package io.caregrid.platform;

import io.caregrid.cluster.Configuration;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import picocli.CommandLine.Option;

/** The options by which every command learns its configuration. */
public final class Settings {
  /** Variables with our prefix that are no settings: the start script's and the tests'. */
  static final Set<String> NOT_SETTINGS = Set.of("CAREGRID_HOME", "CAREGRID_HEAP", "CAREGRID_JAVA_OPTS",
      "CAREGRID_CONFIG", NodeCall.VARIABLE,
      "CAREGRID_STRICT", "CAREGRID_SHARED");

  @Option(names = "--config", paramLabel = "FILE", description = "YAML file with settings. "
      + "Default: $CAREGRID_CONFIG, else conf/caregrid.yaml beside bin/ when it is there.")
  private Path file;

  @Option(names = "--set", paramLabel = "KEY=VALUE", description = "One setting, e.g. --set http.port=8081; may be repeated. "
      + "Wins over the environment (CAREGRID_HTTP_PORT), which wins over the file.")
  private List<String> flags = new ArrayList<>();

  /** @param preset settings of the command itself, weaker than file, environment and flags */
  public Configuration load(String source, Map<String, String> preset) {
    Map<String, String> environment = System.getenv();
    Configuration configuration = Configuration.defaults().with(source, preset);
    Path yaml = file != null ? file : defaultFile(environment);
    return configuration.with(yaml, environment, NOT_SETTINGS, flags);
  }

  private static Path defaultFile(Map<String, String> environment) {
    if (environment.containsKey("CAREGRID_CONFIG")) return Path.of(environment.get("CAREGRID_CONFIG"));
    Path shipped = home("conf/caregrid.yaml");
    return shipped != null && Files.exists(shipped) ? shipped : null;
  }

  /** A file of the distribution; null when we were not started from one. */
  private static Path home(String path) {
    String home = System.getenv("CAREGRID_HOME");
    return home == null ? null : Path.of(home, path);
  }

  /**
   * Sends the log where it belongs. Must come before the first logger is made.
   *
   * @throws StartException when there can be no log in {@code data}
   */
  public static void useLog(String logback, Path data) {
    Path logs = data.toAbsolutePath().resolve("logs");
    try {
      Files.createDirectories(logs);
    } catch (IOException failed) {
      boolean file = Files.exists(data) && !Files.isDirectory(data);
      throw new StartException("folder " + data.toAbsolutePath() + " cannot be used: "
          + (file ? "it is a file" : failed.toString()) + ". Name another with setting 'data'", failed);
    }
    System.setProperty("caregrid.logs", logs.toString());
    Path file = home("conf/" + logback);
    boolean chosen = System.getProperty("logback.configurationFile") != null;
    if (!chosen && file != null && Files.exists(file)) System.setProperty("logback.configurationFile", file.toString());
  }
}
