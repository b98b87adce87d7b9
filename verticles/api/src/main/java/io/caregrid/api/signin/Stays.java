package io.caregrid.api.signin;

import io.caregrid.contract.Stay;
import io.caregrid.store.WebSessions;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Who stays for longer than a request, by session. What ends a session on this node ends them at once; for what ends it elsewhere the database is asked
 * every {@value #LOOK_MILLIS} ms, once for all of them, while there are any. A database that does not answer ends nobody: each has a proof of its own,
 * which runs out in minutes. Any thread.
 */
final class Stays {
  static final long LOOK_MILLIS = 3_000;
  private final Vertx vertx;
  private final WebSessions kept;
  private final Map<Buffer, List<Runnable>> staying = new HashMap<>();
  private long looking = -1;

  Stays(Vertx vertx, WebSessions kept) {
    this.vertx = vertx;
    this.kept = kept;
  }

  /** @param id of the session */
  Stay of(Buffer id) {
    return over -> {
      came(id, over);
      return () -> went(id, over);
    };
  }

  private synchronized void came(Buffer id, Runnable over) {
    staying.computeIfAbsent(id, first -> new ArrayList<>()).add(over);
    if (looking < 0) looking = vertx.setPeriodic(LOOK_MILLIS, due -> look());
  }

  private synchronized void went(Buffer id, Runnable over) {
    staying.computeIfPresent(id, (same, all) -> all.remove(over) && all.isEmpty() ? null : all);
    if (!staying.isEmpty() || looking < 0) return;
    vertx.cancelTimer(looking);
    looking = -1;
  }

  private synchronized Set<Buffer> ids() {
    return new HashSet<>(staying.keySet());
  }

  private void look() {
    Set<Buffer> asked = ids();
    if (asked.isEmpty()) return;
    kept.among(asked).onSuccess(there -> {
      asked.removeAll(there);
      asked.forEach(this::over);
    });
  }

  /** This session has ended. */
  void over(Buffer id) {
    all(id).forEach(Runnable::run);
  }

  private synchronized List<Runnable> all(Buffer id) {
    List<Runnable> all = staying.remove(id);
    return all == null ? List.of() : all;
  }
}
