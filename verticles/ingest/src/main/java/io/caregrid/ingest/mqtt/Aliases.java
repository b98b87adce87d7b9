package io.caregrid.ingest.mqtt;

import io.caregrid.ingest.Budget;
import io.caregrid.ingest.mqtt.Packet.Publish;
import java.util.HashMap;
import java.util.Map;

/** What one connection's topic aliases stand for (MQTT 5 section 3.3.2.3.4). Their memory is the node's; not thread-safe. */
final class Aliases {
  static final int MOST = 32;
  /** Heap of one beside its characters. */
  private static final long OVERHEAD = 128;

  private final Budget kept;
  private final Map<Integer, String> topics = new HashMap<>();
  private long bytes;

  /** @param kept memory for what connections leave with the node */
  Aliases(Budget kept) {
    this.kept = kept;
  }

  /** The topic of a message: its own, which its alias then stands for, or the one that its alias came with last. */
  String topic(Publish message) throws Malformed {
    String topic = message.topic();
    if (message.properties().has(Properties.TOPIC_ALIAS)) {
      int alias = (int) message.properties().number(Properties.TOPIC_ALIAS, 0);
      if (alias == 0 || alias > MOST)
        throw new Malformed(Reason.ALIAS_INVALID, "topic aliases go from 1 to " + MOST);
      if (!topic.isEmpty()) name(alias, topic);
      else topic = topics.get(alias);
      if (topic == null) throw new Malformed(Reason.PROTOCOL_ERROR, "a topic alias that stands for nothing");
    }
    if (!Terms.isTopic(topic))
      throw new Malformed(Reason.TOPIC_INVALID, "a topic has 1 to " + Terms.LONGEST_TOPIC
          + " characters, and neither wildcards nor control characters");
    return topic;
  }

  private void name(int alias, String topic) throws Malformed {
    String before = topics.get(alias);
    long more = 2L * topic.length() - (before == null ? -OVERHEAD : 2L * before.length());
    if (topic.length() > Terms.LONGEST_TOPIC || more > 0 && !kept.take(more))
      throw new Malformed(topic.length() > Terms.LONGEST_TOPIC ? Reason.TOPIC_INVALID : Reason.BUSY,
          "a topic longer than " + Terms.LONGEST_TOPIC + " characters, or no memory for another alias");
    if (more < 0) kept.giveBack(-more);
    bytes += more;
    topics.put(alias, topic);
  }

  /** The connection is gone: they stand for nothing. */
  void release() {
    kept.giveBack(bytes);
    bytes = 0;
    topics.clear();
  }
}
