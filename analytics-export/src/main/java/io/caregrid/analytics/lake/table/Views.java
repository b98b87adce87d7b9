package io.caregrid.analytics.lake.table;

import io.caregrid.analytics.lake.schema.Column;
import io.caregrid.analytics.lake.schema.TableSchema;
import io.caregrid.analytics.lake.table.KeyedTable.Part;
import io.caregrid.analytics.sql.Tables.View;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The views of every head, by name, and what each is over a list of files. The list begins with an empty file of the whole schema, so that every column is
 * there, whatever files hold. Never changes.
 */
public final class Views {
  private final Empties empties;
  private final Map<String, Over> over = new LinkedHashMap<>();
  private final List<View> views;

  /** @param isHistory every version, not only what is current */
  record Over(KeyedTable table, boolean isHistory) {}

  public Views(Catalogue catalogue, Empties empties) {
    this.empties = empties;
    for (KeyedTable table : catalogue.resources().values()) {
      over.put(table.name(), new Over(table, false));
      over.put(table.log().schema().name(), new Over(table, true));
    }
    over.put(catalogue.vitals().name(), new Over(catalogue.vitals(), false));
    views = over.entrySet().stream().map(each -> view(each.getKey(), each.getValue())).toList();
  }

  private View view(String name, Over over) {
    String empty = over.isHistory() ? history(over.table(), List.of()) : current(over.table(), List.of(), List.of());
    return new View(name, empty, about(over));
  }

  private static String about(Over over) {
    String name = over.table().name();
    if (over.isHistory()) return "Every version of every " + name + ", deletions as rows with lake_deleted";
    return over.table().isKept()
        ? "Each " + name + " once, as it is now"
        : "The samples of Observations, one row each: device, patient, type, time, value";
  }

  List<View> all() {
    return views;
  }

  Over of(String name) {
    Over found = over.get(name);
    if (found == null) throw new IllegalArgumentException("no view of the lake: " + name);
    return found;
  }

  String history(KeyedTable table, List<Path> files) {
    return "select * from " + files(table.log(), files);
  }

  /** Merge on read: the state without the keys in new files of the log, plus what these say last of each key. */
  String current(KeyedTable table, List<Path> states, List<Path> news) {
    String columns = "select " + columns(table.state().schema()) + " from ";
    if (news.isEmpty()) return columns + files(table.state(), states) + " r";
    String key = Duck.name(table.key());
    return columns + files(table.log(), states, news) + " r left join (select " + key
        + " as k, max(lake_version) as v from " + Duck.parquet(news) + " group by all) n on n.k = r." + key
        + " where (r.lake_position is null and n.k is null)"
        + " or (r.lake_position is not null and n.v = r.lake_version and not r.lake_deleted)";
  }

  @SafeVarargs
  private String files(Part part, List<Path>... files) {
    List<Path> all = new ArrayList<>(List.of(empties.of(part)));
    for (List<Path> some : files) all.addAll(some);
    return Duck.parquet(all);
  }

  private static String columns(TableSchema schema) {
    return schema.columns()
        .stream()
        .map(Column::name)
        .map(name -> "r." + Duck.name(name))
        .collect(Collectors.joining(", "));
  }
}
