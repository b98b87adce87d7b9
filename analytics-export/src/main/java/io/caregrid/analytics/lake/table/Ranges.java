package io.caregrid.analytics.lake.table;

import java.util.ArrayList;
import java.util.List;

/**
 * Which files of a state a merge rewrites. Pure.
 *
 * <p>Files have ranges of sids that do not overlap. A file answers for everything from its first sid to that of the next file, the first one for everything
 * below it too: so each sid has one place, whether a file holds it or not.
 */
final class Ranges {
  /** Files of that size are cut, and nothing more is put behind them. */
  static final long CUT = 8L << 20;

  private Ranges() {}

  /**
   * One rewriting: the rows of these files, and those that changed, with a sid from {@code from} (inclusive) to {@code to} (exclusive).
   *
   * @param files none: all rows are new
   */
  record Rewrite(List<StateFile> files, long from, long to) {}

  /**
   * @param files   in order of their ranges
   * @param changed sids of the keys that changed, ascending, each once
   */
  static List<Rewrite> plan(List<StateFile> files, long[] changed) {
    List<Rewrite> plan = new ArrayList<>();
    int next = 0;
    for (int i = 0; i < Math.max(1, files.size()) && next < changed.length; i++) {
      long to = i + 1 < files.size() ? files.get(i + 1).first() : Long.MAX_VALUE;
      int begin = next;
      while (next < changed.length && changed[next] < to) next++;
      if (next > begin) add(plan, files.isEmpty() ? null : files.get(i), changed[begin], to);
    }
    return plan;
  }

  private static void add(List<Rewrite> plan, StateFile file, long least, long to) {
    if (file == null) {
      plan.add(new Rewrite(List.of(), 0, to));
    } else if (least > file.last() && file.add().size() >= CUT) {
      plan.add(new Rewrite(List.of(), file.last() + 1, to));
    } else {
      join(plan, new Rewrite(List.of(file), Math.min(file.first(), least), to));
    }
  }

  /** Neighbours that are small become one. */
  private static void join(List<Rewrite> plan, Rewrite rewrite) {
    Rewrite before = plan.isEmpty() ? null : plan.get(plan.size() - 1);
    boolean neighbours = before != null && before.to() == rewrite.from();
    if (!neighbours || bytes(before) + bytes(rewrite) > CUT) {
      plan.add(rewrite);
      return;
    }
    List<StateFile> both = new ArrayList<>(before.files());
    both.addAll(rewrite.files());
    plan.set(plan.size() - 1, new Rewrite(List.copyOf(both), before.from(), rewrite.to()));
  }

  private static long bytes(Rewrite rewrite) {
    return rewrite.files().stream().mapToLong(file -> file.add().size()).sum();
  }
}
