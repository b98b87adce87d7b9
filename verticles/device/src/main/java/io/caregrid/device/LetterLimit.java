package io.caregrid.device;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Keeps a device nobody knows from filling the dead letters: of its readings one a minute is kept, by the log's time. Which ones is not promised:
 * after a restart the count begins anew. A batch works on a {@link Pass}, which counts only once its transaction is through. Safe from any thread.
 */
final class LetterLimit {
  static final long EVERY_MILLIS = 60_000;
  private static final int MOST = 100_000;

  private final Map<String, Long> kept = new LinkedHashMap<>(64, 0.75f, true) {
    private static final long serialVersionUID = 1;

    @Override
    protected boolean removeEldestEntry(Map.Entry<String, Long> eldest) {
      return size() > MOST;
    }
  };

  Pass open() {
    return new Pass();
  }

  private synchronized Long last(String device) {
    return kept.get(device);
  }

  private synchronized void keep(Map<String, Long> more) {
    kept.putAll(more);
  }

  /** One batch's view. Belongs to one thread at a time. */
  final class Pass {
    private final Map<String, Long> mine = new HashMap<>();

    /** @param at the log's time of the source event, epoch milliseconds */
    boolean keeps(String device, long at) {
      Long last = mine.containsKey(device) ? mine.get(device) : last(device);
      if (last != null && Math.abs(at - last) < EVERY_MILLIS) return false;
      mine.put(device, at);
      return true;
    }

    void committed() {
      keep(mine);
    }
  }
}
