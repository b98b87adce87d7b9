package io.caregrid.device;

import io.caregrid.cluster.ShardTable;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;

/** Ownership as a test says. */
final class ChosenShards implements ShardTable {
  private final int count;
  private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
  private volatile Set<Integer> mine;

  ChosenShards(int count, Set<Integer> mine) {
    this.count = count;
    this.mine = mine;
  }

  void own(Set<Integer> shards) {
    mine = shards;
    listeners.forEach(Runnable::run);
  }

  @Override
  public int count() {
    return count;
  }

  @Override
  public Set<Integer> mine() {
    return mine;
  }

  @Override
  public AutoCloseable onChange(Runnable changed) {
    listeners.add(changed);
    return () -> listeners.remove(changed);
  }
}
