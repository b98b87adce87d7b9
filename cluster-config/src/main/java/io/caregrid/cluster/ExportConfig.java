package io.caregrid.cluster;

import static io.caregrid.cluster.ConfigException.require;

import java.time.Duration;

/**
 * Bulk export ({@code $export}).
 *
 * @param place         where the files lie until they expire: a folder, or {@code s3://bucket/prefix} at the store of {@code lake.s3}; empty: beside the lake
 *     where that is an object store or a shared folder, else {@code data/export}
 * @param keep          how long the files of an export that is done stay, 1 min..30 d
 * @param fileMegabytes a file ends at about that size, and the next one begins, 1..4000
 * @param atOnce        exports that one node makes at the same time, each with a connection to the database of its own, 1..8
 */
public record ExportConfig(String place, Duration keep, int fileMegabytes, int atOnce) {

  public static final ExportConfig DEFAULT = new ExportConfig("", Duration.ofDays(1), 100, 2);

  public ExportConfig {
    require(!place.contains("://") || place.matches("s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[^\\s]*[^\\s/])?"),
        "export.place must be a folder, or s3://bucket/prefix without a slash at its end, not " + place);
    require(keep.toSeconds() >= 60 && keep.toDays() <= 30, "export.keep must be PT1M..P30D, not " + keep);
    require(fileMegabytes >= 1 && fileMegabytes <= 4000,
        "export.fileMegabytes must be 1..4000, not " + fileMegabytes);
    require(atOnce >= 1 && atOnce <= 8, "export.atOnce must be 1..8, not " + atOnce);
  }

  /**
   * Where all nodes find the files, told by where the lake lies; empty: this node's own folder.
   *
   * @return a folder, or {@code s3://}…
   */
  public String placeBeside(LakeConfig lake) {
    if (!place.isEmpty()) return place;
    return lake.isObjectStore() || lake.shared() && !lake.place().isEmpty() ? lake.place() + "-export" : "";
  }
}
