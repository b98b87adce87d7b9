package io.caregrid.platform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.dicom.dimse.Outgoing;
import io.caregrid.dicom.dimse.Sender.Sent;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a terminal gets to see; output and errors go to the same one. */
class SendReportTest {
  private static final Outgoing PICTURE = new Outgoing(Path.of("IM1"), "1.2", "1.3", "1.2.840.10008.1.2.1", 0, 500_000);
  private final StringWriter screen = new StringWriter();

  private SendReport report(int pictures) {
    PrintWriter out = new PrintWriter(screen);
    return new SendReport(new PictureFiles(Collections.nCopies(pictures, PICTURE), 0, List.of()), out, out, true);
  }

  @Test
  void theLineIsDrawnOverItselfAndNeverWraps() {
    SendReport report = report(2);
    report.accept(new Sent(PICTURE, 0, ""));
    report.accept(new Sent(PICTURE, 0, ""));

    String drawn = screen.toString();
    assertFalse(drawn.contains("\n"));
    assertEquals(2, drawn.split("\r", -1).length - 1);
    for (String line : drawn.substring(1).split("\r"))
      assertTrue(line.matches("\033\\[\\?7l *[0-9]+ %  [12] of 2, [0-9.]+ MB/s \\[#+\\.*\\]\033\\[K\033\\[\\?7h"),
          line);
    assertTrue(drawn.contains("100 %  2 of 2"), drawn);
  }

  @Test
  void anErrorStandsAboveTheLineWhichIsThereAgainAtOnce() {
    SendReport report = report(30);
    report.accept(new Sent(PICTURE, 0, ""));
    report.accept(new Sent(PICTURE, 0xA700, "full"));

    String after = screen.toString().split("\033\\[\\?7h", 2)[1];
    assertTrue(after.startsWith("\r\033[KIM1: status A700, out of resources, \"full\"" + System.lineSeparator()),
        after);
    assertTrue(after.contains("2 of 30, 1 failed"), after);
  }

  @Test
  void atTheEndTheLineGoesAndTheSumStays() {
    SendReport report = report(1);
    report.accept(new Sent(PICTURE, 0, ""));

    assertTrue(report.end());

    String last = screen.toString().substring(screen.toString().lastIndexOf('\r'));
    assertTrue(last.startsWith("\r\033[K1 of 1 pictures kept, 0.5 MB"), last);
  }
}
