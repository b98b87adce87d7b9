package io.caregrid.device;

import io.caregrid.cluster.Source;
import io.caregrid.store.Progress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The highest source taken so far, per source partition: starts as the shard's progress says and moves with every event. Built for one pass over a
 * batch, so it allocates nothing per event. Belongs to one thread.
 */
final class SourceMarks {
  private final Map<String, Source> before;
  private final List<Source> highest = new ArrayList<>();
  private int last;

  SourceMarks(Progress progress) {
    before = progress.sources();
    highest.addAll(before.values());
  }

  /** True, and remembered, when this source is above all taken before it from its partition; false when the normaliser repeated itself. */
  boolean take(Source source) {
    int at = find(source);
    if (at < 0) {
      last = highest.size();
      highest.add(source);
      return true;
    }
    last = at;
    if (source.compareTo(highest.get(at)) <= 0) return false;
    highest.set(at, source);
    return true;
  }

  /** True when this source lies above the mark of a partition that has one. */
  boolean above(Source source) {
    int at = find(source);
    return at >= 0 && source.compareTo(highest.get(at)) > 0;
  }

  /** The marks that moved, by {@link Source#stream()}. */
  Map<String, Source> moved() {
    Map<String, Source> moved = new HashMap<>();
    for (Source source : highest) {
      String stream = source.stream();
      if (!source.equals(before.get(stream))) moved.put(stream, source);
    }
    return moved;
  }

  /** Neighbours in the log mostly come from the same partition, and there are few of those: looking at the last hit first makes this a comparison. */
  private int find(Source source) {
    if (last < highest.size() && sameStream(highest.get(last), source)) return last;
    for (int i = 0; i < highest.size(); i++) if (sameStream(highest.get(i), source)) return i;
    return -1;
  }

  private static boolean sameStream(Source a, Source b) {
    return a.partition() == b.partition() && a.topicId().equals(b.topicId());
  }
}
