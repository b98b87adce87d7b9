package io.caregrid.cluster;

import java.util.List;
import java.util.Set;

/**
 * One node as Hazelcast sees it.
 *
 * @param id      its own as long as it runs, whatever happens to the cluster
 * @param address {@code host:port} of its member port
 * @param name    setting {@code name}
 * @param roles   sorted
 * @param http    where its doors are, as it says itself; others may not reach it
 * @param rules   by which rules over measurements it goes, as it says itself: those with the same go by the same; empty: it is older than this
 * @param here    true for the one that is asked
 * @param shards  that it owns now, by the partition table
 */
public record Member(String id, String address, String name, List<String> roles, String http, String rules,
    boolean here,
    Set<Integer> shards) {}
