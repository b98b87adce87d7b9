package io.caregrid.analytics.lake.table;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.analytics.lake.store.ObjectStore;
import io.caregrid.analytics.lake.store.ObjectStore.Entry;
import io.caregrid.contract.Failure;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;

/**
 * What is to be erased from the lake: {@code _lake/erasures/<uuid>.json}, there from the request until nothing of it is left. So a request outlives whoever
 * works on it, and any node can make one. Any thread; blocking.
 */
public final class Erasures {
  private static final String FOLDER = "_lake/erasures/";
  private static final int PAGE = 1_000;
  private static final ObjectMapper JSON = new ObjectMapper();

  private final ObjectStore store;

  public Erasures(ObjectStore store) {
    this.store = store;
  }

  /**
   * One resource.
   *
   * @param until the last version that goes: whoever takes the id again afterwards is somebody else's
   */
  public record Key(String type, String id, int until) {
    /** In all its versions. */
    public Key(String type, String id) {
      this(type, id, Integer.MAX_VALUE);
    }
  }

  /** @param ids by resource type, each with its last version that goes; of Observations their samples are meant too */
  public record Erasure(String name, Map<String, SortedMap<String, Integer>> ids) {}

  /**
   * From now on the lake's writer erases them, wherever he stands. The store is not asked: a resource that is still there comes back when it changes, or when
   * the lake is made anew. So it is erased there first.
   *
   * @return its name, for {@link #isOpen}
   */
  public String request(Collection<Key> keys) throws IOException {
    if (keys.isEmpty()) throw new Failure.Invalid("nothing is named that is to be erased");
    Map<String, SortedMap<String, Integer>> ids = new TreeMap<>();
    for (Key key : keys) {
      if (!Catalogue.TYPES.contains(key.type()))
        throw new Failure.Invalid("the lake has no table of that type, but of " + String.join(", ", Catalogue.TYPES));
      ids.computeIfAbsent(key.type(), type -> new TreeMap<>()).merge(key.id(), key.until(), Math::max);
    }
    String name = FOLDER + UUID.randomUUID() + ".json";
    store.put(name, json(ids));
    return name;
  }

  private static byte[] json(Map<String, SortedMap<String, Integer>> ids) {
    ObjectNode json = JSON.createObjectNode();
    ids.forEach((type, all) -> all.forEach(json.putObject(type)::put));
    return json.toString().getBytes(StandardCharsets.UTF_8);
  }

  /** Something of it may still be in the lake. */
  public boolean isOpen(String name) throws IOException {
    return store.head(name) != null;
  }

  /** @throws IOException also when one cannot be understood: nothing may be passed over here */
  public List<Erasure> open() throws IOException {
    List<Erasure> open = new ArrayList<>();
    for (Entry each : store.list(FOLDER, "", PAGE)) {
      byte[] content = store.get(each.name());
      if (content != null) open.add(new Erasure(each.name(), ids(each.name(), content)));
    }
    return open;
  }

  private static Map<String, SortedMap<String, Integer>> ids(String name, byte[] content) throws IOException {
    Map<String, SortedMap<String, Integer>> ids = new TreeMap<>();
    try {
      for (Map.Entry<String, JsonNode> type : JSON.readTree(content).properties())
        ids.put(type.getKey(), ids(type.getValue()));
      return ids;
    } catch (IOException broken) {
      throw new IOException("a request to erase cannot be understood: " + name);
    }
  }

  private static SortedMap<String, Integer> ids(JsonNode type) throws IOException {
    if (!type.isObject()) throw new IOException("ids without versions");
    SortedMap<String, Integer> all = new TreeMap<>();
    for (Map.Entry<String, JsonNode> id : type.properties()) {
      if (!id.getValue().isInt()) throw new IOException("an id without a version");
      all.put(id.getKey(), id.getValue().intValue());
    }
    return all;
  }

  /** Nothing of it is left. */
  public void done(Erasure erasure) throws IOException {
    store.delete(erasure.name());
  }
}
