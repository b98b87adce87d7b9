package io.caregrid.store;

import io.caregrid.cluster.Source;
import java.util.HashMap;
import java.util.Map;

/**
 * How far a shard's events are in effect in its target.
 *
 * @param applied position in the log up to which everything is in effect, exclusive
 * @param sources per source partition ({@link Source#stream()}) the highest source applied
 */
public record Progress(long applied, Map<String, Source> sources) {
  public Progress {
    sources = Map.copyOf(sources);
  }

  /** False when this source, or a later one of its partition, is in effect already: the normaliser repeated itself. */
  public boolean isNew(Source source) {
    Source mark = sources.get(source.stream());
    return mark == null || source.compareTo(mark) > 0;
  }

  /** The progress after everything before {@code applied}, whose highest sources are {@code marks}, is in effect. */
  public Progress after(long applied, Map<String, Source> marks) {
    Map<String, Source> merged = new HashMap<>(sources);
    marks.forEach((stream, mark) -> merged.merge(stream, mark, (a, b) -> a.compareTo(b) >= 0 ? a : b));
    return new Progress(applied, merged);
  }
}
