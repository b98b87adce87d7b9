package io.caregrid.analytics.sql;

import java.io.IOException;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** What one state of the lake can be asked: its own views, and the flat ones over them. */
final class Offer {
  private final Tables.Pinned lake;
  private final Map<String, Tables.View> views = new TreeMap<>();
  private final Map<String, FlatViews.Flat> flat = new HashMap<>();

  Offer(Tables.Pinned lake) {
    this.lake = lake;
    lake.views().forEach(view -> views.put(view.name(), view));
    for (FlatViews.Flat each : FlatViews.ALL) {
      if (!views.containsKey(each.under()) || views.containsKey(each.name())) continue;
      views.put(each.name(), each.over(views.get(each.under())));
      flat.put(each.name(), each);
    }
  }

  Set<String> names() {
    return views.keySet();
  }

  Collection<Tables.View> views() {
    return views.values();
  }

  /** As {@link Tables.Pinned#query}: its files are local from now on. */
  String query(String name, Running running) throws IOException {
    FlatViews.Flat over = flat.get(name);
    String query = lake.query(over == null ? name : over.under(), running::check);
    return over == null ? query : over.over(query);
  }
}
