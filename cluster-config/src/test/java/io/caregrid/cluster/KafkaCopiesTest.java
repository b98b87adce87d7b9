package io.caregrid.cluster;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.TopicPartitionInfo;
import org.junit.jupiter.api.Test;

/** When the log would bear the loss of one more broker. */
class KafkaCopiesTest {
  private static List<Node> brokers(int... ids) {
    return IntStream.of(ids).mapToObj(id -> new Node(id, "10.77.0." + id, 9093)).toList();
  }

  private static TopicDescription topic(TopicPartitionInfo... partitions) {
    return new TopicDescription("measurements", false, List.of(partitions));
  }

  private static TopicPartitionInfo partition(int id, List<Node> replicas, List<Node> inStep) {
    return new TopicPartitionInfo(id, replicas.get(0), replicas, inStep);
  }

  @Test
  void nothingIsBehindWhenEveryCopyIsInStepInAnyOrder() {
    assertEquals(List.of(), KafkaCopies.copies(List.of(
        topic(partition(0, brokers(1, 2, 3), brokers(3, 1, 2)), partition(1, brokers(2, 3, 1), brokers(2, 3, 1)))),
        -1));
  }

  @Test
  void aCopyThatIsNotInStepIsNamedWithItsBrokers() {
    assertEquals(List.of("measurements-1: not in step on broker 1, 3"), KafkaCopies.copies(List.of(
        topic(partition(0, brokers(1, 2, 3), brokers(3, 1, 2)), partition(1, brokers(2, 3, 1), brokers(2)))), -1));
  }

  @Test
  void whatABrokerThatIsToGoLacksDoesNotHoldItAndWhatAnotherLacksDoes() {
    List<TopicDescription> topics = List.of(
        topic(partition(0, brokers(1, 2, 3), brokers(2, 3)), partition(1, brokers(1, 2, 3), brokers(1, 3))));
    assertEquals(List.of("measurements-1: not in step on broker 2"), KafkaCopies.copies(topics, 1));
  }
}
