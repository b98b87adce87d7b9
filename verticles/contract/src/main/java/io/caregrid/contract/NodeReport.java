package io.caregrid.contract;

import java.util.List;
import java.util.Map;

/**
 * What one node says of itself to whoever looks after the cluster. Holds no patient data and no ids of devices.
 *
 * @param member    its id ({@code cluster.Member})
 * @param name      setting {@code name}
 * @param version   of Caregrid
 * @param started   epoch milliseconds
 * @param verticles what is deployed there → how many; shards are counted as {@code ShardVerticle}
 * @param shards    those its pump has in hand, ascending
 */
public record NodeReport(String member, String name, String version, long started, Map<String, Integer> verticles,
    List<Shard> shards) {

  /**
   * @param state    opening, running, closing, resting (after a failure, before the next try) or stopped (until an operator has looked)
   * @param position offset in topic {@code measurements} up to which everything is in the store, exclusive; -1 while it is opening
   * @param lag      records of the log beyond that, as far as this node knows; -1 when it does not
   * @param backlog  events in this node's memory that are not in the store yet
   * @param error    why it rests or is stopped, or why its last life ended; null when it never failed here
   */
  public record Shard(int shard, String state, long position, long lag, long backlog, String error) {}

  /** Question to {@code Addresses.node(member)}: answered with a {@link NodeReport}. */
  public record Question() {}
}
