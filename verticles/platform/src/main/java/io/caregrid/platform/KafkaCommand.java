package io.caregrid.platform;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What an operator does to the log. */
@Command(name = "kafka", synopsisSubcommandLabel = "COMMAND", description = "Looks after the log: its accounts, and its copies.", subcommands = {
  KafkaGrantCommand.class, KafkaCheckCommand.class})
final class KafkaCommand implements Runnable {
  @Spec
  private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "What should be done? Name a command.");
  }
}
