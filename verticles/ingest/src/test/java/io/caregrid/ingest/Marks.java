package io.caregrid.ingest;

import io.caregrid.cluster.Source;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** What the shards will take of a topic: per shard and source partition, only what is above the highest source seen (SHARDING.md). */
final class Marks {
  private Marks() {}

  /** Sources that take effect, in the order of each partition. */
  static List<Source> effective(List<ConsumerRecord<byte[], byte[]>> measurements) {
    Map<String, Source> highest = new HashMap<>();
    List<Source> effective = new ArrayList<>();
    for (ConsumerRecord<byte[], byte[]> record : measurements) {
      Source source = source(record);
      String mark = record.partition() + "/" + source.stream();
      if (highest.containsKey(mark) && source.compareTo(highest.get(mark)) <= 0) continue;
      highest.put(mark, source);
      effective.add(source);
    }
    return effective;
  }

  static Source source(ConsumerRecord<byte[], byte[]> record) {
    return Source.fromBytes(record.headers().lastHeader(Source.HEADER).value());
  }

  /** The different sources, whatever their order. */
  static TreeSet<String> distinct(List<ConsumerRecord<byte[], byte[]>> measurements) {
    TreeSet<String> distinct = new TreeSet<>();
    measurements.forEach(record -> distinct.add(source(record).toString()));
    return distinct;
  }
}
