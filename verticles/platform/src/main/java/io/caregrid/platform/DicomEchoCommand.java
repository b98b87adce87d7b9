package io.caregrid.platform;

import io.caregrid.dicom.dimse.Peer;
import io.caregrid.dicom.dimse.Sender;
import io.vertx.core.Vertx;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.CompletionException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Asks whether a DICOM application is there and lets us in. */
@Command(name = "echo", description = "Asks a DICOM application whether it is there (C-ECHO), and prints how long its answer took.", footer = {
  "", "Example:", "  caregrid dicom echo --to PACS@192.168.1.20:104 --as WORKSTATION"})
final class DicomEchoCommand implements Runnable {
  @Mixin
  private DicomPeer to;
  @Spec
  private CommandSpec spec;

  @Override
  public void run() {
    Peer peer = to.peer();
    Vertx vertx = Vertx.vertx();
    try (Sender sender = new Sender(vertx, peer)) {
      Duration took = sender.echo().toCompletionStage().toCompletableFuture().join();
      PrintWriter out = spec.commandLine().getOut();
      out.printf(Locale.ROOT, "%s answered in %.1f ms%n", peer, took.toNanos() / 1e6);
      out.flush();
    } catch (CompletionException failed) {
      throw new StartException("no echo from " + peer + ": " + failed.getCause().getMessage(), failed);
    } finally {
      Await.closed(vertx.close());
    }
  }
}
