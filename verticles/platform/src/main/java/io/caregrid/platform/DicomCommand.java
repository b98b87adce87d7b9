package io.caregrid.platform;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Everything about pictures that a person types. */
@Command(name = "dicom", synopsisSubcommandLabel = "COMMAND", description = "Sends pictures, and looks after the picture archive.", subcommands = {
  DicomEchoCommand.class, DicomSendCommand.class, DicomVerifyCommand.class, DicomRebuildCommand.class})
final class DicomCommand implements Runnable {
  @Spec
  private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "What should be done with pictures? Name a command.");
  }
}
