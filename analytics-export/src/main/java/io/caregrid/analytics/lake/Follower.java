package io.caregrid.analytics.lake;

import io.caregrid.analytics.lake.Commit.There;
import io.caregrid.analytics.lake.Rows.Entry;
import io.caregrid.analytics.lake.store.ObjectStore;
import io.caregrid.analytics.lake.table.Catalogue;
import io.caregrid.analytics.lake.table.Erasures;
import io.caregrid.analytics.lake.table.Erasures.Key;
import io.caregrid.analytics.lake.table.Head;
import io.caregrid.analytics.lake.table.Heads;
import io.caregrid.analytics.lake.table.KeyedTable;
import io.caregrid.analytics.lake.table.Ledger;
import io.caregrid.analytics.lake.table.NewFiles;
import io.caregrid.analytics.lake.table.Prepared;
import io.caregrid.analytics.lake.table.Standing;
import io.caregrid.analytics.lake.table.Step;
import io.caregrid.contract.Change;
import io.caregrid.store.Bodies.Found;
import io.caregrid.store.Bodies.Piece;
import io.caregrid.store.Bodies.Wanted;
import io.caregrid.store.ChangeFeed.Answer;
import io.caregrid.store.ChangeFeed.Changes;
import io.caregrid.store.ChangeFeed.Lost;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Turns what changed in the store into commits of the lake.
 *
 * <p>The lake's newest head is the truth. The feed is read from its {@code safe} on; what was read already stands in the logs or waits in the
 * {@link Coalescer}. Whatever fails, and wherever, what this knows is forgotten and the next turn begins with the newest head: so there is one way to go on,
 * after a full disk, after a crash and after another writer alike.
 *
 * <p>What was erased in the store (hard delete) disappears with its change like any deletion; that every version of it goes is asked of {@link Erasures} first.
 *
 * <p>In memory: the changes that wait, and of one commit the bodies. One thread at a time; blocking.
 */
final class Follower {
  /** Changes read at a time, most of a commit. */
  static final int MOST = 5_000;
  /** JSON of a commit; one resource may pass it. */
  private static final long BYTES = 16L << 20;
  /** Of one answer of the store, packed. */
  static final long PACKED = 2L << 20;
  private static final Duration TURN = Duration.ofSeconds(10);
  /** Longest a head says that it has everything until then, while nothing comes. */
  private static final Duration SILENCE = Duration.ofMinutes(1);

  private final Source source;
  private final Catalogue catalogue;
  private final ObjectStore store;
  private final Path scratch;
  private final Duration openPeriod;
  private final Clock clock;
  private final Step.Watch watch;
  private final Heads heads;
  private final NewFiles files;
  private final Erasures erasures;
  private final Rows rows;
  private Ledger ledger;
  private Coalescer coalescer;
  private Standing standing;
  /** Changes until there may stand in a log. */
  private long again;
  private Instant asOf = Instant.EPOCH;

  Follower(Source source, Catalogue catalogue, ObjectStore store, Path scratch, Duration openPeriod,
      Unreadable unreadable, Clock clock, Step.Watch watch) {
    this.source = source;
    this.catalogue = catalogue;
    this.store = store;
    this.scratch = scratch;
    this.openPeriod = openPeriod;
    this.clock = clock;
    this.watch = watch;
    this.heads = new Heads(store);
    this.files = new NewFiles(store, scratch, clock, watch);
    this.erasures = new Erasures(store);
    this.rows = new Rows(unreadable);
  }

  /** Says between two steps whether the work is still ours. */
  interface Held {
    /** @throws io.caregrid.analytics.lake.table.Overtaken it is not */
    void check() throws IOException;
  }

  /** @param rows written in the logs, @param commits made, @param waiting changes that wait for a period to end */
  record Turn(long rows, int commits, int waiting) {}

  /** Follows the feed to its end, or for so long that others may want the thread. */
  Turn turn(Held held) throws IOException {
    boolean done = false;
    try {
      if (ledger == null) open(held);
      Turn turn = follow(held);
      done = true;
      return turn;
    } finally {
      if (!done) forget();
    }
  }

  /** The lake is read anew next time. */
  void forget() {
    ledger = null;
    coalescer = null;
  }

