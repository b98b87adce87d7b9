package io.caregrid.analytics.lake.delta;

import io.caregrid.analytics.lake.delta.Action.Add;
import io.caregrid.analytics.lake.delta.Action.MetaData;
import io.caregrid.analytics.lake.delta.Action.Protocol;
import io.caregrid.analytics.lake.delta.Action.Remove;
import io.caregrid.analytics.lake.delta.Action.Txn;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A table at one version: all actions until then, reconciled (PROTOCOL.md "Action Reconciliation"). Never changes.
 *
 * @param table      as {@link DeltaLog} was given it
 * @param version    {@link #NONE} before the first commit: then there is no metaData and nothing else
 * @param files      path to file, in order of adding
 * @param txns       appId to version
 * @param tombstones path to removal, of files that may still be read
 */
public record Snapshot(String table, long version, Protocol protocol, MetaData metaData, Map<String, Add> files,
    Map<String, Long> txns, Map<String, Remove> tombstones) {

  /** The version before the first. */
  public static final long NONE = -1;

  public Snapshot {
    files = Collections.unmodifiableMap(files);
    txns = Collections.unmodifiableMap(txns);
    tombstones = Collections.unmodifiableMap(tombstones);
  }

  static Snapshot none(String table) {
    return new Snapshot(table, NONE, null, null, Map.of(), Map.of(), Map.of());
  }

  /** False: nobody has made the table yet. */
  public boolean exists() {
    return version > NONE;
  }

  /** How far {@code appId} has come, or {@code otherwise}. */
  public long txn(String appId, long otherwise) {
    return txns.getOrDefault(appId, otherwise);
  }

  /** Bytes of all files. */
  public long bytes() {
    return files.values().stream().mapToLong(Add::size).sum();
  }

  /** Without the tombstones of files removed before that: nobody reads these files any more, they may be gone. */
  Snapshot forgetting(long removedBefore) {
    Map<String, Remove> kept = new LinkedHashMap<>(tombstones);
    kept.values().removeIf(each -> each.deletionTimestamp() < removedBefore);
    return new Snapshot(table, version, protocol, metaData, files, txns, kept);
  }

  /**
   * The table after these actions.
   *
   * @throws LogException they contradict each other or the table: it is no valid version
   */
  Snapshot with(long next, List<Action> actions) throws LogException {
    Building building = new Building(this, next);
    for (Action action : actions) building.take(action);
    return building.done();
  }

  private static final class Building {
    private final String table;
    private final long version;
    private Protocol protocol;
    private MetaData metaData;
    private final Map<String, Add> files;
    private final Map<String, Long> txns;
    private final Map<String, Remove> tombstones;
    private final Set<List<String>> seen = new HashSet<>();

    Building(Snapshot before, long version) {
      table = before.table;
      this.version = version;
      protocol = before.protocol;
      metaData = before.metaData;
      files = new LinkedHashMap<>(before.files);
      txns = new LinkedHashMap<>(before.txns);
      tombstones = new LinkedHashMap<>(before.tombstones);
    }

    void take(Action action) throws LogException {
      if (action instanceof Add add) {
        once("file", add.path());
        files.put(add.path(), add);
        tombstones.remove(add.path());
      } else if (action instanceof Remove remove) {
        once("file", remove.path());
        files.remove(remove.path());
        tombstones.put(remove.path(), remove);
      } else if (action instanceof Txn txn) {
        once("txn", txn.appId());
        txns.put(txn.appId(), txn.version());
      } else if (action instanceof MetaData changed) {
        once("metaData", "");
        metaData = changed;
      } else if (action instanceof Protocol changed) {
        once("protocol", "");
        protocol = changed;
      }
    }

    private void once(String what, String name) throws LogException {
      if (!seen.add(List.of(what, name)))
        throw new LogException(table, version, "says two things of the same " + (what + " " + name).strip());
    }

    Snapshot done() throws LogException {
      List<String> missing = new ArrayList<>();
      if (protocol == null) missing.add("protocol");
      if (metaData == null) missing.add("metaData");
      if (!missing.isEmpty())
        throw new LogException(table, version, "no " + String.join(" and no ", missing) + " until here");
      return new Snapshot(table, version, protocol, metaData, files, txns, tombstones);
    }
  }
}
