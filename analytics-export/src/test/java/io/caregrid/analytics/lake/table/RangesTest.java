package io.caregrid.analytics.lake.table;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.analytics.lake.delta.Action.Add;
import io.caregrid.analytics.lake.table.Ranges.Rewrite;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class RangesTest {
  private static final long LARGE = Ranges.CUT;
  private static final long SMALL = Ranges.CUT / 4;

  private static StateFile file(String path, long first, long last, long bytes) {
    return new StateFile(new Add(path, bytes, 0, true, null, StateFile.tags(first, last)), first, last);
  }

  private static List<String> told(List<Rewrite> plan) {
    return plan.stream()
        .map(r -> r.files().stream().map(f -> f.add().path()).toList() + " " + r.from() + ".."
            + (r.to() == Long.MAX_VALUE ? "" : r.to()))
        .toList();
  }

  private static List<String> plan(List<StateFile> files, long... changed) {
    return told(Ranges.plan(files, changed));
  }

  private final List<StateFile> three = List.of(file("a", 0, 90, LARGE), file("b", 100, 190, LARGE),
      file("c", 200, 290, LARGE));

  @Test
  void onlyTheFileWhoseRangeHoldsAChangedKeyIsRewritten() {
    assertEquals(List.of("[b] 100..200"), plan(three, 150));
    assertEquals(List.of("[a] 0..100", "[c] 200.."), plan(three, 1, 2, 250));
    assertEquals(List.of(), plan(three));
  }

  @Test
  void whatIsCreatedBehindALargeFileGetsAFileOfItsOwn() {
    assertEquals(List.of("[] 291.."), plan(three, 300, 301));
    assertEquals(List.of("[c] 200.."), plan(three, 250, 300));
    assertEquals(List.of("[] 91..100"), plan(three, 95));
  }

  @Test
  void whatIsCreatedBehindASmallFileIsPutIntoIt() {
    assertEquals(List.of("[a] 0.."), plan(List.of(file("a", 0, 90, SMALL)), 300));
    assertEquals(List.of("[] 0.."), plan(List.of(), 300));
  }

  @Test
  void smallNeighboursBecomeOne() {
    List<StateFile> files = List.of(file("a", 0, 90, SMALL), file("b", 100, 190, SMALL), file("c", 200, 290, SMALL));

    assertEquals(List.of("[a, b] 0..200"), plan(files, 5, 105));
    assertEquals(List.of("[a] 0..100", "[c] 200.."), plan(files, 5, 205));
  }

  /** Rewriting for a long time with random changes: each sid stays in one place. */
  @Test
  void rangesNeverOverlapAndEachChangedSidIsInExactlyOneRewriting() {
    long seed = Long.getLong("caregrid.test.seed", 20261123);
    Random random = new Random(seed);
    List<StateFile> files = new ArrayList<>();
    long greatest = 10;
    for (int round = 0; round < 2_000; round++) {
      greatest += random.nextInt(20);
      long most = greatest;
      long[] changed = LongStream.generate(() -> 1 + (long) (random.nextDouble() * most))
          .limit(random.nextInt(6))
          .sorted()
          .distinct()
          .toArray();
      List<Rewrite> plan = Ranges.plan(List.copyOf(files), changed);
      for (long sid : changed)
        assertEquals(1, plan.stream().filter(r -> r.from() <= sid && sid < r.to()).count(), "seed " + seed);
      for (Rewrite rewrite : plan) {
        files.removeAll(rewrite.files());
        long last = Math.min(rewrite.to() - 1, most);
        files.add(file("f" + round + "-" + rewrite.from(), rewrite.from(), last,
            random.nextBoolean() ? LARGE : SMALL));
      }
      files.sort(java.util.Comparator.comparingLong(StateFile::first));
      for (int i = 1; i < files.size(); i++)
        assertTrue(files.get(i - 1).last() < files.get(i).first(), "seed " + seed + " round " + round);
    }
  }
}
