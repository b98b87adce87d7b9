package io.caregrid.store;

import java.util.UUID;

/**
 * Names one shard's progress (SHARDING.md, "The heart").
 *
 * @param target  {@code store}, or the name of a remote FHIR server
 * @param topicId Kafka's id of the topic {@code measurements}: a recreated topic starts a new history
 * @param epoch   raised by an operator when the log has gone back behind the database
 * @param shard   0..shards-1
 */
public record ShardKey(String target, UUID topicId, int epoch, int shard) {
  public static final String STORE = "store";
}
