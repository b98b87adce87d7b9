package io.caregrid.platform;

import io.caregrid.cluster.Configuration;
import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Shows what a node started here and now would be told. */
@Command(name = "config", description = "Shows every setting in effect, with where it comes from. Secrets are masked.", footer = {
  "",
  "A setting can be given in the YAML file (http: {port: 8081}),",
  "in the environment (CAREGRID_HTTP_PORT=8081) or as a flag (--set http.port=8081)."})
final class ConfigCommand implements Runnable {
  @Mixin
  private Settings settings;
  @Spec
  private CommandSpec spec;

  @Override
  public void run() {
    List<Configuration.Value> values = settings.load("default", Map.of()).values();
    int widestKey = values.stream().mapToInt(value -> value.key().length()).max().orElse(1);
    int widestText = values.stream()
        .mapToInt(value -> value.shown().length())
        .filter(width -> width < 40)
        .max()
        .orElse(1);
    PrintWriter out = spec.commandLine().getOut();
    for (Configuration.Value value : values)
      out.printf("%-" + widestKey + "s = %-" + widestText + "s  # %s%n", value.key(), value.shown(), value.source());
    out.flush();
  }
}