  /** Versions were made that say nothing new: of the tables what is newest is read, of the feed nothing is forgotten. */
  void reread() throws IOException {
    if (ledger == null) return;
    long number = ledger.head().number();
    boolean done = false;
    try {
      Ledger newest = Ledger.open(catalogue, heads, clock, watch);
      if (newest.head() == null || newest.head().number() != number) return;
      ledger = newest;
      standing = new Standing(store, scratch, newest);
      done = true;
    } finally {
      if (!done) forget();
    }
  }

  /** What was in the store then, and waits for no period to end, is in the lake. */
  Instant asOf() {
    return asOf;
  }

  /** Null when it has to be read anew. */
  Ledger ledger() {
    return ledger;
  }

  private void open(Held held) throws IOException {
    Ledger opened = Ledger.open(catalogue, heads, clock, watch);
    source.register();
    Answer onward = onward(opened.head());
    if (onward instanceof Lost lost) rebuild(opened, lost, held);
    else begin(opened);
  }

  /** Whether the feed leads on from all that was read, not only from what is safe: what waited may lie before the place that a restored database went back to. */
  private Answer onward(Head head) throws IOException {
    return head == null ? new Lost(source.head()) : source.read(head.read(), 1);
  }

  private void begin(Ledger opened) throws IOException {
    ledger = opened;
    coalescer = new Coalescer(openPeriod, opened.head().safe());
    standing = new Standing(store, scratch, opened);
    again = standing.until();
    source.commit(opened.head().safe());
  }

  private void rebuild(Ledger opened, Lost lost, Held held) throws IOException {
    new Rebuild(source, opened, files, rows, erasures, clock, watch).run(lost.start(), held);
    begin(opened);
  }

  private Turn follow(Held held) throws IOException {
    Instant end = clock.instant().plus(TURN);
    long rows = 0;
    int commits = 0;
    while (true) {
      held.check();
      Instant now = clock.instant();
      Answer answer = source.read(coalescer.read(), MOST);
      if (answer instanceof Lost lost) {
        rebuild(ledger, lost, held);
        continue;
      }
      List<Change> changes = ((Changes) answer).changes();
      boolean all = changes.size() < MOST;
      Instant until = all ? now : changes.get(changes.size() - 1).at();
      offer(changes, now);
      for (List<Change> due = coalescer.due(now, MOST); !due.isEmpty(); due = coalescer.due(now, MOST)) {
        long written = commit(due, now, until);
        rows += written;
        commits += written > 0 ? 1 : 0;
      }
      asOf = until;
      if (all || now.isAfter(end)) break;
    }
    coalescer.tidy(clock.instant());
    keep();
    return new Turn(rows, commits, coalescer.waiting());
  }

  /**
   * What was read and gave nothing to write need not be read again; what is in the tables is to be seen; and when nothing happens, that is news too. A head
   * that is ahead was made before the clock was set back.
   */
  private void keep() throws IOException {
    Head head = ledger.head();
    boolean silent = !asOf.isBefore(head.asOf().plus(SILENCE)) || asOf.isBefore(head.asOf());
    if (silent || ledger.isAhead() || !coalescer.safe().equals(head.safe())) publish(asOf);
  }

  private void offer(List<Change> changes, Instant now) throws IOException {
    List<Wanted> asked = changes.stream()
        .filter(change -> coalescer.mayWait(change, now))
        .map(Follower::wanted)
        .toList();
    Set<Wanted> devices = asked.isEmpty() ? Set.of() : source.ofDevices(Commit.OBSERVATION, asked);
    for (Change change : changes) coalescer.offer(change, devices.contains(wanted(change)), now);
  }

  private static Wanted wanted(Change change) {
    return new Wanted(change.id(), change.version());
  }

  /** Of these changes as many as make one commit; gives how many versions went in. */
  private long commit(List<Change> due, Instant now, Instant until) throws IOException {
    Map<String, List<Change>> byType = new LinkedHashMap<>();
    due.forEach(change -> byType.computeIfAbsent(change.type(), type -> new ArrayList<>()).add(change));
    Commit commit = new Commit(ledger, files, rows, now);
    long room = BYTES;
    for (Map.Entry<String, List<Change>> each : byType.entrySet()) {
      if (room > 0) room -= commit(each.getKey(), each.getValue(), commit, room, now);
    }
    if (commit.rows() > 0) publish(until);
    return commit.rows();
  }

