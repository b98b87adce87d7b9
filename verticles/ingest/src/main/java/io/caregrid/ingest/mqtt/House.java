package io.caregrid.ingest.mqtt;

import io.caregrid.cluster.MqttConfig;
import io.caregrid.ingest.Budget;
import io.caregrid.ingest.IngestProducer;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * What all connections of a node have in common. Any thread.
 *
 * @param bytes       memory for messages on their way to Kafka
 * @param messages    how many packets may be on that way
 * @param wills       memory for what connections leave to be said when they break
 * @param connections how many there are
 */
record House(MqttConfig config, IngestProducer log, Entrance entrance, Sessions sessions, TopicMappings topics,
    int maxMessageBytes, int maxUnpacked, Budget bytes, Budget messages, Budget wills, AtomicInteger connections,
    MqttMetrics metrics) {

  Content.Place place(String client) {
    return new Content.Place(client, topics, maxMessageBytes, maxUnpacked);
  }
}
