package io.caregrid.analytics.lake.delta;

import static java.util.Objects.requireNonNull;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * One word of the log (PROTOCOL.md "Actions"): what a version changes. Read it with {@code instanceof}.
 *
 * <p>Only what a table of reader 1 / writer 2 without partitions has; whatever else a line holds is ignored. Times are milliseconds since 1970, as the log
 * writes them. A constructor refuses, by {@link IllegalArgumentException}, what must not stand in our log.
 */
public sealed interface Action {

  /** What a program must understand to read, and to write, the table. */
  record Protocol(int minReaderVersion, int minWriterVersion) implements Action {
    public static final Protocol OURS = new Protocol(1, 2);

    public Protocol {
      if (minReaderVersion > 1 || minWriterVersion > 2)
        throw new IllegalArgumentException(
            "needs reader " + minReaderVersion + " and writer " + minWriterVersion + " of Delta; known are 1 and 2");
    }
  }

  /**
   * What the table is; a later one replaces an earlier one whole.
   *
   * @param id            made once for each table
   * @param name          null or for a person, likewise {@code description}
   * @param schemaString  Delta's JSON of the columns
   * @param createdTime   null when unknown
   * @param configuration table properties, e.g. {@code delta.appendOnly}
   */
  record MetaData(String id, String name, String description, String schemaString, Long createdTime,
      Map<String, String> configuration) implements Action {
    public MetaData {
      requireNonNull(id, "metaData without an id");
      requireNonNull(schemaString, "metaData without a schema");
      configuration = Map.copyOf(configuration);
    }

    /** A new table. */
    public static MetaData of(String name, String schemaString, Instant now, Map<String, String> configuration) {
      return new MetaData(UUID.randomUUID().toString(), name, null, schemaString, now.toEpochMilli(), configuration);
    }

    /** The same table with other columns. */
    public MetaData withSchema(String other) {
      return new MetaData(id, name, description, other, createdTime, configuration);
    }
  }

  /** How far {@code appId} has come; the highest version is not searched for: the last one written counts. */
  record Txn(String appId, long version) implements Action {
    public Txn {
      requireNonNull(appId, "txn without an appId");
    }
  }

  /**
   * A file that is in the table from this version on.
   *
   * @param path             below the table's folder; of characters that a URI need not encode
   * @param modificationTime when the file was made
   * @param dataChange       false: the same rows were in files that this version removes
   * @param stats            Delta's JSON ({@code numRecords, minValues, maxValues, nullCount}), or null
   * @param tags             ours, for whoever plans merges; may be empty
   */
  record Add(String path, long size, long modificationTime, boolean dataChange, String stats, Map<String, String> tags)
      implements
        Action {
    public Add {
      DataPath.plain(path);
      tags = Map.copyOf(tags);
    }
  }

  /**
   * A file that is no longer in the table. It stays in the log as a tombstone until nobody can be reading it.
   *
   * @param deletionTimestamp when it was removed; 0 when unknown
   * @param size              bytes, or null
   */
  record Remove(String path, long deletionTimestamp, boolean dataChange, Long size) implements Action {
    public Remove {
      DataPath.plain(path);
    }

    public static Remove of(Add file, Instant now, boolean dataChange) {
      return new Remove(file.path(), now.toEpochMilli(), dataChange, file.size());
    }
  }

  /**
   * Who wrote the version, when and why. For people, but for two things: {@code txnId} makes the content of two writers differ (a lost answer is known as
   * our own by it), and {@code actions} tells a whole version from one that was cut off at the end of a line.
   *
   * @param operation e.g. {@code MERGE}
   * @param txnId     random; null in a log of others
   * @param actions   lines of the version, this one among them; null in a log of others
   */
  record CommitInfo(long timestamp, String operation, String txnId, Integer actions) implements Action {
    public static CommitInfo of(String operation, Instant now) {
      return new CommitInfo(now.toEpochMilli(), operation, UUID.randomUUID().toString(), null);
    }
  }

  /** What every table begins with: its first version holds these and maybe files. */
  static List<Action> first(MetaData metaData) {
    return List.of(Protocol.OURS, metaData);
  }
}
