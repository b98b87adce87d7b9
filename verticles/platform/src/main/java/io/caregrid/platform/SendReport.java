package io.caregrid.platform;

import io.caregrid.dicom.dimse.Sender.Sent;
import java.io.PrintWriter;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/** What somebody sees who sends pictures: a bar that moves at a terminal, else a line every tenth; a line for each failure; a summary. Any thread. */
final class SendReport implements Consumer<Sent> {
  private static final int BAR = 30;
  private static final long REDRAW_NANOS = 100_000_000;
  private static final int STEP = 10;
  /** Lines about one and the same reason. */
  private static final int MOST_ALIKE = 20;
  private static final String CLEAR = "\r\033[K";
  /** Drawn over what is there, and then the rest is cleared: it does not flicker. A narrow terminal cuts it off and does not break it into lines. */
  private static final String LINE = "\r\033[?7l%s\033[K\033[?7h";

  private final PrintWriter out;
  private final PrintWriter err;
  private final boolean terminal;
  private final int pictures;
  private final int others;
  private final long bytes;
  private final long start = System.nanoTime();
  private final Map<String, Integer> reasons = new HashMap<>();
  private long drawn;
  private long toldPercent;
  private long doneBytes;
  private long keptBytes;
  private int done;
  private int kept;
  private int warned;

  /** @param terminal {@code out} is one */
  SendReport(PictureFiles found, PrintWriter out, PrintWriter err, boolean terminal) {
    this.out = out;
    this.err = err;
    this.terminal = terminal;
    pictures = found.pictures().size();
    others = found.others();
    bytes = found.bytes();
  }

  @Override
  public synchronized void accept(Sent sent) {
    done++;
    doneBytes += sent.instance().length();
    if (sent.isKept()) {
      kept++;
      keptBytes += sent.instance().length();
    }
    if (sent.isWarning()) warned++;
    if (!sent.isKept() || sent.isWarning()) explain(sent);
    show();
  }

  private void explain(Sent sent) {
    String reason = sent.status() == null ? sent.comment() : sent.status().toString();
    int alike = reasons.merge(reason, 1, Integer::sum);
    if (alike > MOST_ALIKE) return;
    if (terminal) out.print(CLEAR);
    out.flush();
    err.println(Terminal.printable(sent.toString()));
    if (alike == MOST_ALIKE) err.println("more of this kind are only counted");
    err.flush();
    drawn = 0;
  }

  private void show() {
    long percent = bytes == 0 ? 100L * done / pictures : 100 * doneBytes / bytes;
    if (terminal) draw(percent);
    else if (percent >= toldPercent + STEP) {
      toldPercent = percent - percent % STEP;
      out.println(toldPercent + " %");
      out.flush();
    }
  }

  private void draw(long percent) {
    long now = System.nanoTime();
    if (drawn != 0 && now - drawn < REDRAW_NANOS && done < pictures) return;
    drawn = now;
    int filled = (int) (percent * BAR / 100);
    String line = String.format(Locale.ROOT, "%3d %%  %d of %d%s, %.1f MB/s [%s%s]", percent, done, pictures,
        done == kept ? "" : ", " + (done - kept) + " failed", megabytesPerSecond(doneBytes), "#".repeat(filled),
        ".".repeat(BAR - filled));
    out.printf(LINE, line);
    out.flush();
  }

  private double megabytesPerSecond(long much) {
    return much / 1e6 / seconds();
  }

  private double seconds() {
    return Math.max(1e-3, (System.nanoTime() - start) / 1e9);
  }

  /** @return true: every picture was kept */
  synchronized boolean end() {
    if (terminal) out.print(CLEAR);
    out.printf(Locale.ROOT, "%d of %d pictures kept, %.1f MB in %.1f s, %.1f MB/s%n", kept, pictures, keptBytes / 1e6,
        seconds(), megabytesPerSecond(keptBytes));
    if (warned > 0) out.println(warned + " of them with a warning");
    if (others > 0) out.println(others + " other files were passed over");
    out.flush();
    return kept == pictures;
  }
}