  private long commit(String type, List<Change> changes, Commit commit, long room, Instant now) throws IOException {
    if (!catalogue.resources().containsKey(type)) {
      coalescer.done(changes); // the lake has no table of that type
      return 0;
    }
    There there = there(type, changes);
    List<Change> left = new ArrayList<>();
    for (Change change : changes) {
      if (there.in(type, wanted(change))) coalescer.done(List.of(change));
      else left.add(change);
    }
    List<Entry> entries = new ArrayList<>();
    long bytes = 0;
    int looked = 0;
    while (looked < left.size() && bytes < room) {
      Piece piece = source.find(type, left.subList(looked, left.size()).stream().map(Follower::wanted).toList(),
          PACKED);
      List<Change> asked = left.subList(looked, looked + piece.looked());
      List<Entry> found = entries(piece, asked);
      erase(type, asked, found);
      bytes += found.stream().mapToLong(Entry::bytes).sum();
      entries.addAll(found);
      looked += piece.looked();
    }
    commit.write(type, entries, there);
    coalescer.done(left.subList(0, looked));
    Map<Wanted, Change> byVersion = byVersion(left.subList(0, looked));
    for (Entry entry : entries) if (entry.found().device()) coalescer.begin(byVersion.get(wanted(entry.found())), now);
    return bytes;
  }

  /**
   * What the store has removed with its history goes from the lake as well. The request is there before the head that says this was read: dying in between, it
   * is made again. A deletion that is not found any more is one of those, too, whose id was taken again since; or its type keeps no versions.
   */
  private void erase(String type, List<Change> asked, List<Entry> found) throws IOException {
    Map<Wanted, Change> gone = new HashMap<>();
    for (Change change : asked) if (change.op() == Change.Op.DELETE) gone.put(wanted(change), change);
    for (Entry entry : found) if (!entry.found().erased()) gone.remove(wanted(entry.found()));
    if (gone.isEmpty()) return;
    erasures.request(gone.values().stream().map(change -> new Key(type, change.id(), change.version())).toList());
  }

  private static Wanted wanted(Found found) {
    return new Wanted(found.stored().id(), found.stored().version());
  }

  private static Map<Wanted, Change> byVersion(List<Change> changes) {
    Map<Wanted, Change> byVersion = new HashMap<>();
    for (Change change : changes) byVersion.put(wanted(change), change);
    return byVersion;
  }

  private static List<Entry> entries(Piece piece, List<Change> changes) {
    Map<Wanted, Change> byVersion = byVersion(changes);
    return piece.found().stream().map(found -> new Entry(found, byVersion.get(wanted(found)).position())).toList();
  }

  /** What of them stands in the logs, when a part of the feed is read again. */
  private There there(String type, List<Change> changes) throws IOException {
    List<String> keys = changes.stream()
        .filter(change -> change.position() <= again)
        .map(Change::id)
        .distinct()
        .toList();
    if (keys.isEmpty()) return There.NOTHING;
    long safe = coalescer.safe().position();
    KeyedTable table = catalogue.resources().get(type);
    Set<Wanted> rebuilt = standing.rebuilt(table, keys, safe);
    Set<Wanted> resources = new HashSet<>(standing.followed(table, keys, safe));
    resources.addAll(rebuilt);
    if (!type.equals(Commit.OBSERVATION)) return new There(resources, Set.of());
    Set<Wanted> vitals = new HashSet<>(standing.followed(catalogue.vitals(), keys, safe));
    vitals.addAll(rebuilt);
    return new There(resources, vitals);
  }

  /**
   * A table takes what was prepared for it, unless it is no longer what that was thought out on, or the lake was read anew since: then the files are litter.
   *
   * @return whether it did
   */
  boolean take(Upkeep.Done kept) throws IOException {
    Prepared prepared = kept.prepared();
    if (ledger != kept.task().ledger() || !prepared.fits(ledger.newest(prepared.part()))) return false;
    boolean done = false;
    try {
      ledger.commit(prepared.part(), prepared.actions());
      Head head = ledger.head();
      ledger.publish(head.read(), head.safe(), head.asOf());
      done = true;
      return true;
    } finally {
      if (!done) forget();
    }
  }

  private void publish(Instant until) throws IOException {
    ledger.publish(coalescer.read(), coalescer.safe(), until);
    source.commit(ledger.head().safe());
    watch.reached(Step.CURSOR_COMMITTED);
  }
}
