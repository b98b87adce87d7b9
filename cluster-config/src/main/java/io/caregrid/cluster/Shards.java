package io.caregrid.cluster;

import java.nio.charset.StandardCharsets;
import org.apache.kafka.common.utils.Utils;

/** Which shard a device lives in: the same arithmetic as Kafka's default partitioner, so a console producer with a key lands right. */
public final class Shards {
  private Shards() {}

  /**
   * @param device the device's own identifier
   * @param count  {@code cluster.shards}
   * @return 0..count-1
   */
  public static int of(String device, int count) {
    return of(device.getBytes(StandardCharsets.UTF_8), count);
  }

  /** The same for a record's key, the identifier in UTF-8. */
  public static int of(byte[] key, int count) {
    return Utils.toPositive(Utils.murmur2(key)) % count;
  }
}
