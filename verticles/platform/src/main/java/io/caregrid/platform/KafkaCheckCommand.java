package io.caregrid.platform;

import io.caregrid.cluster.KafkaCopies;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Whether a broker may be restarted: every copy of every partition is in step, and every controller. */
@Command(name = "check", description = "Says which copies of the log are not in step; ends with 1 when there are any. Ask it before and after a broker is restarted.")
final class KafkaCheckCommand implements Callable<Integer> {
  @Option(names = "--admin-config", required = true, paramLabel = "FILE", description = "Kafka client settings of somebody who may see everything.")
  private Path administrator;
  @Option(names = "--wait", paramLabel = "SECONDS", description = "How long copies may take to catch up. Default: ${DEFAULT-VALUE}", defaultValue = "0")
  private int seconds;
  @Option(names = "--leaving", paramLabel = "ID", description = "The broker that is to be restarted: what it lacks itself does not count.", defaultValue = "-1", showDefaultValue = Help.Visibility.NEVER)
  private int leaving;
  @Spec
  private CommandSpec spec;

  @Override
  public Integer call() throws InterruptedException {
    if (seconds < 0) throw new ParameterException(spec.commandLine(), "--wait must be 0 or more");
    try (KafkaCopies copies = new KafkaCopies(administrator)) {
      List<String> behind = copies.behind(Duration.ofSeconds(seconds), leaving);
      PrintWriter out = spec.commandLine().getOut();
      if (behind.isEmpty()) out.println("every copy is in step");
      behind.forEach(out::println);
      out.flush();
      return behind.isEmpty() ? 0 : 1;
    }
  }
}
