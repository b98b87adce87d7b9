package io.caregrid.templates.jsonpath;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;

/** One side of a test: a literal, or a path from the candidate or the root. */
sealed interface Side {
  /** Hands on every token; false as soon as {@code sink} wants no more. */
  boolean each(Walk walk, JsonNode candidate, Sink sink);

  /** True when it may give something although the candidate is a scalar or a property token. */
  boolean readsScalars();

  /** The member of a candidate without which it gives nothing; null when there is no such. */
  default String needs() {
    return null;
  }

  static Side of(List<Step> steps) {
    return steps.size() == 1 && steps.get(0) instanceof Step.Field field
        ? new OneField(field.name())
        : new Path(steps.toArray(Step[]::new));
  }

  record Literal(JsonNode value) implements Side {
    @Override
    public boolean each(Walk walk, JsonNode candidate, Sink sink) {
      return sink.accept(value);
    }

    @Override
    public boolean readsScalars() {
      return true;
    }
  }

  /** {@code @name}: by far the most frequent. */
  record OneField(String name) implements Side {
    /** Jackson interns names of members, so comparing them is comparing references. */
    public OneField {
      name = name.intern();
    }

    @Override
    public String needs() {
      return name;
    }

    @Override
    public boolean each(Walk walk, JsonNode candidate, Sink sink) {
      JsonNode value = candidate.get(name);
      return value == null || sink.accept(value);
    }

    @Override
    public boolean readsScalars() {
      return false;
    }
  }

  record Path(Step[] steps) implements Side {
    @Override
    public String needs() {
      return steps.length > 0 && steps[0] instanceof Step.Field first ? first.name() : null;
    }

    @Override
    public boolean each(Walk walk, JsonNode candidate, Sink sink) {
      return Step.walk(steps, 0, walk, candidate, sink);
    }

    @Override
    public boolean readsScalars() {
      if (steps.length == 0) return true;
      Step first = steps[0];
      return !(first instanceof Step.Field || first instanceof Step.Fields || first instanceof Step.Items
          || first instanceof Step.Slice);
    }
  }
}
