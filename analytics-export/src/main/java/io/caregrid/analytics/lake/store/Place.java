package io.caregrid.analytics.lake.store;

import io.caregrid.cluster.ExportConfig;
import io.caregrid.cluster.LakeConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;

/** Where a lake lies, by its settings. */
public final class Place {
  private static final String FOLDER = "lake";
  private static final String EXPORT = "export";
  private static final String CACHE = "lake-cache";
  private static final long MEGABYTE = 1_000_000;

  private Place() {}

  /**
   * Nothing is asked of an object store yet.
   *
   * @param data this node's own folder: the lake is in it when nothing else is said, and else the local copies of an object store's files
   */
  public static ObjectStore open(LakeConfig lake, Path data) throws IOException {
    if (!lake.isObjectStore())
      return new FolderStore(lake.place().isEmpty() ? data.resolve(FOLDER) : Path.of(lake.place()));
    return objects(lake, lake.place(), data.resolve(CACHE));
  }

  /** The same of the files of bulk exports, which lie apart from the lake. */
  public static ObjectStore open(ExportConfig export, LakeConfig lake, Path data) throws IOException {
    String place = export.placeBeside(lake);
    if (place.startsWith(LakeConfig.S3)) return objects(lake, place, data.resolve(EXPORT + "-cache"));
    return new FolderStore(place.isEmpty() ? data.resolve(EXPORT) : Path.of(place));
  }

  private static ObjectStore objects(LakeConfig lake, String place, Path local) throws IOException {
    String[] parts = place.substring(LakeConfig.S3.length()).split("/", 2);
    FileCache cache = new FileCache(local, lake.s3().cacheMegabytes() * MEGABYTE, Clock.systemUTC());
    return new S3Store(S3Store.client(lake.s3()), parts[0], parts.length == 1 ? "" : parts[1] + "/", cache);
  }
}
