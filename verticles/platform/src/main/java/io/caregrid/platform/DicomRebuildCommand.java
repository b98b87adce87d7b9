package io.caregrid.platform;

import io.caregrid.cluster.NodeConfig;
import io.caregrid.dicom.archive.Rebuild;
import io.caregrid.engines.FolderLock;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Makes the index of pictures anew, after its database was lost. */
@Command(name = "rebuild", description = "Makes the index of the picture archive anew from its files, after the database was lost or restored from an older backup. The node must be stopped.", footer = {
  "", "Deleted pictures stay deleted. Stopped in the middle, run it again."})
final class DicomRebuildCommand implements Callable<Integer> {
  @Mixin
  private Settings settings;
  @Spec
  private CommandSpec spec;

  @Override
  public Integer call() {
    NodeConfig config = settings.load("default", Map.of()).node();
    try (FolderLock alone = FolderLock.take(config.data(), "node")) {
      return ArchiveFiles.run(config, spec.commandLine().getOut(), Rebuild::run);
    }
  }
}
