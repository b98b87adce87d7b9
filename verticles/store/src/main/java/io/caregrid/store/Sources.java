package io.caregrid.store;

import io.caregrid.cluster.Source;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;

/** Source marks as they lie in {@code shard_progress.sources}: {@code {"<topic id>:<partition>": [offset, index]}}. */
final class Sources {
  private Sources() {}

  static JsonObject write(Map<String, Source> sources) {
    JsonObject json = new JsonObject();
    sources.forEach((stream, mark) -> json.put(stream, new JsonArray().add(mark.offset()).add(mark.index())));
    return json;
  }

  static Map<String, Source> read(JsonObject json) {
    Map<String, Source> sources = new HashMap<>();
    for (String stream : json.fieldNames()) {
      int colon = stream.lastIndexOf(':');
      JsonArray mark = json.getJsonArray(stream);
      sources.put(stream,
          new Source(UUID.fromString(stream.substring(0, colon)), Integer.parseInt(stream.substring(colon + 1)),
              mark.getLong(0), mark.getInteger(1)));
    }
    return sources;
  }
}
