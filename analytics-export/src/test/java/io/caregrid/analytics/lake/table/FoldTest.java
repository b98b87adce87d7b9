package io.caregrid.analytics.lake.table;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.analytics.lake.delta.Action.Add;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class FoldTest {
  private static LogFile file(long version, long bytes) {
    return LogFile.of(new Add("f" + version, bytes, 0, true, null, LogFile.tags(version, version)));
  }

  private static List<LogFile> files(int from, int to) {
    List<LogFile> files = new ArrayList<>();
    for (int version = from; version <= to; version++) files.add(file(version, 1000));
    return files;
  }

  private static LogFile folded(List<LogFile> files) {
    long until = files.get(files.size() - 1).until();
    return LogFile.of(new Add("fold" + files.get(0).from(), 32_000, 0, false, null,
        LogFile.tags(files.get(0).from(), files.get(files.size() - 1).to(), until, files.get(0).folds() + 1)));
  }

  @Test
  void thirtyTwoNeighboursBecomeOneAndFewerStay() {
    assertEquals(List.of(), Fold.plan(files(1, 31), 100));
    assertEquals(files(1, 32), Fold.plan(files(1, 40), 100));
  }

  @Test
  void whatIsMergedAndWhatIsNotAreNotFoldedTogether() {
    assertEquals(List.of(), Fold.plan(files(1, 40), 20));
    assertEquals(files(21, 52), Fold.plan(files(1, 60), 20));
  }

  @Test
  void largeFilesStayAsTheyAre() {
    List<LogFile> files = files(1, 20);
    files.add(file(21, Fold.LARGEST));
    files.addAll(files(22, 40));

    assertEquals(List.of(), Fold.plan(files, 100));
  }

  @Test
  @Tag("full")
  void aHundredThousandCommitsAreFewFilesAndEachRowIsWrittenAgainFewTimes() {
    List<LogFile> files = new ArrayList<>();
    long written = 0;
    int most = 0;
    for (int version = 1; version <= 100_000; version++) {
      files.add(file(version, 1));
      for (List<LogFile> fold = Fold.plan(files, 1_000_000); !fold.isEmpty(); fold = Fold.plan(files, 1_000_000)) {
        int at = files.indexOf(fold.get(0));
        files.removeAll(fold);
        files.add(at, folded(fold));
        written += fold.get(fold.size() - 1).to() - fold.get(0).from() + 1;
      }
      most = Math.max(most, files.size());
    }

    assertTrue(most <= 31 * 4 + 1, "files " + most);
    assertTrue(written <= 4 * 100_000, "written " + written);
  }
}
