package io.caregrid.cluster;

import java.util.Set;

/** Which shards this node owns at the moment. An optimisation, never a promise: two nodes may both believe they own one (SHARDING.md). */
public interface ShardTable {
  /** Shards of the house. */
  int count();

  /** Shards this node owns now; empty on a lite member. */
  Set<Integer> mine();

  /** Calls back, on any thread, after ownership may have changed. Close to stop. */
  AutoCloseable onChange(Runnable changed);
}
