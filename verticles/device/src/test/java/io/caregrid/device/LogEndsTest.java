package io.caregrid.device;

import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.TopicPartitionInfo;
import org.junit.jupiter.api.Test;

class LogEndsTest {
  private static List<Node> brokers(int count) {
    return IntStream.range(0, count).mapToObj(id -> new Node(id, "10.0.0." + id, 9092)).toList();
  }

  private static TopicDescription topic(Node leader, int inStep) {
    return new TopicDescription("devicedata", false, List.of(
        new TopicPartitionInfo(0, brokers(3).get(0), brokers(3), brokers(3)),
        new TopicPartitionInfo(1, leader, brokers(3), brokers(inStep))));
  }

  @Test
  void oneOfThreeBrokersLeftAnswersEverythingAndTakesNothing() {
    Node leader = brokers(1).get(0);

    assertNull(LogEnds.refusal(List.of(topic(leader, 2)), Map.of("devicedata", 2)));
    String why = LogEnds.refusal(List.of(topic(leader, 1)), Map.of("devicedata", 2));
    assertTrue(why.contains("devicedata-1"), why);
    assertNull(LogEnds.refusal(List.of(topic(leader, 1)), Map.of("devicedata", 1)));
    assertTrue(LogEnds.refusal(List.of(topic(null, 3)), Map.of("devicedata", 2)).contains("devicedata-1"));
  }
}
