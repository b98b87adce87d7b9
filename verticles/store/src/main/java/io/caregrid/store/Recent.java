package io.caregrid.store;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What this node has written last: version, time and a hash of the content, so that whoever updates it next need not read it before. Nothing rests on it: somebody else may have written since,
 * so whoever goes by it names the version that he replaces, and reads where that is not the current one any more, before he refuses anything. Where that happens often, because others write the
 * same resources, it is hardly asked any more, type by type.
 *
 * <p>Those that were only created are fewer than those that were changed, so that many who create push nobody out who changes. Any thread.
 */
final class Recent {
  /** An entry takes some 250 bytes: half a percent of the heap in all. */
  private static final long HEAP_EACH = 50_000;
  private static final int MOST = 65_536;
  /** Of what was only created, one in so many. */
  private static final int CREATED = 4;
  /** An entry that was behind weighs as much as so many that were not. */
  private static final int WEIGHT = 16;
  private static final int FULL = 256;
  private static final int TRUSTED = 64;
  /** Below that, of so many one is tried: so it is noticed when others write no more. */
  private static final int TRIED = 64;

  private final Map<String, Entry> created;
  private final Map<String, Entry> changed;
  private final Map<String, Credit> credits = new HashMap<>();

  /** @param content {@link #content} of it */
  record Entry(int version, Instant updated, long content) {
    /** Without its body. */
    Stored stored(String type, String id) {
      return new Stored(type, id, version, updated, false, false, null);
    }
  }

  /** Of a type. */
  private static final class Credit {
    int left = FULL;
    int asked;
  }

  Recent() {
    this((int) Math.min(MOST, Runtime.getRuntime().maxMemory() / HEAP_EACH));
  }

  /** @param most entries, at least {@value #CREATED} */
  Recent(int most) {
    created = bounded(most / CREATED);
    changed = bounded(most - most / CREATED);
  }

  private static Map<String, Entry> bounded(int most) {
    return new LinkedHashMap<>(16, 0.75f, true) {
      private static final long serialVersionUID = 1;

      @Override
      protected boolean removeEldestEntry(Map.Entry<String, Entry> eldest) {
        return size() > most;
      }
    };
  }

  /** Null when nothing is known, or what is known is not to be trusted. */
  synchronized Entry of(String type, String id) {
    String key = key(type, id);
    Entry entry = changed.get(key);
    if (entry == null) entry = created.get(key);
    if (entry == null) return null;
    Credit credit = credit(type);
    return credit.left >= TRUSTED || credit.asked++ % TRIED == 0 ? entry : null;
  }

  /** That is the current version now, as far as this node knows. */
  synchronized void put(Stored stored, long content) {
    String key = key(stored.type(), stored.id());
    Entry entry = new Entry(stored.version(), stored.updated(), content);
    if (stored.created()) {
      created.put(key, entry);
    } else {
      created.remove(key);
      changed.put(key, entry);
    }
  }

  synchronized void forget(String type, String id) {
    String key = key(type, id);
    created.remove(key);
    changed.remove(key);
  }

  /** What {@link #of} gave was the current version. */
  synchronized void wasRight(String type) {
    Credit credit = credit(type);
    credit.left = Math.min(FULL, credit.left + 1);
  }

  /** What {@link #of} gave was not the current version any more. */
  synchronized void wasBehind(String type, String id) {
    Credit credit = credit(type);
    credit.left = Math.max(0, credit.left - WEIGHT);
    forget(type, id);
  }

  /** Clients choose ids: of texts, those of one hash code are found in their order all the same. */
  private static String key(String type, String id) {
    return type + "/" + id;
  }

  private Credit credit(String type) {
    return credits.computeIfAbsent(type, first -> new Credit());
  }

  /**
   * Equal where two resources say the same whatever their version and time ({@link Json#sameContent}), in whichever order: what has another one is another content. Where it is equal they may still
   * differ.
   */
  static long content(ObjectNode resource) {
    long sum = 0;
    for (Map.Entry<String, JsonNode> field : resource.properties()) {
      String name = field.getKey();
      if (!Json.isStamp(name)) sum += member(name, field.getValue());
    }
    if (resource.get("meta") instanceof ObjectNode meta) {
      for (Map.Entry<String, JsonNode> field : meta.properties())
        if (!Json.isMetaStamp(field.getKey())) sum += mixed(member(field.getKey(), field.getValue()));
    }
    return sum;
  }

  private static long hash(JsonNode node) {
    if (node.isTextual()) return node.textValue().hashCode();
    // 1.0 and 1.00 are two values with one hash, and so are two ways to write one value
    if (node.isNumber()) return mixed(Double.hashCode(node.doubleValue()));
    if (node.isObject()) {
      long sum = 1;
      for (Map.Entry<String, JsonNode> field : node.properties()) sum += member(field.getKey(), field.getValue());
      return sum;
    }
    if (!node.isArray()) return node.asText().hashCode();
    long all = node.size();
    for (JsonNode element : node) all = mixed(all + hash(element));
    return all;
  }

  private static long member(String name, JsonNode value) {
    return mixed(name.hashCode() * 31L + mixed(hash(value)));
  }

  private static long mixed(long bits) {
    long mixed = bits * 0x9E3779B97F4A7C15L;
    return mixed ^ mixed >>> 32;
  }
}
