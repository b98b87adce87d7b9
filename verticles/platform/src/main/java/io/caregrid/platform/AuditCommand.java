package io.caregrid.platform;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What a person does with the audit trail of a node that does not run. */
@Command(name = "audit", synopsisSubcommandLabel = "COMMAND", description = "Looks after this node's audit trail.", subcommands = AuditShipCommand.class)
final class AuditCommand implements Runnable {
  @Spec
  private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "What should be done with the audit trail? Name a command.");
  }
}
