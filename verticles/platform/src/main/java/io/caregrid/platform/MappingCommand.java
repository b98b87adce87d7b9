package io.caregrid.platform;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What a person, or a pipeline, does with mapping files before a node gets them. Needs no node. */
@Command(name = "mapping", synopsisSubcommandLabel = "COMMAND", description = "Checks mapping files and tries them on messages.", subcommands = {
  MappingCheckCommand.class, MappingPreviewCommand.class})
final class MappingCommand implements Runnable {
  @Spec
  private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "What should be done with the mapping? Name a command.");
  }
}
