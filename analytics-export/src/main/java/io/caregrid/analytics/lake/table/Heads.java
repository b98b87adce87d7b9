package io.caregrid.analytics.lake.table;

import io.caregrid.analytics.lake.store.ObjectStore;
import io.caregrid.analytics.lake.store.ObjectStore.Entry;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The heads of one lake, {@code _lake/heads/<20 digits>.json}: each is there or not, and never changes. Any thread; blocking. */
public final class Heads {
  static final String FOLDER = "_lake/heads/";
  private static final int DIGITS = 20;
  private static final int PAGE = 1_000;

  private final ObjectStore store;
  private volatile Head known;

  public Heads(ObjectStore store) {
    this.store = store;
  }

  /** The lake as it is now; null before the first. Costs one listing from the last known on. */
  public Head newest() throws IOException {
    Head last = known;
    String after = last == null ? "" : name(last.number());
    String newest = null;
    for (List<Entry> page = page(after); !page.isEmpty(); page = page(newest)) {
      newest = page.get(page.size() - 1).name();
      if (page.size() < PAGE) break;
    }
    if (newest == null) return last;
    byte[] bytes = store.get(newest);
    if (bytes == null) throw new IOException("the lake's head " + newest + " vanished while it was read");
    return known = Head.of(newest, bytes);
  }

  /** False: another one has made this head. True: from now on the lake is like that. */
  public boolean publish(Head head) throws IOException {
    if (!store.putIfAbsent(name(head.number()), head.json())) return false;
    known = head;
    return true;
  }

  /** Numbers of those below this one, in order. */
  public List<Long> below(long number) throws IOException {
    List<Long> below = new ArrayList<>();
    String after = "";
    while (true) {
      List<Entry> page = page(after);
      for (Entry each : page) {
        if (each.name().compareTo(name(number)) >= 0) return below;
        below.add(Long.parseLong(each.name().substring(FOLDER.length(), FOLDER.length() + DIGITS)));
        after = each.name();
      }
      if (page.size() < PAGE) return below;
    }
  }

  /** Null when there is none of this number, or not any more. */
  public Head at(long number) throws IOException {
    byte[] bytes = store.get(name(number));
    return bytes == null ? null : Head.of(name(number), bytes);
  }

  public void delete(long number) throws IOException {
    store.delete(name(number));
  }

  private List<Entry> page(String after) throws IOException {
    return store.list(FOLDER, after, PAGE);
  }

  private static String name(long number) {
    return FOLDER + String.format(Locale.ROOT, "%0" + DIGITS + "d.json", number);
  }
}
