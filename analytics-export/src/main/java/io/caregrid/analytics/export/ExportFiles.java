package io.caregrid.analytics.export;

import io.caregrid.analytics.lake.store.ObjectStore;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;

/**
 * The files of one attempt at an export: NDJSON, one file after the other, each written beside and put where all nodes find it when it is whole. One thread.
 */
final class ExportFiles implements AutoCloseable {
  static final String OUTPUT = "output";
  static final String DELETED = "deleted";
  static final String ERROR = "error";
  /** In the manifest of one that was de-identified: what was changed. */
  static final String DEIDENTIFIED = "deidentified";
  /** Whose resources these are was chosen by who asked. */
  static final String NARROW = "narrow";
  private static final int BUFFER = 1 << 16;

  private final ObjectStore objects;
  private final String folder;
  private final Path scratch;
  private final long most;
  private final JsonObject manifest = new JsonObject().put(OUTPUT, new JsonArray())
      .put(DELETED, new JsonArray())
      .put(ERROR, new JsonArray());
  private final Map<String, Integer> numbers = new HashMap<>();
  private OutputStream out;
  private String list;
  private String type;
  private long bytes;
  private long count;

  /**
   * @param folder  of this attempt, in {@code objects}
   * @param scratch folder of this node
   * @param most    bytes, passed by one line
   */
  ExportFiles(ObjectStore objects, String folder, Path scratch, long most) throws IOException {
    this.objects = objects;
    this.folder = folder;
    this.most = most;
    Files.createDirectories(scratch);
    this.scratch = scratch.resolve(UUID.randomUUID() + ".ndjson");
  }

  /**
   * Adds a line to a file of that type; those of one list and type come together.
   *
   * @param to {@link #OUTPUT}, {@link #DELETED} or {@link #ERROR}
   */
  void add(String to, String ofType, byte[] line) throws IOException {
    if (out != null && (!to.equals(list) || !ofType.equals(type) || bytes >= most)) end();
    if (out == null) begin(to, ofType);
    for (int i = 0; i < line.length; i++) if (line[i] == '\n' || line[i] == '\r') line[i] = ' ';
    out.write(line);
    out.write('\n');
    bytes += line.length + 1;
    count++;
  }

  private void begin(String to, String ofType) throws IOException {
    list = to;
    type = ofType;
    bytes = 0;
    count = 0;
    out = new BufferedOutputStream(Files.newOutputStream(scratch), BUFFER);
  }

  private void end() throws IOException {
    out.close();
    out = null;
    String stem = list.equals(OUTPUT) ? type : list + "-" + type;
    String name = stem + "." + numbers.merge(stem, 1, Integer::sum) + ".ndjson";
    objects.put(folder + "/" + name, scratch);
    manifest.getJsonArray(list)
        .add(new JsonObject().put("type", type).put("file", name).put("count", count).put("bytes", bytes));
  }

  /** Ends the last file. @return what {@link ExportRoutes} makes the manifest of */
  JsonObject finished() throws IOException {
    if (out != null) end();
    return manifest;
  }

  @Override
  public void close() throws IOException {
    try (OutputStream left = out) {
      out = null;
    } finally {
      Files.deleteIfExists(scratch);
    }
  }
}
