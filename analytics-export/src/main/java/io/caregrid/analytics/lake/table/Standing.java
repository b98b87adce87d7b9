package io.caregrid.analytics.lake.table;

import io.caregrid.analytics.lake.store.ObjectStore;
import io.caregrid.analytics.lake.table.KeyedTable.Part;
import io.caregrid.store.Bodies.Wanted;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** Which versions stand in a log already: what a writer asks who reads a part of the feed again. One thread; blocking. */
public final class Standing {
  private final ObjectStore store;
  private final Path scratch;
  private final Ledger ledger;

  public Standing(ObjectStore store, Path scratch, Ledger ledger) {
    this.store = store;
    this.scratch = scratch;
    this.ledger = ledger;
  }

  /** Greatest position in the feed whose change may stand in a log, by a head or only by its table. */
  public long until() {
    long until = Math.max(ledger.head().rebuilt(), ledger.head().read().position());
    for (KeyedTable table : ledger.catalogue().all())
      for (LogFile file : LogFile.all(ledger.newest(table.log()))) until = Math.max(until, file.until());
    return until;
  }

  /** Those of them that are in files with rows from behind {@code safe}. */
  public Set<Wanted> followed(KeyedTable table, Collection<String> keys, long safe) throws IOException {
    return among(table, keys, file -> file.until() > safe);
  }

  /** Those of them that a rebuild took from the store. */
  public Set<Wanted> rebuilt(KeyedTable table, Collection<String> keys, long safe) throws IOException {
    if (safe >= ledger.head().rebuilt()) return Set.of();
    return among(table, keys, LogFile::rebuilt);
  }

  /** Some files after the other: on an object store not all of them may be here at once. */
  private Set<Wanted> among(KeyedTable table, Collection<String> keys, Predicate<LogFile> which) throws IOException {
    Part log = table.log();
    List<LogFile> files = LogFile.all(ledger.newest(log)).stream().filter(which).toList();
    if (files.isEmpty() || keys.isEmpty()) return Set.of();
    String key = Duck.name(table.key());
    String wanted = keys.stream().map(each -> "(" + Duck.text(each) + ")").collect(Collectors.joining(", "));
    Set<Wanted> among = new HashSet<>();
    try (Duck duck = new Duck(scratch)) {
      for (List<LogFile> some : LogFile.pieces(files, Locals.atOnce(store))) {
        try (Locals locals = new Locals(store)) {
          among.addAll(duck.list("select distinct " + key + ", lake_version from "
              + Duck.parquet(locals.logs(log, some)) + " where " + key + " in (select col0 from (values " + wanted
              + "))", row -> new Wanted(row.getString(1), row.getInt(2))));
        }
      }
    }
    return among;
  }
}
