package io.caregrid.device;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;

/**
 * One shard as a model: source partitions, normalisers that crash, repeat and haunt, a log that may lose its head or its tail, a database that may be
 * restored, and nodes that may all believe they own the shard. Each step is one atomic action of one of them, drawn at random from a seed.
 *
 * <p>The effect in the database is the list of events applied, so that one lost, repeated or reordered event shows.
 */
final class ShardModel {
  /** What the design insists on. A broken variant leaves one out. */
  enum Rule {
    /** Progress is read under the row's lock, not before. */
    LOCK,
    /** Events before {@code applied} are dropped. */
    GUARD,
    /** A batch that begins beyond {@code applied} is refused. */
    GAP_CHECK,
    /** A shard opens at the database's progress, not at the broker's offset. */
    SEEK_TO_DATABASE,
    /** The broker's offset moves after the write, not when records are polled. */
    COMMIT_AFTER_WRITE,
    /** What is not above its source mark is dropped. */
    SOURCE_MARKS,
    /** A shard without events writes an empty batch now and then. */
    IDLE_CHECK,
    /** A log that begins after where the shard wants to read stops it. */
    BEGIN_CHECK,
    /** A log that ends before where the shard wants to read stops it. */
    END_CHECK,
    /** A running reader notices, by leader epochs, that what it has read was cut off. */
    EPOCH_CHECK,
    /** At opening, records before {@code applied} are compared with the source marks. */
    LOOK_BACK,
    /** In the transaction, events dropped by the guard are compared with the source marks. */
    PREFIX_CHECK
  }

  /** What may happen to the parts. */
  enum Blow {
    CRASH, MOVE, NORMALISER_CRASH, NORMALISER_HAUNTS, RESTORE_NOTICED, RESTORE_SILENT, LOST_TAIL, RETENTION
  }

  enum Verdict {
    /** Everything in the log is in effect once, in order. */
    EXACT,
    /** Not everything is, but an alarm was raised; nothing is doubled or out of order. */
    HALTED,
    /** Silent damage. */
    WRONG
  }

  private static final int SOURCES = 3;
  private static final int MOST_NODES = 6;
  private static final int MOST_STEPS = 60_000;
  private static final int MOST_ALARMS = 25;

  private final Set<Rule> rules;
  private final List<Blow> weather;
  private final Random random;
  private final int[] events = new int[SOURCES];
  private final int[] committedSource = new int[SOURCES];
  private final List<Normaliser> normalisers = new ArrayList<>();
  private final Normaliser[] owners = new Normaliser[SOURCES];
  private final Log log = new Log();
  private final Database database = new Database();
  private Database backup = new Database();
  private final List<Node> nodes = new ArrayList<>();
  private Node owner;
  private int committed;
  private int blows = 50;
  private int alarms;

  private ShardModel(long seed, Set<Rule> rules, Set<Blow> weather) {
    this.rules = rules;
    this.weather = List.copyOf(weather);
    this.random = new Random(seed);
    for (int p = 0; p < SOURCES; p++) events[p] = 10 + random.nextInt(20);
  }

  static Verdict run(long seed, Set<Rule> rules, Set<Blow> weather) {
    return new ShardModel(seed, rules, weather).run();
  }

  private Verdict run() {
    begin();
    for (int step = 0; step < MOST_STEPS && alarms < MOST_ALARMS && !finished(); step++) {
      if (owner == null) nodes.add(owner = new Node());
      if (nodes.size() > MOST_NODES) nodes.get(0).die();
      if (blows > 0 && random.nextInt(14) == 0) strike();
      else if (random.nextInt(3) == 0) normalise();
      else nodes.get(random.nextInt(nodes.size())).act();
    }
    return verdict();
  }

  /** One event of each source partition is in effect before anything happens, as in any house older than a minute. */
  private void begin() {
    for (int p = 0; p < SOURCES; p++) {
      log.append(source(p, 0));
      database.take(source(p, 0), database.marks, true);
      committedSource[p] = 1;
    }
    database.applied = committed = SOURCES;
    backup = database.copy();
  }

  private boolean finished() {
    if (blows > 0 || owner == null || owner.stage != Node.RUNNING) return false;
    for (int p = 0; p < SOURCES; p++) if (committedSource[p] < events[p]) return false;
    for (Node node : nodes) if (node.batch != null || node.open.size > 0) return false;
    return normalisers.isEmpty() && owner.position == log.end() && database.applied == log.end();
  }

  private Verdict verdict() {
    boolean[] in = new boolean[SOURCES << 8];
    int[] last = {-1, -1, -1};
    for (int i = 0; i < database.effect.size; i++) {
      int source = database.effect.at(i);
      if (in[source] || (source & 255) <= last[source >> 8]) return Verdict.WRONG;
      in[source] = true;
      last[source >> 8] = source & 255;
    }
    for (int source : log.fold()) if (!in[source]) return alarms > 0 ? Verdict.HALTED : Verdict.WRONG;
    return Verdict.EXACT;
  }

