package io.caregrid.analytics.lake.delta;

import io.caregrid.analytics.lake.delta.Action.Add;
import io.caregrid.analytics.lake.delta.Action.MetaData;
import io.caregrid.analytics.lake.delta.Action.Remove;
import io.caregrid.analytics.lake.delta.Action.Txn;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** A table that comes to be at random, and what it should be at every version, kept beside it in the plainest way. */
final class History {
  static final String SCHEMA = """
      {"type":"struct","fields":[{"name":"n","type":"long","nullable":true,"metadata":{}}]}""";

  /** Makes a data file and says its size. */
  interface Maker {
    long make(String path) throws IOException;
  }

  final Map<Long, Set<String>> files = new TreeMap<>();
  final Map<Long, Long> merged = new TreeMap<>();
  private final Random random;
  private final Maker maker;
  private Instant now = Instant.parse("2026-11-21T22:00:00Z");
  private int made;

  History(Random random, Maker maker) {
    this.random = random;
    this.maker = maker;
  }

  Instant now() {
    return now;
  }

  long version() {
    return files.size() - 1L;
  }

  Set<String> newest() {
    return files.get(version());
  }

  /** One version more: files come and go, now and then the table gets another configuration. */
  void step(DeltaLog log) throws IOException {
    now = now.plus(Duration.ofSeconds(random.nextInt(60)));
    long version = files.size();
    List<Action> actions = new ArrayList<>();
    actions.add(Action.CommitInfo.of("STEP", now));
    if (version == 0) actions.addAll(Action.first(MetaData.of("random", SCHEMA, now, Map.of())));
    else
      if (random.nextInt(20) == 0)
        actions.add(MetaData.of("random", SCHEMA, now, Map.of("delta.appendOnly", "false")));
    Set<String> here = new TreeSet<>(version == 0 ? Set.of() : newest());
    for (String each : List.copyOf(here)) if (random.nextInt(6) == 0) remove(log, each, here, actions);
    for (int n = random.nextInt(4); n > 0; n--) add(here, actions);
    if (random.nextBoolean()) actions.add(new Txn("merged", version * 10));
    if (!log.commit(version, actions)) throw new IllegalStateException("version " + version + " was taken");
    files.put(version, here);
    merged.put(version, actions.stream().anyMatch(each -> each instanceof Txn)
        ? version * 10
        : version == 0 ? -1 : merged.get(version - 1));
  }

  private void remove(DeltaLog log, String path, Set<String> here, List<Action> actions) throws IOException {
    Add file = log.snapshot().files().get(path);
    actions.add(Remove.of(file, now, random.nextBoolean()));
    here.remove(path);
  }

  private void add(Set<String> here, List<Action> actions) throws IOException {
    String path = String.format("%04d-%08x.parquet", made++, random.nextInt());
    String stats = random.nextBoolean() ? "{\"numRecords\":1}" : null;
    Map<String, String> tags = random.nextBoolean()
        ? Map.of("lake.commits", made + "-" + made, "ä", "\"ö\"")
        : Map.of();
    actions.add(new Add(path, maker.make(path), now.toEpochMilli(), random.nextBoolean(), stats, tags));
    here.add(path);
  }
}
