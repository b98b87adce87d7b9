package io.caregrid.store;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import io.caregrid.contract.Failure;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Set;

/**
 * How a search wants its answer ordered (FHIR R4 search.html#sort). One key that has an index follows it; any others are taken from the resources and
 * sorted here. Of several values the least counts, or the greatest where it goes down; what has none comes before everything.
 */
record Sort(List<Key> keys) {
  static final Sort NONE = new Sort(List.of());
  /** Keys; of the longest texts they still fit a page token. */
  private static final int MOST = 8;
  private static final int LONGEST = 200;
  private static final Set<String> OWN = Set.of("_id", "_lastUpdated");

  /** @param param null for {@code _id} and {@code _lastUpdated} */
  record Key(String name, Param param, boolean down) {}

  /** One row on its way into order. @param values a number, a text or null for each key @param bytes of its JSON */
  record Sorted(List<Comparable<?>> values, long sid, String id, int bytes) {}

  static boolean knows(Definition definition, String value) {
    return Arrays.stream(value.split(",")).allMatch(key -> knowsOne(definition, name(key)));
  }

  private static boolean knowsOne(Definition definition, String name) {
    Param param = definition.params().get(name);
    boolean sortable = param != null && param.kind() != Param.Kind.COMPOSITE && param.kind() != Param.Kind.SPECIAL;
    return OWN.contains(name) || sortable;
  }

  private static String name(String key) {
    return key.startsWith("-") ? key.substring(1) : key;
  }

  static Sort parse(Definition definition, String value) {
    List<Key> keys = new ArrayList<>();
    for (String key : value.split(",")) {
      String name = name(key.strip());
      if (!knowsOne(definition, name))
        throw new Failure.Invalid(definition.type() + " cannot be sorted by one of the keys of _sort");
      keys.add(new Key(name, definition.params().get(name), key.strip().startsWith("-")));
    }
    return NONE.then(new Sort(keys));
  }

  /** By these, and where they are equal by the other's: a second {@code _sort} sorts within the first (FHIR R4 search.html#table). */
  Sort then(Sort inner) {
    List<Key> all = new ArrayList<>(keys);
    all.addAll(inner.keys());
    if (all.size() > MOST) throw new Failure.Invalid("_sort has at most " + MOST + " keys");
    return new Sort(List.copyOf(all));
  }

  /** Null when no index has it. */
  Order order(Definition definition) {
    if (keys.isEmpty()) return Order.NEWEST;
    if (keys.size() > 1) return null;
    Key key = keys.get(0);
    if (key.name().equals("_id")) return key.down() ? Order.ID_DOWN : Order.ID;
    if (key.name().equals("_lastUpdated")) return key.down() ? Order.UPDATED_DOWN : Order.UPDATED;
    if (key.param() == definition.date()) return key.down() ? Order.DATE_DOWN : Order.DATE;
    if (key.param() == definition.key()) return key.down() ? Order.KEY_DOWN : Order.KEY;
    return null;
  }

  Sorted sorted(Stored stored, long sid, Values values) {
    List<Comparable<?>> all = new ArrayList<>(keys.size());
    for (Key key : keys) all.add(value(key, stored, values));
    return new Sorted(all, sid, stored.id(), stored.body().length());
  }

  private static Comparable<?> value(Key key, Stored stored, Values values) {
    if (key.name().equals("_id")) return stored.id();
    if (key.param() == null) return BigDecimal.valueOf(stored.updated().toEpochMilli());
    Comparable<?> best = null;
    for (Found found : values.of(key.param())) {
      Comparable<?> one = comparable(found);
      int order = one == null || best == null ? -1 : compared(one, best);
      if (one != null && (best == null || (key.down() ? order > 0 : order < 0))) best = one;
    }
    return best;
  }

  /** A text or a number, by the kind of the parameter; null when it has no order. */
  private static Comparable<?> comparable(Found found) {
    if (found instanceof Found.Text) return Postings.keyed(found);
    if (found instanceof Found.Uri uri) return cut(uri.value());
    if (found instanceof Found.Link link) return cut(link.target());
    if (found instanceof Found.Code code) return cut(code.code().isEmpty() ? code.text() : code.code());
    if (found instanceof Found.When when) return new BigDecimal(PageToken.micros(when.span().from()));
    Found.Amount amount = found instanceof Samples samples ? samples.range() : (Found.Amount) found;
    BigDecimal number = amount == null ? null : amount.low() == null ? amount.high() : amount.low();
    if (number == null || amount.code().isEmpty()) return number;
    var base = Amounts.base(number, amount.system(), amount.code());
    return base == null ? number : base.value();
  }

  private static String cut(String text) {
    return text == null || text.length() <= LONGEST ? text : text.substring(0, LONGEST);
  }

  private static int compared(Comparable<?> one, Comparable<?> other) {
    if (one instanceof BigDecimal a && other instanceof BigDecimal b) return a.compareTo(b);
    return one.toString().compareTo(other.toString());
  }

  Comparator<Sorted> comparator() {
    return (a, b) -> {
      for (int i = 0; i < keys.size(); i++) {
        Comparable<?> one = a.values().get(i);
        Comparable<?> other = b.values().get(i);
        int order = one == null ? other == null ? 0 : -1 : other == null ? 1 : compared(one, other);
        if (order != 0) return keys.get(i).down() ? -order : order;
      }
      return Long.compare(a.sid(), b.sid());
    };
  }

  PageToken.Key key(Sorted last) {
    ArrayNode json = Json.MAPPER.createArrayNode();
    for (Comparable<?> value : last.values()) {
      if (value instanceof BigDecimal number) json.add(number);
      else json.add((String) value);
    }
    return new PageToken.Key(json.toString(), last.sid());
  }

  /** Null when there is none. */
  Sorted sorted(PageToken.Key key) {
    if (key == null) return null;
    List<Comparable<?>> values = new ArrayList<>();
    try {
      for (JsonNode value : Json.MAPPER.readTree(key.at())) {
        values.add(value.isNull() ? null : value.isNumber() ? value.decimalValue() : value.asText());
      }
    } catch (JsonProcessingException unreadable) {
      throw PageToken.foreign();
    }
    if (values.size() != keys.size()) throw PageToken.foreign();
    return new Sorted(values, key.sid(), null, 0);
  }
}
