package io.caregrid.cluster;

import static io.caregrid.cluster.ConfigException.require;

import java.time.Duration;

/**
 * FHIR as Parquet, and SQL on it. Only cost and freshness: whatever is set here, the same rows stand in the lake in the end.
 *
 * @param place       a folder, or {@code s3://bucket/prefix}; empty: {@code data/lake}
 * @param shared      true when {@code place} is one and the same folder for all nodes (NFS, CephFS); needed as soon as the cluster has several machines
 * @param commitEvery what came in so long becomes one commit, 200 ms..1 h
 * @param openPeriod  an Observation that a device is still filling comes anew so often, 1 s..1 h; its first version at once
 * @param settleAfter rows unchanged so long are joined to large files, 1 min..30 d
 * @param maxLag      most that a table as foreign readers see it may lie behind, 10 s..24 h; our own SQL is one commit behind
 * @param vacuumAfter files that no table needs any more are kept so long for readers who began before, 5 min..30 d
 */
public record LakeConfig(String place, boolean shared, Duration commitEvery, Duration openPeriod, Duration settleAfter,
    Duration maxLag, Duration vacuumAfter, S3Config s3, SqlConfig sql) {

  public static final String S3 = "s3://";
  public static final LakeConfig DEFAULT = new LakeConfig("", false, Duration.ofSeconds(2), Duration.ofMinutes(5),
      Duration.ofHours(2), Duration.ofMinutes(15), Duration.ofDays(1), S3Config.DEFAULT,
      SqlConfig.DEFAULT);

  public LakeConfig {
    require(!place.contains("://") || place.matches("s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[^\\s]*[^\\s/])?"),
        "lake.place must be a folder, or s3://bucket/prefix without a slash at its end, not " + place);
    within("commitEvery", commitEvery, Duration.ofMillis(200), Duration.ofHours(1));
    within("openPeriod", openPeriod, Duration.ofSeconds(1), Duration.ofHours(1));
    within("settleAfter", settleAfter, Duration.ofMinutes(1), Duration.ofDays(30));
    within("maxLag", maxLag, Duration.ofSeconds(10), Duration.ofDays(1));
    within("vacuumAfter", vacuumAfter, Duration.ofMinutes(5), Duration.ofDays(30));
  }

  /** True: an object store keeps it, not a folder. */
  public boolean isObjectStore() {
    return place.startsWith(S3);
  }

  private static void within(String name, Duration value, Duration least, Duration most) {
    require(value.compareTo(least) >= 0 && value.compareTo(most) <= 0,
        "lake." + name + " must be " + least + ".." + most + ", not " + value);
  }
}
