package io.caregrid.analytics.lake.table;

import io.caregrid.analytics.lake.delta.Snapshot;
import io.caregrid.analytics.lake.schema.Column;
import io.caregrid.analytics.lake.schema.TableSchema;
import io.caregrid.analytics.lake.store.ObjectStore;
import io.caregrid.analytics.lake.table.KeyedTable.Part;
import io.caregrid.analytics.sql.Tables.Pinned;
import io.caregrid.analytics.sql.Tables.View;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * One head of the lake, its files local until it is closed.
 *
 * <p>The current view is merge on read: the state without the keys in new log files, plus what these say last of each key. The list of files begins with an
 * empty one of the whole schema, so that every column is there, whatever files hold.
 */
public final class Pin implements Pinned {
  private final Locals locals;
  private final Empties empties;
  private final Head head;
  private final List<View> views = new ArrayList<>();

  private Pin(Locals locals, Empties empties, Head head) {
    this.locals = locals;
    this.empties = empties;
    this.head = head;
  }

  /** @param head null: the lake is empty */
  public static Pin of(ObjectStore store, Catalogue catalogue, Empties empties, Head head) throws IOException {
    Pin pin = new Pin(new Locals(store), empties, head);
    boolean done = false;
    try {
      for (KeyedTable table : catalogue.resources().values()) pin.resource(table);
      pin.current(catalogue.vitals(), "The samples of Observations, one row each: device, patient, type, time, value");
      done = true;
      return pin;
    } finally {
      if (!done) pin.close();
    }
  }

  private void resource(KeyedTable table) throws IOException {
    current(table, "Each " + table.name() + " once, as it is now");
    Part log = table.log();
    List<Path> files = new ArrayList<>(List.of(empties.of(log)));
    files.addAll(locals.logs(log, LogFile.all(snapshot(log))));
    views.add(new View(log.schema().name(), "select * from " + Duck.parquet(files),
        "Every version of every " + table.name() + ", deletions as rows with lake_deleted"));
  }

  private void current(KeyedTable table, String about) throws IOException {
    Snapshot state = snapshot(table.state());
    List<Path> states = locals.states(table.state(), StateFile.all(state));
    List<Path> news = locals.logs(table.log(), LogFile.behind(snapshot(table.log()), KeyedTable.merged(state)));
    views.add(new View(table.name(), query(table, states, news), about));
  }

  private Snapshot snapshot(Part part) throws IOException {
    Long version = head == null ? null : head.tables().get(part.folder());
    return version == null ? NOTHING : part.versions().at(version);
  }

  private static final Snapshot NOTHING = new Snapshot("", Snapshot.NONE, null, null, Map.of(),
      Map.of(), Map.of());

  private String query(KeyedTable table, List<Path> states, List<Path> news) {
    List<Path> files = new ArrayList<>();
    files.add(empties.of(news.isEmpty() ? table.state() : table.log()));
    files.addAll(states);
    if (news.isEmpty()) return "select " + columns(table.state().schema()) + " from " + Duck.parquet(files) + " r";
    files.addAll(news);
    String key = Duck.name(table.key());
    return "select " + columns(table.state().schema()) + " from " + Duck.parquet(files) + " r left join (select " + key
        + " as k, max(lake_version) as v from " + Duck.parquet(news) + " group by all) n on n.k = r." + key
        + " where (r.lake_position is null and n.k is null)"
        + " or (r.lake_position is not null and n.v = r.lake_version and not r.lake_deleted)";
  }

  private static String columns(TableSchema schema) {
    return schema.columns()
        .stream()
        .map(Column::name)
        .map(name -> "r." + Duck.name(name))
        .collect(
            Collectors.joining(", "));
  }

  @Override
  public List<View> views() {
    return List.copyOf(views);
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
