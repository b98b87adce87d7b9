package io.caregrid.cluster;

import static io.caregrid.cluster.ConfigException.require;

import java.util.List;

/**
 * How the nodes find each other (Hazelcast, and Vert.x's event bus on top of it).
 *
 * @param mode       {@code single}: one node, promises hold against the loss of the process; {@code cluster}: also against the loss of a machine
 * @param name       nodes with another name are never joined
 * @param host       address of the member port and the event bus: loopback or private, since Hazelcast's open edition authenticates nobody
 * @param port       Hazelcast's member port, 0 takes the first free one from 5701
 * @param busPort    the event bus's port, 0 takes any free one
 * @param members    {@code host:port} of other members to join; empty means nobody else is expected
 * @param shards     shards of the house = partitions of topic {@code measurements} = Hazelcast partitions; a commitment. 1..1024; 12 suits one small
 *                   node, 60 a cluster
 * @param durability empty, or {@code single-machine-i-know-what-i-do} to let mode cluster start although one machine's loss would lose data
 */
public record ClusterConfig(String mode, String name, String host, int port, int busPort, List<String> members,
    int shards, String durability) {

  public static final String SINGLE_MACHINE = "single-machine-i-know-what-i-do";
  public static final ClusterConfig DEFAULT = new ClusterConfig("single", "caregrid", "127.0.0.1", 0, 0, List.of(), 12,
      "");

  public ClusterConfig {
    require(mode.equals("single") || mode.equals("cluster"), "cluster.mode must be single or cluster, not " + mode);
    require(!name.isBlank(), "cluster.name must not be blank");
    require(port >= 0 && port <= 65535, "cluster.port must be 0..65535, not " + port);
    require(busPort >= 0 && busPort <= 65535, "cluster.busPort must be 0..65535, not " + busPort);
    require(shards >= 1 && shards <= 1024, "cluster.shards must be 1..1024, not " + shards);
    require(Hosts.isPrivate(host), "cluster.host must be a loopback or private address, not " + host
        + ": Hazelcast's open edition neither encrypts nor authenticates between members");
    require(durability.isEmpty() || durability.equals(SINGLE_MACHINE),
        "cluster.durability must be empty or " + SINGLE_MACHINE + ", not " + durability);
    members = List.copyOf(members);
  }

  /** True when the loss of a whole machine must not lose anything acknowledged. */
  public boolean survivesMachineLoss() {
    return mode.equals("cluster") && durability.isEmpty();
  }
}