  private void strike() {
    blows--;
    switch (weather.get(random.nextInt(weather.size()))) {
      case CRASH -> {
        if (!nodes.isEmpty()) nodes.get(random.nextInt(nodes.size())).die();
      }
      case MOVE -> owner = null;
      case NORMALISER_CRASH -> {
        if (!normalisers.isEmpty()) normalisers.remove(random.nextInt(normalisers.size())).die();
      }
      case NORMALISER_HAUNTS -> owners[random.nextInt(SOURCES)] = null;
      case RESTORE_NOTICED -> restore(true);
      case RESTORE_SILENT -> restore(false);
      case LOST_TAIL -> loseTail();
      case RETENTION -> log.begin = Math.max(log.begin, Math.min(log.end(), retained()));
    }
  }

  /** A backup is taken, or the last one comes back; connections break or do not. */
  private void restore(boolean noticed) {
    if (database.lockedBy != null) return;
    if (random.nextBoolean()) {
      backup = database.copy();
      return;
    }
    database.become(backup);
    if (noticed) for (Node node : new ArrayList<>(nodes)) node.die();
  }

  /** A power failure: the broker's last records are gone, and perhaps what the normalisers committed about them. */
  private void loseTail() {
    int lost = Math.min(log.end() - Math.max(log.begin, SOURCES), random.nextInt(12));
    if (lost <= 0) return;
    log.cut(log.end() - lost);
    for (int p = 0; p < SOURCES; p++)
      if (random.nextBoolean()) committedSource[p] = Math.max(1, committedSource[p] - random.nextInt(8));
    if (random.nextInt(3) > 0) normalisers.clear();
    if (random.nextInt(3) > 0) Arrays.fill(owners, null);
  }

  private int retained() {
    return random.nextInt(10) == 0
        ? log.begin + random.nextInt(20)
        : Math.min(database.applied, backup.applied) - random.nextInt(3);
  }

  // ---- the first hop

  private void normalise() {
    int p = random.nextInt(SOURCES);
    if (owners[p] == null && committedSource[p] < events[p]) normalisers.add(owners[p] = new Normaliser(p));
    if (normalisers.isEmpty()) return;
    Normaliser one = normalisers.get(random.nextInt(normalisers.size()));
    if (one.next < events[one.partition] && (one.next == one.from || random.nextInt(4) > 0))
      log.append(source(one.partition, one.next++));
    else
      one.commit();
  }

  /** Reads a source partition from where the last one committed; produces, then commits. A haunting one goes on after it was replaced. */
  private final class Normaliser {
    final int partition;
    int from;
    int next;

    Normaliser(int partition) {
      this.partition = partition;
      this.from = this.next = committedSource[partition];
    }

    void commit() {
      if (owners[partition] == this) committedSource[partition] = next;
      from = next;
      if (owners[partition] != this || next == events[partition]) {
        normalisers.remove(this);
        die();
      }
    }

    void die() {
      if (owners[partition] == this) owners[partition] = null;
    }
  }

  // ---- the log

  private static int source(int partition, int offset) {
    return partition << 8 | offset;
  }

  private static final class Log {
    private final Ints records = new Ints();
    /** Where each leader epoch began. */
    private final Ints epochs = new Ints();
    int begin;

    Log() {
      epochs.add(0);
    }

    int end() {
      return records.size;
    }

    void append(int source) {
      records.add(source);
    }

    void cut(int end) {
      records.size = end;
      epochs.add(end);
    }

    int epoch() {
      return epochs.size - 1;
    }

    int epochAt(int position) {
      int epoch = epoch();
      while (epoch > 0 && epochs.at(epoch) > position) epoch--;
      return epoch;
    }

    /** Where the records of this epoch ended: at the lowest start of a later one. */
    int endOf(int epoch) {
      int end = end();
      for (int later = epoch + 1; later < epochs.size; later++) end = Math.min(end, epochs.at(later));
      return end;
    }

    /** The events of this log, each once: what must be in effect. */
    List<Integer> fold() {
      int[] marks = {-1, -1, -1};
      List<Integer> taken = new ArrayList<>();
      for (int i = 0; i < records.size; i++) {
        int source = records.at(i);
        if ((source & 255) <= marks[source >> 8]) continue;
        marks[source >> 8] = source & 255;
        taken.add(source);
      }
      return taken;
    }
  }

  // ---- the database

  private static final class Database {
    int applied;
    int[] marks = {-1, -1, -1};
    Ints effect = new Ints();
    Node lockedBy;

    boolean isNew(int source) {
      return (source & 255) > marks[source >> 8];
    }

    /** @param seen the marks as the transaction read them */
    void take(int source, int[] seen, boolean bySourceMarks) {
      if (bySourceMarks && (source & 255) <= seen[source >> 8]) return;
      effect.add(source);
      seen[source >> 8] = Math.max(seen[source >> 8], source & 255);
    }

