package io.caregrid.store.audit;

import io.caregrid.cluster.AuditConfig;
import io.caregrid.engines.Child;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;

/** A process in which sixteen threads record accesses, each saying what was kept, and which is killed without warning. */
final class KilledJournal {
  static final int WRITERS = 16;

  private KilledJournal() {}

  /** @return what was said to be kept, as {@code writer-number} */
  static List<String> runAndKill(Path folder, int stageBytes, String prefix, int after)
      throws IOException, InterruptedException {
    List<String> kept = new ArrayList<>();
    Child.run(KilledJournal.class, List.of("-Xmx128m", "-XX:TieredStopAtLevel=1"), line -> {
      if (line.startsWith("kept ") && line.endsWith(".")) kept.add(line.substring(5, line.length() - 1));
      return kept.size() == after;
    }, folder.toString(), String.valueOf(stageBytes), prefix);
    return kept;
  }

  public static void main(String[] arguments) throws Exception {
    AuditConfig config = new AuditConfig(null, false, AuditConfig.REFUSE, 1, 4096, 0, 0, 30);
    Journal journal = Journal.open(Path.of(arguments[0]), config, "child", Clock.systemUTC(),
        Integer.parseInt(arguments[1]));
    for (int writer = 0; writer < WRITERS; writer++) {
      String mine = arguments[2] + "/" + writer + "-";
      new Thread(() -> {
        for (int n = 0; true; n++) {
          JournalTest.get(journal.append(JournalTest.entry(mine + n)));
          System.out.println("kept " + mine + n + ".");
        }
      }).start();
    }
    Thread.sleep(600_000);
    System.exit(1);
  }
}
