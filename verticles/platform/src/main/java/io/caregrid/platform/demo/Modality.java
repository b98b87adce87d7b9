package io.caregrid.platform.demo;

import io.caregrid.dicom.dimse.Outgoing;
import io.caregrid.dicom.dimse.Peer;
import io.caregrid.dicom.dimse.Sender;
import io.caregrid.platform.Await;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The ward's CT scanner: computes one study into files and sends them by C-STORE, once per data folder, on a thread that gives way to everything else.
 * What was interrupted is sent whole at the next start, which changes nothing where it had arrived.
 */
final class Modality implements AutoCloseable {
  /** Whom it calls itself. */
  static final String TITLE = "DEMO_CT";
  private static final Logger log = LoggerFactory.getLogger(Modality.class);

  private final DataFolder folder;
  private final Bed bed;
  private final Peer archive;
  private final Consumer<String> tells;
  private final Thread thread = new Thread(this::run, "demo-modality");

  /** @param tells one line for a person, when all has arrived or cannot */
  Modality(DataFolder folder, Bed bed, Peer archive, Consumer<String> tells) {
    this.folder = folder;
    this.bed = bed;
    this.archive = archive;
    this.tells = tells;
    thread.setDaemon(true);
    thread.setPriority(Thread.MIN_PRIORITY);
  }

  /** Returns at once. */
  void start() {
    if (!folder.hasSentStudy()) thread.start();
  }

  private void run() {
    try {
      List<Outgoing> images = images(new PhantomStudy(bed, folder.studyTime()));
      int kept = sent(images);
      if (kept == images.size()) folder.noteStudySent();
      tells
          .accept(kept + " of " + images.size() + " pictures of " + bed.given() + " " + bed.family() + " have arrived");
    } catch (Stopped asked) {
      log.info("stopped before the study was sent");
    } catch (IOException | RuntimeException failed) {
      if (thread.isInterrupted()) return;
      log.warn("the study could not be sent", failed);
      tells.accept("the pictures of " + bed.given() + " " + bed.family()
          + " could not be sent, logs/caregrid.log in the data folder says why; what has arrived");
    }
  }

  private static final class Stopped extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  private List<Outgoing> images(PhantomStudy study) throws IOException {
    Path files = Files.createDirectories(folder.pictures());
    List<Outgoing> images = new ArrayList<>();
    for (int number = 0; number < PhantomStudy.IMAGES; number++) {
      if (thread.isInterrupted()) throw new Stopped();
      Path file = files.resolve("%03d.dcm".formatted(number));
      Files.write(file, study.image(number).file());
      images.add(Outgoing.read(file));
    }
    return images;
  }

  /** @return how many the archive says it keeps */
  private int sent(List<Outgoing> images) {
    AtomicInteger kept = new AtomicInteger();
    Vertx vertx = Vertx.vertx(new VertxOptions().setEventLoopPoolSize(1).setWorkerPoolSize(1));
    try (Sender sender = new Sender(vertx, archive)) {
      Await.ready(sender.send(images, 1, sent -> {
        if (sent.isKept()) kept.incrementAndGet();
        else log.warn("a picture was not taken: {}", sent);
      }));
    } finally {
      vertx.close();
    }
    return kept.get();
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
