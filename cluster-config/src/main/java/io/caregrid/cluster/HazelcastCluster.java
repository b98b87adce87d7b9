package io.caregrid.cluster;

import com.hazelcast.cluster.MembershipEvent;
import com.hazelcast.cluster.MembershipListener;
import com.hazelcast.config.Config;
import com.hazelcast.config.JoinConfig;
import com.hazelcast.config.MultiMapConfig.ValueCollectionType;
import com.hazelcast.config.NetworkConfig;
import com.hazelcast.core.Hazelcast;
import com.hazelcast.core.HazelcastInstance;
import com.hazelcast.core.LifecycleEvent;
import com.hazelcast.partition.MigrationListener;
import com.hazelcast.partition.MigrationState;
import com.hazelcast.partition.Partition;
import com.hazelcast.partition.ReplicaMigrationEvent;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxBuilder;
import io.vertx.core.VertxOptions;
import io.vertx.core.eventbus.EventBusOptions;
import io.vertx.spi.cluster.hazelcast.HazelcastClusterManager;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This node's membership: one view of who is there, for the event bus and for the shards alike.
 *
 * <p>Hazelcast's partitions are the shards; it spreads them over the members that hold data and moves them when members come and go. A member that
 * is silent for 5 s counts as gone. Two halves of a healed cut find together within seconds. Ports are bound on {@code cluster.host} only.
 */
