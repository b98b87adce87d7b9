package io.caregrid.analytics.lake.table;

import io.caregrid.analytics.lake.delta.Action.Add;
import io.caregrid.analytics.lake.delta.Snapshot;
import io.caregrid.analytics.lake.store.ObjectStore;
import io.caregrid.analytics.lake.store.ObjectStore.NoRoom;
import io.caregrid.analytics.lake.table.KeyedTable.Part;
import io.caregrid.analytics.sql.Tables.Outdated;
import io.caregrid.analytics.sql.Tables.Pinned;
import io.caregrid.analytics.sql.Tables.View;
import io.caregrid.contract.Failure;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * One head of the lake. Of a view the table's log is read, and its files made local, when the view is asked for; they stay until this is closed.
 *
 * <p>Until then nothing keeps them but their age: what a head names is deleted only long after a newer one is there.
 */
public final class Pin implements Pinned {
  private static final Snapshot NOTHING = new Snapshot("", Snapshot.NONE, null, null, Map.of(), Map.of(), Map.of());

  private final ObjectStore store;
  private final Locals locals;
  private final Views views;
  private final Heads heads;
  private final Head head;
  private long bytes;

  /** @param head one of {@code heads}; null: the lake is empty */
  public Pin(ObjectStore store, Views views, Heads heads, Head head) {
    this.store = store;
    this.locals = new Locals(store);
    this.views = views;
    this.heads = heads;
    this.head = head;
  }

  @Override
  public List<View> views() {
    return views.all();
  }

  @Override
  public String query(String name, Runnable between) throws IOException {
    Views.Over over = views.of(name);
    try {
      return over.isHistory() ? history(over.table(), between) : current(over.table(), between);
    } catch (NoRoom full) {
      throw new Failure.Busy("other queries keep as many files of the lake on this node as it may have"
          + " (lake.s3.cacheMegabytes): ask again in a moment");
    } catch (IOException gone) {
      Head newest = heads.newest();
      throw newest == null || newest.equals(head) ? gone : new Outdated(gone);
    }
  }

  private String history(KeyedTable table, Runnable between) throws IOException {
    List<LogFile> files = LogFile.all(snapshot(table.log()));
    take(files.stream().map(LogFile::add));
    return views.history(table, local(table.log(), files.stream().map(LogFile::add).toList(), between));
  }

  private String current(KeyedTable table, Runnable between) throws IOException {
    Snapshot state = snapshot(table.state());
    List<Add> states = StateFile.all(state).stream().map(StateFile::add).toList();
    List<Add> news = LogFile.behind(snapshot(table.log()), KeyedTable.merged(state))
        .stream()
        .map(LogFile::add)
        .toList();
    take(Stream.concat(states.stream(), news.stream()));
    return views.current(table, local(table.state(), states, between), local(table.log(), news, between));
  }

  private Snapshot snapshot(Part part) throws IOException {
    Long version = head == null ? null : head.tables().get(part.folder());
    return version == null ? NOTHING : part.versions().at(version);
  }

  /** Before the first is fetched: what is too much all together need not be begun. */
  private void take(Stream<Add> files) {
    bytes += files.mapToLong(Add::size).sum();
    if (bytes > store.room())
      throw new Failure.TooCostly("the tables of this query have " + megabytes(bytes) + " MB, and this node keeps "
          + megabytes(store.room()) + " MB of copies (lake.s3.cacheMegabytes): ask fewer tables at once");
  }

  private static long megabytes(long bytes) {
    return (bytes + 999_999) / 1_000_000;
  }

  private List<Path> local(Part part, List<Add> files, Runnable between) throws IOException {
    return locals.paths(part, files, between);
  }

  @Override
  public Instant asOf() {
    return head == null ? null : head.asOf();
  }

  @Override
  public void close() {
    locals.close();
  }
}
