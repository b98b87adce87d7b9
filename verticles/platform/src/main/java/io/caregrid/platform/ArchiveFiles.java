package io.caregrid.platform;

import io.caregrid.cluster.ConfigException;
import io.caregrid.cluster.NodeConfig;
import io.caregrid.dicom.archive.Report;
import io.caregrid.store.Database;
import io.caregrid.store.ImageIndex;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;

/** A node's picture archive and its index, opened for somebody at the command line; and what he is told. */
final class ArchiveFiles {
  /** Percent between two lines. */
  private static final int STEP = 10;

  private ArchiveFiles() {}

  interface Work {
    Report on(Path folder, ImageIndex index, Report.Progress progress) throws IOException;
  }

  static Path folder(NodeConfig config) {
    Path folder = config.dicom().folder();
    return (folder != null ? folder : config.data().resolve("dicom")).toAbsolutePath();
  }

  /** @return the exit code: 0 when there are no problems */
  static int run(NodeConfig config, PrintWriter out, Work work) {
    Vertx vertx = Vertx.vertx();
    try {
      Database database = Await.ready(Database.open(vertx, config.database()));
      Report report = work.on(folder(config), new ImageIndex(database), new Steps(out));
      print(report, out);
      Await.closed(database.close());
      return report.problems() == 0 ? 0 : 1;
    } catch (ConfigException told) {
      throw told;
    } catch (IOException failed) {
      throw new StartException("the archive cannot be read: " + failed.getMessage(), failed);
    } finally {
      Await.closed(vertx.close());
    }
  }

  private static void print(Report report, PrintWriter out) {
    out.printf("files %d, instances %d, bytes %d, bytes of deleted ones %d%n", report.files(), report.instances(),
        report.bytes(), report.dead());
    report.first().forEach(problem -> out.println("problem: " + problem));
    out.println(report.problems() == 0 ? "no problems" : report.problems() + " problems");
    out.flush();
  }

  /** One line every so many percent: also readable in a log. */
  private static final class Steps implements Report.Progress {
    private final PrintWriter out;
    private long told;

    Steps(PrintWriter out) {
      this.out = out;
    }

    @Override
    public void at(long bytes, long all) {
      long percent = all == 0 ? 100 : 100 * bytes / all;
      if (percent < told + STEP) return;
      told = percent - percent % STEP;
      out.println(told + " %");
      out.flush();
    }
  }
}
