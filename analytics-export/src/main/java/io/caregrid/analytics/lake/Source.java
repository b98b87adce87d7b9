package io.caregrid.analytics.lake;

import io.caregrid.contract.Caller;
import io.caregrid.store.Bodies;
import io.caregrid.store.ChangeFeed;
import io.caregrid.store.ChangeFeed.Answer;
import io.caregrid.store.ChangeFeed.Cursor;
import io.caregrid.store.Database;
import io.caregrid.store.Export;
import io.vertx.core.Future;
import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** The store, asked by a thread that waits for its answers: never an event loop. A {@code Failure} comes as it is. */
final class Source {
  static final Caller CALLER = Caller.system("lake");
  static final String LISTENER = "lake";
  /** Longer than anything in the store takes to answer. */
  private static final int PATIENCE_SECONDS = 90;

  private final ChangeFeed feed;
  private final Bodies bodies;
  private final Export export;

  Source(Database database) {
    this.feed = new ChangeFeed(database);
    this.bodies = new Bodies(database);
    this.export = new Export(database);
  }

  Cursor head() throws IOException {
    return wait(feed.head(CALLER));
  }

  /** From now on nothing behind the cursor is pruned. */
  void register() throws IOException {
    wait(feed.register(CALLER, LISTENER));
  }

  Answer read(Cursor cursor, int max) throws IOException {
    return wait(feed.read(CALLER, cursor, max));
  }

  void commit(Cursor cursor) throws IOException {
    wait(feed.commit(CALLER, LISTENER, cursor));
  }

  Bodies.Piece find(String type, List<Bodies.Wanted> wanted, long bytes) throws IOException {
    return wait(bodies.find(CALLER, type, wanted, bytes));
  }

  Set<Bodies.Wanted> ofDevices(String type, Collection<Bodies.Wanted> among) throws IOException {
    return wait(bodies.ofDevices(CALLER, type, among));
  }

  Export.Page page(String type, Export.Place after, long bytes) throws IOException {
    return wait(export.page(CALLER, type, after, bytes));
  }

  Cursor seen() throws IOException {
    return wait(export.seen(CALLER));
  }

  static <T> T wait(Future<T> future) throws IOException {
    try {
      return future.toCompletionStage().toCompletableFuture().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException failed) {
      if (failed.getCause() instanceof RuntimeException cause) throw cause;
      throw new IOException("the store cannot be asked", failed.getCause());
    } catch (TimeoutException late) {
      throw new IOException("the store did not answer within " + PATIENCE_SECONDS + " s", late);
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
      throw new IOException("stopped while the store was asked", stopped);
    }
  }
}
