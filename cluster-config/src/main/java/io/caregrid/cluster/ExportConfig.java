package io.caregrid.cluster;

import static io.caregrid.cluster.ConfigException.require;

import java.nio.file.Path;
import java.time.Duration;

/**
 * Bulk export ({@code $export}).
 *
 * @param place         where the files lie until they expire, of this cluster alone: a folder, or {@code s3://bucket/prefix} at the store of {@code lake.s3};
 *     empty: within the lake's folder where that is shared, behind the lake's prefix where that is an object store, else {@code data/export}
 * @param shared        true when {@code place} is one and the same folder for all nodes (NFS, CephFS)
 * @param keep          how long the files of an export that is done stay, 1 min..30 d
 * @param longest       an export that takes longer is given up: as long as it reads, the database keeps what others replace, 1 min..7 d
 * @param fileMegabytes a file ends at about that size, and the next one begins, 1..4000
 * @param atOnce        exports that one node makes at the same time, each with a connection to the database of its own, 1..8; never more than a quarter of
 *     {@code database.poolSize}, but one
 * @param anonymization folder of configurations that {@code _anonymizationConfig} may name, the same files on every node; null: there is Safe Harbor's alone
 */
public record ExportConfig(String place, boolean shared, Duration keep, Duration longest, int fileMegabytes,
    int atOnce, Path anonymization) {

  public static final ExportConfig DEFAULT = new ExportConfig("", false, Duration.ofDays(1), Duration.ofHours(6), 100,
      2, null);
  /** Within the lake's folder: a folder beside it may be another disk. */
  private static final String WITHIN = "/_export";
  private static final String BEHIND = "-export";

  public ExportConfig {
    require(!place.contains("://") || place.matches("s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[^\\s]*[^\\s/])?"),
        "export.place must be a folder, or s3://bucket/prefix without a slash at its end, not " + place);
    require(keep.toSeconds() >= 60 && keep.toDays() <= 30, "export.keep must be PT1M..P30D, not " + keep);
    require(longest.toSeconds() >= 60 && longest.toDays() <= 7, "export.longest must be PT1M..P7D, not " + longest);
    require(fileMegabytes >= 1 && fileMegabytes <= 4000,
        "export.fileMegabytes must be 1..4000, not " + fileMegabytes);
    require(atOnce >= 1 && atOnce <= 8, "export.atOnce must be 1..8, not " + atOnce);
  }

  public ExportConfig(String place, boolean shared, Duration keep, Duration longest, int fileMegabytes, int atOnce) {
    this(place, shared, keep, longest, fileMegabytes, atOnce, null);
  }

  /**
   * Where all nodes find the files, told by where the lake lies; empty: this node's own folder.
   *
   * @return a folder, or {@code s3://}…
   * @throws ConfigException the lake is a whole bucket, so no name behind it is known to be ours
   */
  public String placeBeside(LakeConfig lake) {
    if (!place.isEmpty()) return place;
    if (lake.isObjectStore()) {
      require(lake.place().indexOf('/', LakeConfig.S3.length()) > 0,
          "the lake is the whole bucket " + lake.place() + ": set export.place to s3://bucket/prefix");
      return lake.place() + BEHIND;
    }
    return lake.shared() && !lake.place().isEmpty() ? lake.place() + WITHIN : "";
  }

  /** Every node finds the same files there. */
  public boolean isForAllNodes(LakeConfig lake) {
    if (place.isEmpty()) return lake.isObjectStore() || lake.shared() && !lake.place().isEmpty();
    return place.startsWith(LakeConfig.S3) || shared;
  }

  /** As many at once as leave connections to others. */
  public ExportConfig within(int poolSize) {
    int most = Math.max(1, Math.min(atOnce, poolSize / 4));
    return new ExportConfig(place, shared, keep, longest, fileMegabytes, most, anonymization);
  }
}
