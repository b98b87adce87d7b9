package io.caregrid.templates.deidentify;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What was done, counted by rule and place; no value is in it. Of one thread. Bounded: places beyond {@value #MOST} are counted under their rule alone. */
public final class Report {
  private static final int MOST = 10_000;
  private final Map<Key, long[]> counts = new LinkedHashMap<>();
  private long resources;
  private long emptied;

  private record Key(int rule, String path, String method, String place) {}

  /**
   * @param rule   its number, from 1
   * @param path   the rule's
   * @param place  of the elements, without indexes: {@code Patient.name.given}
   * @param count  how many elements it changed there
   */
  public record Row(int rule, String path, String method, String place, long count) {}

  void changed(Rule rule, Element element) {
    Key key = new Key(rule.number(), rule.path(), rule.methodName(), element.path());
    if (counts.size() >= MOST && !counts.containsKey(key))
      key = new Key(rule.number(), rule.path(), rule.methodName(), "…");
    counts.computeIfAbsent(key, first -> new long[1])[0]++;
  }

  void resource() {
    resources++;
  }

  void emptied() {
    emptied++;
  }

  /** Adds another's counts to these. */
  public void add(Report other) {
    resources += other.resources;
    emptied += other.emptied;
    other.counts.forEach((key, count) -> counts.computeIfAbsent(key, first -> new long[1])[0] += count[0]);
  }

  /** Resources looked at, contained ones and those of a Bundle included. */
  public long resources() {
    return resources;
  }

  /** Inputs of which nothing but the type is left, because a rule failed on them. */
  public long emptiedInputs() {
    return emptied;
  }

  /** By rule, then by place. */
  public List<Row> rows() {
    List<Row> rows = new ArrayList<>();
    counts.forEach((key, count) -> rows.add(new Row(key.rule, key.path, key.method, key.place, count[0])));
    rows.sort(Comparator.comparingInt(Row::rule).thenComparing(Row::place));
    return rows;
  }
}
