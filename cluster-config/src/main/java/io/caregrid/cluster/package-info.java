/**
 * Where everything runs: the configuration as records, the Hazelcast cluster and who owns which shard, the Kafka topics and their checks.
 *
 * <p>Start at {@link io.caregrid.cluster.NodeConfig}. The one invariant: what would break a promise of the house stops the start, with a message
 * that names the key and the reason. Only this room knows Hazelcast.
 *
 * <p>Never here: patient data, HTTP, SQL.
 */
package io.caregrid.cluster;
