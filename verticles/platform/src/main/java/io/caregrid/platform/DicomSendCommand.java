package io.caregrid.platform;

import io.caregrid.dicom.dimse.Outgoing;
import io.caregrid.dicom.dimse.Peer;
import io.caregrid.dicom.dimse.Sender;
import io.vertx.core.Vertx;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Sends pictures to a DICOM application, as a modality would. */
@Command(name = "send", description = "Sends DICOM files to a DICOM application (C-STORE), each as it is in its file.", footer = {
  "", "Folders are searched with all that is below them; what is no picture is passed over.",
  "Exit code 0: every picture was kept. What was not is printed, a line a file.", "", "Example:",
  "  caregrid dicom send /media/cdrom --to CAREGRID@127.0.0.1:11112"})
final class DicomSendCommand implements Callable<Integer> {
  private static final int MOST_ASSOCIATIONS = 16;

  @Parameters(paramLabel = "FILE", arity = "1..*", description = "Files and folders to send.")
  private List<Path> paths;
  @Mixin
  private DicomPeer to;
  @Option(names = "--associations", paramLabel = "COUNT", description = "How many to use at a time, 1..16. Default: ${DEFAULT-VALUE}", defaultValue = "1")
  private int associations;
  @Spec
  private CommandSpec spec;

  @Override
  public Integer call() {
    Peer peer = to.peer();
    if (associations < 1 || associations > MOST_ASSOCIATIONS)
      throw new ParameterException(spec.commandLine(), "--associations must be 1..16, not " + associations);
    PrintWriter out = spec.commandLine().getOut();
    PictureFiles found = PictureFiles.find(paths);
    found.problems().stream().map(Terminal::printable).forEach(spec.commandLine().getErr()::println);
    spec.commandLine().getErr().flush();
    if (found.pictures().isEmpty())
      throw new StartException("no pictures to send in "
          + String.join(", ", paths.stream().map(Path::toString).toList()));
    SendReport report = new SendReport(found, out, spec.commandLine().getErr(), Terminal.isThere());
    send(peer, found.pictures(), report);
    return report.end() && found.problems().isEmpty() ? 0 : 1;
  }

  private void send(Peer peer, List<Outgoing> pictures, SendReport report) {
    Vertx vertx = Vertx.vertx();
    try (Sender sender = new Sender(vertx, peer)) {
      sender.send(pictures, associations, report).toCompletionStage().toCompletableFuture().join();
    } finally {
      Await.closed(vertx.close());
    }
  }
}
