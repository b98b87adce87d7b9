package io.caregrid.platform;

import io.caregrid.dicom.archive.Verification;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Asks whether every picture is whole and in the index, while the node runs. */
@Command(name = "verify", description = "Reads every file of the picture archive and compares it with the index, both ways. Changes nothing; the node may run.", footer = {
  "", "Exit code 0: no problems. The archive is in dicom.folder, by default the folder 'dicom' in 'data'."})
final class DicomVerifyCommand implements Callable<Integer> {
  @Mixin
  private Settings settings;
  @Spec
  private CommandSpec spec;

  @Override
  public Integer call() {
    return ArchiveFiles.run(settings.load("default", Map.of()).node(), spec.commandLine().getOut(), Verification::run);
  }
}
