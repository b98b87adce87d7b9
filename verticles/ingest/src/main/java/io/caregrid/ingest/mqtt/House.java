package io.caregrid.ingest.mqtt;

import io.caregrid.cluster.MqttConfig;
import io.caregrid.ingest.Budget;
import io.caregrid.ingest.IngestProducer;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What all connections of a node have in common. Any thread.
 *
 * @param bytes        memory for messages on their way to Kafka
 * @param messages     how many packets may be on that way
 * @param kept         memory for what connections leave with the node: wills, and topics that aliases stand for
 * @param early        memory for what comes from those who are not let in yet
 * @param maxUnpacked  most bytes that a packed payload may become
 * @param mostOfPacket most bytes on their way to Kafka that one packet may become
 * @param connections  how many there are
 * @param strangers    how many of them are not let in yet
 */
record House(MqttConfig config, IngestProducer log, Entrance entrance, Sessions sessions, TopicMappings topics,
    int maxMessageBytes, int maxUnpacked, long mostOfPacket, Budget bytes, Budget messages, Budget kept, Budget early,
    Wills wills, AtomicInteger connections, AtomicInteger strangers, MqttMetrics metrics) {

  Content.Place place(String client) {
    return new Content.Place(client, topics, maxMessageBytes, maxUnpacked, mostOfPacket);
  }

  /** So many strangers at a time, that there are places left for whoever is let in. */
  int mostStrangers() {
    return (config.connections() + 3) / 4;
  }
}
