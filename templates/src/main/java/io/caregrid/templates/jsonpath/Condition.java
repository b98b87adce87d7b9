package io.caregrid.templates.jsonpath;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;

/** What stands between the brackets of a filter: a question about one candidate ({@code @}) in one document ({@code $}). */
sealed interface Condition {
  boolean passes(Walk walk, JsonNode candidate);

  /** False when no property token can pass, so that none needs to be made. */
  boolean passesProperties();

  /** False when no scalar can pass. */
  boolean passesScalars();

  /** The member without which nothing passes, neither object nor anything else; null when there is no such. */
  String needs();

  /** {@code @.a}: true when the path selects anything, null and false included. A literal always exists. */
  record Exists(Side side) implements Condition {
    @Override
    public boolean passes(Walk walk, JsonNode candidate) {
      if (side instanceof Side.OneField field) return candidate.get(field.name()) != null;
      return !side.each(walk, candidate, token -> false);
    }

    @Override
    public boolean passesProperties() {
      return side.readsScalars();
    }

    @Override
    public boolean passesScalars() {
      return side.readsScalars();
    }

    @Override
    public String needs() {
      return side.needs();
    }
  }

  /** True when any pair of what both sides select fits. */
  record Compare(Side left, Operator operator, Side right) implements Condition {
    @Override
    public boolean passes(Walk walk, JsonNode candidate) {
      return !left.each(walk, candidate,
          one -> right.each(walk, candidate, other -> {
            walk.charge(cost(one) + cost(other));
            return !operator.holds(one, other);
          }));
    }

    /** Equal texts are read to the end, and one that may be a number is read as one. */
    private static int cost(JsonNode side) {
      if (!side.isTextual()) return 1;
      int length = side.textValue().length();
      return 1 + length / 64 + Math.min(length, Operator.LONGEST_NUMBER) / 8;
    }

    @Override
    public boolean passesProperties() {
      return left.readsScalars() && right.readsScalars();
    }

    @Override
    public boolean passesScalars() {
      return left.readsScalars() && right.readsScalars();
    }

    @Override
    public String needs() {
      return left.needs() == null ? right.needs() : left.needs();
    }
  }

  /** {@code =~ /regex/}: text in which the pattern is found. */
  record Matches(Side left, Pattern pattern) implements Condition {
    /** Steps that making a matcher is worth. */
    private static final int MATCHER = 8;

    @Override
    public boolean passes(Walk walk, JsonNode candidate) {
      return !left.each(walk, candidate, one -> !(one.isTextual() && found(walk, one.textValue())));
    }

    private boolean found(Walk walk, String text) {
      walk.charge(MATCHER);
      return Bounded.find(pattern, text, walk.budget);
    }

    @Override
    public boolean passesProperties() {
      return left.readsScalars();
    }

    @Override
    public boolean passesScalars() {
      return left.readsScalars();
    }

    @Override
    public String needs() {
      return left.needs();
    }
  }

  /** Filled while parsing, never afterwards. */
  record All(List<Condition> tests) implements Condition {
    @Override
    public boolean passes(Walk walk, JsonNode candidate) {
      for (Condition test : tests) {
        if (!test.passes(walk, candidate)) return false;
      }
      return true;
    }

    @Override
    public boolean passesProperties() {
      return tests.stream().allMatch(Condition::passesProperties);
    }

    @Override
    public boolean passesScalars() {
      return tests.stream().allMatch(Condition::passesScalars);
    }

    @Override
    public String needs() {
      return tests.stream().map(Condition::needs).filter(Objects::nonNull).findFirst().orElse(null);
    }
  }

  /** Filled while parsing, never afterwards. */
  record Any(List<Condition> tests) implements Condition {
    @Override
    public boolean passes(Walk walk, JsonNode candidate) {
      for (Condition test : tests) {
        if (test.passes(walk, candidate)) return true;
      }
      return false;
    }

    @Override
    public boolean passesProperties() {
      return tests.stream().anyMatch(Condition::passesProperties);
    }

    @Override
    public boolean passesScalars() {
      return tests.stream().anyMatch(Condition::passesScalars);
    }

    @Override
    public String needs() {
      return null;
    }
  }
}