    Database copy() {
      Database copy = new Database();
      copy.become(this);
      return copy;
    }

    void become(Database other) {
      applied = other.applied;
      marks = other.marks.clone();
      effect = other.effect.copy();
    }
  }

  // ---- a node that believes it owns the shard

  private final class Node {
    static final int READS_PROGRESS = 0;
    static final int CHECKS_LOG = 1;
    static final int RUNNING = 2;

    int stage = READS_PROGRESS;
    int position;
    int from;
    int epoch;
    Ints open = new Ints();
    Ints batch;
    int batchFrom;
    int batchTo;
    int seen = -1;
    boolean written;
    int[] marksSeen;

    void act() {
      if (stage == READS_PROGRESS) readProgress();
      else if (stage == CHECKS_LOG) checkLog();
      else if (batch == null) {
        if (random.nextInt(3) > 0) read();
        else openBatch();
      } else if (random.nextInt(3) == 0) read();
      else if (!written) transact();
      else acknowledge();
    }

    private void readProgress() {
      position = rules.contains(Rule.SEEK_TO_DATABASE) ? database.applied : committed;
      marksSeen = database.marks.clone();
      stage = CHECKS_LOG;
    }

    private void checkLog() {
      from = position;
      stage = RUNNING;
      epoch = position > log.begin && position <= log.end() ? log.epochAt(position - 1) : log.epoch();
      if (!inRange() || !rules.contains(Rule.LOOK_BACK)) return;
      for (int i = log.begin; i < position; i++) {
        int source = log.records.at(i);
        if ((source & 255) > marksSeen[source >> 8]) {
          alarm();
          return;
        }
      }
    }

    private boolean inRange() {
      if (position > log.end()) {
        if (rules.contains(Rule.END_CHECK)) alarm();
        return false;
      }
      if (position >= log.begin) return true;
      if (rules.contains(Rule.BEGIN_CHECK)) alarm();
      else position = log.begin;
      return false;
    }

    private void read() {
      if (rules.contains(Rule.EPOCH_CHECK) && position > log.endOf(epoch)) {
        alarm();
        return;
      }
      if (!inRange() || position == log.end() || open.size >= 8) return;
      epoch = log.epochAt(position);
      open.add(log.records.at(position++));
      if (!rules.contains(Rule.COMMIT_AFTER_WRITE)) committed = position;
    }

    private void openBatch() {
      boolean idle = rules.contains(Rule.IDLE_CHECK) && open.size == 0 && position >= log.end();
      if (open.size == 0 && !idle) return;
      batch = open;
      batchFrom = from;
      batchTo = from = position;
      open = new Ints();
      seen = -1;
      written = false;
    }

    /** Two steps, BEGIN with its SELECT and COMMIT with all before it: others act in between. */
    private void transact() {
      if (seen < 0) {
        if (rules.contains(Rule.LOCK)) {
          if (database.lockedBy != null) return;
          database.lockedBy = this;
        }
        seen = database.applied;
        marksSeen = database.marks.clone();
        if (rules.contains(Rule.GAP_CHECK) && batchFrom > seen) die();
        else if (rules.contains(Rule.PREFIX_CHECK) && prefixIsNew()) alarm();
        return;
      }
      for (int i = 0; i < batch.size; i++)
        if (!rules.contains(Rule.GUARD) || positionOf(i) >= seen)
          database.take(batch.at(i), marksSeen, rules.contains(Rule.SOURCE_MARKS));
      database.applied = Math.max(seen, batchTo);
      database.marks = marksSeen;
      if (database.lockedBy == this) database.lockedBy = null;
      written = true;
    }

    private boolean prefixIsNew() {
      for (int i = 0; i < batch.size && positionOf(i) < seen; i++) if (database.isNew(batch.at(i))) return true;
      return false;
    }

    /** A reader that jumped over what retention deleted does not know it: its events end where the batch ends. */
    private int positionOf(int i) {
      return batchTo - batch.size + i;
    }

    private void acknowledge() {
      if (rules.contains(Rule.COMMIT_AFTER_WRITE)) committed = batchTo;
      batch = null;
    }

    private void alarm() {
      alarms++;
      die();
    }

    void die() {
      nodes.remove(this);
      if (owner == this) owner = null;
      if (database.lockedBy == this) database.lockedBy = null;
    }
  }

  /** A list of ints that copies fast. */
  private static final class Ints {
    private int[] values = new int[32];
    int size;

    void add(int value) {
      if (size == values.length) values = Arrays.copyOf(values, size * 2);
      values[size++] = value;
    }

    int at(int index) {
      return values[index];
    }

    Ints copy() {
      Ints copy = new Ints();
      copy.values = values.clone();
      copy.size = size;
      return copy;
    }
  }
}
