package io.caregrid.analytics.lake.table;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.analytics.lake.store.ObjectStore;
import io.caregrid.analytics.lake.store.ObjectStore.Entry;
import io.caregrid.contract.Failure;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;

/**
 * What is to be erased from the lake: {@code _lake/erasures/<sha-256>.json}, there from the request until nothing of it is left. So a request outlives whoever
 * works on it, and any node can make one. The name is made of what is asked: the same again is the same object, and its mark another, so that who works on it
 * does not take the new one for done. Any thread; blocking.
 */
public final class Erasures {
  private static final String FOLDER = "_lake/erasures/";
  private static final String MARK = "mark";
  /** Before the first, which is 1. */
  private static final int NO_VERSION = 0;
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

  /**
   * @param ids  by resource type, each with its last version that goes; of Observations their samples are meant too
   * @param mark of the last time that this was asked
   */
  public record Erasure(String name, Map<String, SortedMap<String, Integer>> ids, String mark) {

    private List<Key> keys(int until) {
      List<Key> keys = new ArrayList<>();
      ids.forEach((type, all) -> all.keySet().forEach(id -> keys.add(new Key(type, id, until))));
      return keys;
    }
  }

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
    ObjectNode json = json(ids);
    String name = FOLDER + sha256(bytes(json)) + ".json";
    store.put(name, bytes(json.put(MARK, UUID.randomUUID().toString())));
    return name;
  }

  private static ObjectNode json(Map<String, SortedMap<String, Integer>> ids) {
    ObjectNode json = JSON.createObjectNode();
    ids.forEach((type, all) -> all.forEach(json.putObject(type)::put));
    return json;
  }

  private static byte[] bytes(ObjectNode json) {
    return json.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static String sha256(byte[] content) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
    } catch (GeneralSecurityException impossible) {
      throw new IllegalStateException("every Java has SHA-256", impossible);
    }
  }

  /** Something of it may still be in the lake. */
  public boolean isOpen(String name) throws IOException {
    return store.head(name) != null;
  }

  /** Names of what is open, up to a thousand. */
  public Set<String> names() throws IOException {
    Set<String> names = new TreeSet<>();
    for (Entry each : store.list(FOLDER, "", PAGE)) names.add(each.name());
    return names;
  }

  /** @throws IOException also when one cannot be understood: nothing may be passed over here */
  public List<Erasure> open() throws IOException {
    List<Erasure> open = new ArrayList<>();
    for (String name : names()) {
      Erasure erasure = read(name);
      if (erasure != null) open.add(erasure);
    }
    return open;
  }

  /** Null: there is none. */
  private Erasure read(String name) throws IOException {
    byte[] content = store.get(name);
    if (content == null) return null;
    Map<String, SortedMap<String, Integer>> ids = new TreeMap<>();
    try {
      JsonNode json = JSON.readTree(content);
      for (Map.Entry<String, JsonNode> each : json.properties())
        if (!each.getKey().equals(MARK)) ids.put(each.getKey(), ids(each.getValue()));
      return new Erasure(name, ids, json.path(MARK).asText());
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

  /** Nothing of it is left; unless it was asked again meanwhile. Where requests are made no other thread may make one now. */
  public void done(Erasure erasure) throws IOException {
    Erasure now = read(erasure.name());
    if (now != null && now.mark().equals(erasure.mark())) store.delete(erasure.name());
  }

  /**
   * The lake was made anew from a store that was restored: these name versions that may live again. What they stand for stays only in that files which are the
   * table no more go at once.
   */
  public void overtaken(Collection<Erasure> erasures) throws IOException {
    for (Erasure each : erasures) {
      request(each.keys(NO_VERSION));
      if (each.keys(NO_VERSION).stream().anyMatch(key -> each.ids().get(key.type()).get(key.id()) != NO_VERSION))
        store.delete(each.name());
    }
  }
}
