package io.caregrid.cluster;

import static io.caregrid.cluster.KafkaAccess.get;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListTopicsOptions;
import org.apache.kafka.clients.admin.QuorumInfo;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.errors.SaslAuthenticationException;

/** Whether the loss of one more broker would be borne: every partition has all of its copies in step, and every controller follows. */
public final class KafkaCopies implements AutoCloseable {
  private static final Duration BETWEEN = Duration.ofSeconds(1);
  /** Of the log that controllers keep; it grows by two records a second when nothing happens. */
  private static final long CONTROLLER_LAG = 100;
  /** No broker's id. */
  private static final int NOBODY = -1;
  private final Admin admin;

  /** @param administrator a file of Kafka client settings of somebody who may see everything */
  public KafkaCopies(Path administrator) {
    admin = KafkaAccess.administrator(administrator);
  }

  /** @return what is not in step, a sentence each, as soon as nothing is, or when the time is over */
  public List<String> behind(Duration patience) throws InterruptedException {
    return behind(patience, NOBODY);
  }

  /** @param leaving the broker that is about to go: what it has or lacks does not count, all others' copies do */
  public List<String> behind(Duration patience, int leaving) throws InterruptedException {
    long until = System.nanoTime() + patience.toNanos();
    while (true) {
      List<String> behind = now(leaving);
      if (behind.isEmpty() || System.nanoTime() - until >= 0) return behind;
      Thread.sleep(BETWEEN.toMillis());
    }
  }

  /** Brokers that are away are no answer but what one wants to know: while others elect, they may not be able to say. */
  private List<String> now(int leaving) {
    try {
      Set<String> names = get(admin.listTopics(new ListTopicsOptions().listInternal(true)).names());
      List<String> behind = new ArrayList<>(copies(get(admin.describeTopics(names).allTopicNames()).values(), leaving));
      behind.addAll(controllers(get(admin.describeMetadataQuorum().quorumInfo()), leaving));
      return behind;
    } catch (SaslAuthenticationException stranger) {
      throw new ConfigException("Kafka refuses who asks: " + stranger.getMessage());
    } catch (ConfigException noAnswer) {
      return List.of(noAnswer.getMessage());
    }
  }

  static List<String> copies(Collection<TopicDescription> topics, int leaving) {
    List<String> behind = new ArrayList<>();
    for (TopicDescription topic : topics) {
      for (TopicPartitionInfo partition : topic.partitions()) {
        Set<Integer> missing = ids(partition.replicas());
        missing.removeAll(ids(partition.isr()));
        missing.remove(leaving);
        if (!missing.isEmpty())
          behind.add(topic.name() + "-" + partition.partition() + ": not in step on broker " + missing.stream()
              .map(String::valueOf)
              .collect(Collectors.joining(", ")));
      }
    }
    return behind;
  }

  static List<String> controllers(QuorumInfo quorum, int leaving) {
    long end = quorum.voters().stream().mapToLong(QuorumInfo.ReplicaState::logEndOffset).max().orElse(0);
    return quorum.voters()
        .stream()
        .filter(voter -> voter.replicaId() != leaving)
        .filter(voter -> end - voter.logEndOffset() > CONTROLLER_LAG)
        .map(voter -> "controller " + voter.replicaId() + " is behind")
        .toList();
  }

  private static Set<Integer> ids(List<Node> brokers) {
    return brokers.stream().map(Node::id).collect(Collectors.toCollection(TreeSet::new));
  }

  @Override
  public void close() {
    admin.close(Duration.ZERO);
  }
}