public final class HazelcastCluster implements ShardTable, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(HazelcastCluster.class);
  /** Attributes of a member: what its node is called, what it does (roles with commas between them), where its doors are, by which rules over measurements it goes. */
  public static final String NAME = "caregrid.name";
  public static final String ROLES = "caregrid.roles";
  public static final String HTTP = "caregrid.http";
  public static final String RULES = "caregrid.rules";
  /** Vert.x's name for a node. Hazelcast's own is another one after two halves of a cut have found together; this stays as long as the node runs. */
  private static final String ID = "__vertx.nodeId";
  private static final int FIRST_PORT = 5701;
  /** Longest a lite member waits for one that owns shards. */
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  /** Events tell of every change; this catches one that was missed. */
  private static final long RECHECK_SECONDS = 5;

  private final ClusterConfig config;
  private final HazelcastInstance member;
  private final List<Runnable> listeners = new CopyOnWriteArrayList<>();
  private final ScheduledExecutorService notifier = Executors
      .newSingleThreadScheduledExecutor(HazelcastCluster::daemon);
  private Set<Integer> told = Set.of();

  private HazelcastCluster(ClusterConfig config, HazelcastInstance member) {
    this.config = config;
    this.member = member;
  }

  /**
   * Joins the members of the configuration, or stands alone. Blocks until it has, some 2 s.
   *
   * @param ownsShards false for a node without role {@code device}: it joins as a lite member, and must {@link #awaitOwner}
   * @throws ConfigException when the others have another number of shards, or the port is taken
   */
  public static HazelcastCluster join(ClusterConfig config, boolean ownsShards) {
    return join(config, ownsShards, Map.of());
  }

  /** @param attributes what others shall know of this node: {@link #NAME} and {@link #ROLES} */
  public static HazelcastCluster join(ClusterConfig config, boolean ownsShards, Map<String, String> attributes) {
    HazelcastCluster cluster = new HazelcastCluster(config, start(config, ownsShards, attributes));
    cluster.listen();
    log.info("cluster joined name={} members={} shards={} owner={}", config.name(), cluster.members(), config.shards(),
        ownsShards);
    return cluster;
  }

  /**
   * Blocks until a member holds data: without one there is no event bus, and nothing to do. A member that owns shards is one itself.
   *
   * @throws ConfigException when there is none after two minutes, or the thread is interrupted
   */
  public HazelcastCluster awaitOwner() {
    return awaitOwner(PATIENCE);
  }

  HazelcastCluster awaitOwner(Duration patience) {
    long deadline = System.nanoTime() + patience.toNanos();
    if (!hasOwner()) log.warn("waiting for a node with role device cluster={}", config.name());
    while (!hasOwner()) {
      if (System.nanoTime() > deadline || Thread.currentThread().isInterrupted())
        throw new ConfigException("nobody in cluster " + config.name()
            + " has role device: start such a node first and name it in cluster.members, "
            + "or give this one the role (roles)");
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(100));
    }
    return this;
  }

  private boolean hasOwner() {
    return member.getCluster().getMembers().stream().anyMatch(other -> !other.isLiteMember());
  }

  private static HazelcastInstance start(ClusterConfig config, boolean ownsShards, Map<String, String> attributes) {
    try {
      Config hazelcast = hazelcast(config, ownsShards);
      attributes.forEach(hazelcast.getMemberAttributeConfig()::setAttribute);
      return Hazelcast.newHazelcastInstance(hazelcast);
    } catch (IllegalStateException refused) {
      throw new ConfigException("this node cannot join cluster " + config.name() + ": are cluster.shards ("
          + config.shards() + ") and cluster.name the same on every node? Hazelcast says: " + refused.getMessage());
    } catch (RuntimeException failed) {
      throw new ConfigException("cluster.host " + config.host() + " with cluster.port " + config.port()
          + " cannot be used: " + failed.getMessage() + ". Choose another port, or 0 for any free one");
    }
  }

  private static Config hazelcast(ClusterConfig config, boolean ownsShards) {
    Config hazelcast = new Config();
    forVertx(hazelcast);
    hazelcast.setClusterName(config.name());
    hazelcast.setLiteMember(!ownsShards);
    network(hazelcast.getNetworkConfig(), config);
    set(hazelcast, "hazelcast.partition.count", config.shards());
    set(hazelcast, "hazelcast.socket.bind.any", false);
    set(hazelcast, "hazelcast.socket.server.bind.any", false);
    set(hazelcast, "hazelcast.socket.client.bind.any", false);
    set(hazelcast, "hazelcast.heartbeat.interval.seconds", 1);
    set(hazelcast, "hazelcast.max.no.heartbeat.seconds", 5);
    set(hazelcast, "hazelcast.merge.first.run.delay.seconds", 5);
    set(hazelcast, "hazelcast.merge.next.run.delay.seconds", 5);
    set(hazelcast, "hazelcast.wait.seconds.before.join", 0);
    set(hazelcast, "hazelcast.graceful.shutdown.max.wait", 10);
    set(hazelcast, "hazelcast.phone.home.enabled", false);
    set(hazelcast, "hazelcast.shutdownhook.enabled", false);
    set(hazelcast, "hazelcast.logging.type", "slf4j");
    set(hazelcast, "hazelcast.operation.generic.thread.count", 2);
    hazelcast.getMetricsConfig().setEnabled(false);
    return hazelcast;
  }

  /** What the event bus keeps in Hazelcast: who listens where, one copy beside each original; lost with the cluster, rebuilt by whoever listens. */
  private static void forVertx(Config hazelcast) {
    hazelcast.getMemberAttributeConfig().setAttribute(ID, UUID.randomUUID().toString());
    hazelcast.getMultiMapConfig("__vertx.subs").setBackupCount(1).setValueCollectionType(ValueCollectionType.SET);
    hazelcast.getMapConfig("__vertx.nodeInfo").setBackupCount(1);
    hazelcast.getMapConfig("__vertx.haInfo").setBackupCount(1);
  }

  private static void network(NetworkConfig network, ClusterConfig config) {
    network.setPort(config.port() == 0 ? FIRST_PORT : config.port()).setPortAutoIncrement(config.port() == 0);
    network.setPortCount(1000).setReuseAddress(true);
    network.getInterfaces().setEnabled(true).addInterface(address(config.host()));
    JoinConfig join = network.getJoin();
    join.getAutoDetectionConfig().setEnabled(false);
    join.getMulticastConfig().setEnabled(false);
    join.getTcpIpConfig().setEnabled(true).setConnectionTimeoutSeconds(2);
    config.members().forEach(join.getTcpIpConfig()::addMember);
  }

  private static void set(Config hazelcast, String property, Object value) {
    hazelcast.setProperty(property, value.toString());
  }

  private static String address(String host) {
    try {
      return InetAddress.getByName(host).getHostAddress();
    } catch (UnknownHostException unknown) {
      throw new ConfigException("cluster.host " + host + " cannot be resolved");
    }
  }

  /**
   * Builds Vert.x on top of this membership, its event bus on {@code cluster.host}.
   *
   * @param extras what else the node's Vert.x needs, e.g. metrics
   */
  public Future<Vertx> vertx(VertxOptions options, UnaryOperator<VertxBuilder> extras) {
    EventBusOptions bus = options.getEventBusOptions();
    bus.setHost(config.host()).setPort(config.busPort()).setClusterPublicHost(config.host());
    return extras.apply(Vertx.builder().with(options))
        .withClusterManager(new HazelcastClusterManager(member))
        .buildClustered();
  }

  private void listen() {
    member.getPartitionService().addMigrationListener(new Migrations());
    member.getPartitionService().addPartitionLostListener(lost -> changed());
    member.getCluster().addMembershipListener(new Memberships());
    member.getLifecycleService().addLifecycleListener(event -> {
      if (event.getState() == LifecycleEvent.LifecycleState.MERGED) changed();
    });
    notifier.scheduleWithFixedDelay(this::tell, RECHECK_SECONDS, RECHECK_SECONDS, TimeUnit.SECONDS);
  }

  @Override
  public int count() {
    return config.shards();
  }

  @Override
  public Set<Integer> mine() {
    return member.getPartitionService()
        .getPartitions()
        .stream()
        .filter(partition -> partition.getOwner() != null && partition.getOwner().localMember())
        .map(Partition::getPartitionId)
        .collect(Collectors.toUnmodifiableSet());
  }

  /** {@inheritDoc} The first call comes at once, so that nothing slips between asking and listening. */
  @Override
  public AutoCloseable onChange(Runnable changed) {
    listeners.add(changed);
    notifier.execute(changed);
    return () -> listeners.remove(changed);
  }

  /** {@code host:port} of every member, this one included. */
  public List<String> members() {
    return member.getCluster()
        .getMembers()
        .stream()
        .map(other -> other.getAddress().getHost() + ":" + other.getAddress().getPort())
        .sorted()
        .toList();
  }

  /** Of this node, as long as it runs. */
  public String id() {
    return member.getCluster().getLocalMember().getAttribute(ID);
  }

  /** Everybody who is there now, by name, with the shards each owns. */
  public List<Member> nodes() {
    Map<UUID, Set<Integer>> owned = new HashMap<>();
    for (Partition partition : member.getPartitionService().getPartitions())
      if (partition.getOwner() != null)
        owned.computeIfAbsent(partition.getOwner().getUuid(), id -> new TreeSet<>()).add(partition.getPartitionId());
    return member.getCluster()
        .getMembers()
        .stream()
        .map(one -> node(one, owned.getOrDefault(one.getUuid(), Set.of())))
        .sorted(Comparator.comparing(Member::name).thenComparing(Member::address))
        .toList();
  }

  private static Member node(com.hazelcast.cluster.Member one, Set<Integer> shards) {
    String address = one.getAddress().getHost() + ":" + one.getAddress().getPort();
    String roles = Objects.requireNonNullElse(one.getAttribute(ROLES), "");
    return new Member(one.getAttribute(ID), address, Objects.requireNonNullElse(one.getAttribute(NAME), address),
        Arrays.stream(roles.split(",")).filter(role -> !role.isEmpty()).sorted().toList(),
        Objects.requireNonNullElse(one.getAttribute(HTTP), ""),
        Objects.requireNonNullElse(one.getAttribute(RULES), ""), one.localMember(), shards);
  }

  /** {@code host:port} of this member's own socket, which others name in {@code cluster.members}. */
  public String address() {
    return member.getCluster().getLocalMember().getAddress().getHost() + ":"
        + member.getCluster().getLocalMember().getAddress().getPort();
  }

  /** Hands the shards over to the others and leaves. Close Vert.x first. */
  @Override
  public void close() {
    notifier.shutdownNow();
    member.shutdown();
  }

  private void changed() {
    if (!notifier.isShutdown()) notifier.execute(this::tell);
  }

  /** Only ever on the notifier's thread, so listeners never hold up Hazelcast. */
  private void tell() {
    if (!member.getLifecycleService().isRunning()) return;
    Set<Integer> now = mine();
    if (now.equals(told)) return;
    told = now;
    log.info("shards owned count={} of={}", now.size(), config.shards());
    listeners.forEach(Runnable::run);
  }

  private static Thread daemon(Runnable work) {
    Thread thread = new Thread(work, "shard-table");
    thread.setDaemon(true);
    return thread;
  }

  private final class Migrations implements MigrationListener {
    @Override
    public void migrationStarted(MigrationState state) {}

    @Override
    public void migrationFinished(MigrationState state) {
      changed();
    }

    @Override
    public void replicaMigrationCompleted(ReplicaMigrationEvent event) {
      changed();
    }

    @Override
    public void replicaMigrationFailed(ReplicaMigrationEvent event) {
      changed();
    }
  }

  private final class Memberships implements MembershipListener {
    @Override
    public void memberAdded(MembershipEvent event) {
      log.info("member joined address={}", event.getMember().getAddress());
      changed();
    }

    @Override
    public void memberRemoved(MembershipEvent event) {
      log.warn("member gone address={}", event.getMember().getAddress());
      changed();
    }
  }
}
