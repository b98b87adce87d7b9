package io.caregrid.templates.jsonpath;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.POJONode;
import io.caregrid.templates.wanted.Place;
import java.util.List;

/**
 * One step of a path: from one token to the tokens it selects there. The names follow the dialect's own filters.
 */
sealed interface Step {

  /** Hands every token this step selects at {@code at} to {@code next}; false as soon as {@code next} wants no more. */
  boolean from(Walk walk, JsonNode at, Sink next);

  /** Where what this step selects at {@code place} is, when it looks at nothing else; null when it looks at more. */
  default Place from(Place place) {
    return null;
  }

  /** Runs {@code steps} from the n-th on. */
  static boolean walk(Step[] steps, int n, Walk walk, JsonNode at, Sink sink) {
    if (n == steps.length) return sink.accept(at);
    if (n == steps.length - 1) return steps[n].from(walk, at, sink);
    return steps[n].from(walk, at, found -> walk(steps, n + 1, walk, found, sink));
  }

  /** {@code $} inside a filter. */
  record Root() implements Step {
    @Override
    public boolean from(Walk walk, JsonNode at, Sink next) {
      return next.accept(walk.root);
    }
  }

  /** {@code .name}, {@code ['name']}. */
  record Field(String name) implements Step {
    /** Jackson interns names of members, so comparing them is comparing references. */
    public Field {
      name = name.intern();
    }

    @Override
    public boolean from(Walk walk, JsonNode at, Sink next) {
      JsonNode value = at.get(name);
      return value == null || next.accept(value);
    }

    @Override
    public Place from(Place place) {
      return place.member(name);
    }
  }

  /** {@code ['a','b']}: in the order of the names. */
  record Fields(List<String> names) implements Step {
    /** More of them are not followed one by one. */
    private static final int FOLLOWED = 32;

    @Override
    public boolean from(Walk walk, JsonNode at, Sink next) {
      walk.charge(names.size());
      for (String name : names) {
        JsonNode value = at.get(name);
        if (value != null && !next.accept(value)) return false;
      }
      return true;
    }

    @Override
    public Place from(Place place) {
      return names.size() > FOLLOWED ? null : Place.either(names.stream().map(place::member).toList());
    }
  }

  /** {@code .*}: the values of an object; nothing of an array. */
  record AnyField() implements Step {
    @Override
    public boolean from(Walk walk, JsonNode at, Sink next) {
      return !at.isObject() || each(walk, at, next);
    }
  }

  /** {@code [*]}: the items of an array; nothing of an object. */
  record AnyItem() implements Step {
    @Override
    public boolean from(Walk walk, JsonNode at, Sink next) {
      return !at.isArray() || each(walk, at, next);
    }

    @Override
    public Place from(Place place) {
      return place.items();
    }
  }

  /** {@code [0]}, {@code [0,2]}; an index below zero selects nothing. */
  record Items(int[] indexes) implements Step {
    @Override
    public boolean from(Walk walk, JsonNode at, Sink next) {
      walk.charge(indexes.length);
      for (int index : indexes) {
        JsonNode item = at.isArray() ? at.get(index) : null;
        if (item != null && !next.accept(item)) return false;
      }
      return true;
    }

    @Override
    public Place from(Place place) {
      return place.items();
    }
  }

  /** {@code [start:end:step]}; null where nothing is written, {@code step} is never 0. */
  record Slice(Integer start, Integer end, int step) implements Step {
    @Override
    public boolean from(Walk walk, JsonNode at, Sink next) {
      if (!at.isArray()) return true;
      int size = at.size();
      long first = step > 0
          ? bound(start, size, 0, size, 0)
          : bound(start, size, Integer.MIN_VALUE, size - 1, size - 1);
      long stop = bound(end, size, -1, size, step > 0 ? size : -1);
      for (long i = first; step > 0 ? i < stop : i > stop; i += step) {
        walk.charge(1);
        if (!next.accept(at.get((int) i))) return false;
      }
      return true;
    }

    private static long bound(Integer written, int size, int least, int most, int otherwise) {
      if (written == null) return otherwise;
      long index = written < 0 ? (long) written + size : written;
      return Math.min(Math.max(index, least), most);
    }

    @Override
    public Place from(Place place) {
      return place.items();
    }
  }

  /** {@code ..name}: pre-order, the value of each such property. */
  record Scan(List<String> names) implements Step {
    @Override
    public boolean from(Walk walk, JsonNode at, Sink next) {
      if (at.isObject()) {
        for (var property : at.properties()) {
          walk.charge(names.size());
          for (String name : names) {
            if (name.equals(property.getKey()) && !next.accept(property.getValue())) return false;
          }
          if (!from(walk, property.getValue(), next)) return false;
        }
        return true;
      }
      for (JsonNode child : children(at)) {
        walk.charge(1);
        if (child.isContainerNode() && !from(walk, child, next)) return false;
      }
      return true;
    }
  }

  /** {@code ..*}: the token itself and everything below it, pre-order. */
  record ScanAny() implements Step {
    @Override
    public boolean from(Walk walk, JsonNode at, Sink next) {
      if (!next.accept(at)) return false;
      for (JsonNode child : children(at)) {
        walk.charge(1);
        if (!from(walk, child, next)) return false;
      }
      return true;
    }
  }

  /** {@code [?(…)]}: the items of an array; of an object its property tokens. */
  record Filter(Condition test) implements Step {
    @Override
    public boolean from(Walk walk, JsonNode at, Sink next) {
      if (at.isObject()) return !test.passesProperties() || eachProperty(walk, at, next);
      for (JsonNode child : children(at)) {
        walk.charge(1);
        if (test.passes(walk, child) && !next.accept(child)) return false;
      }
      return true;
    }

    private boolean eachProperty(Walk walk, JsonNode at, Sink next) {
      for (JsonNode value : at) {
        walk.charge(1);
        JsonNode property = new POJONode(value);
        if (test.passes(walk, property) && !next.accept(property)) return false;
      }
      return true;
    }
  }

  /** {@code ..[?(…)]}: the token itself and everything below it, pre-order. */
  record ScanFilter(Condition test) implements Step {
    @Override
    public boolean from(Walk walk, JsonNode at, Sink next) {
      if (test.passes(walk, at) && !next.accept(at)) return false;
      if (at.isObject() && test.passesProperties()) return properties(walk, at, next);
      for (JsonNode child : children(at)) {
        walk.charge(1);
        if ((child.isContainerNode() || test.passesScalars()) && !from(walk, child, next)) return false;
      }
      return true;
    }

    private boolean properties(Walk walk, JsonNode at, Sink next) {
      for (JsonNode value : at) {
        walk.charge(1);
        JsonNode property = new POJONode(value);
        if (test.passes(walk, property) && !next.accept(property)) return false;
        if (!from(walk, value, next)) return false;
      }
      return true;
    }
  }

  private static boolean each(Walk walk, JsonNode at, Sink next) {
    for (JsonNode child : at) {
      walk.charge(1);
      if (!next.accept(child)) return false;
    }
    return true;
  }

  /** Children of a container; of a property token its value; nothing of a scalar. */
  private static Iterable<JsonNode> children(JsonNode at) {
    return isProperty(at) ? List.of((JsonNode) ((POJONode) at).getPojo()) : at;
  }

  static boolean isProperty(JsonNode token) {
    return token.isPojo();
  }
}
