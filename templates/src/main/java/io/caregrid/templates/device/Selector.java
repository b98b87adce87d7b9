package io.caregrid.templates.device;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.templates.cost.Budget;
import io.caregrid.templates.cost.TooCostly;
import io.caregrid.templates.jmespath.JmesPath;
import io.caregrid.templates.jmespath.JmesPathFailure;
import io.caregrid.templates.jsonpath.JsonPath;
import io.caregrid.templates.jsonpath.JsonPath.SeveralTokens;
import io.caregrid.templates.wanted.Place;
import java.util.List;

/** A compiled expression of either language, and what of a calculated template's message it has to see. */
sealed interface Selector {
  /** What a calculated template puts beside the members of the message. */
  String MATCHED = "matchedToken";

  /** What an expression reads: the message alone, the matched token alone, or a message with the token in it. */
  enum Sees {
    MESSAGE, MATCH, BOTH
  }

  /** Null when there is none. */
  JsonNode one(JsonNode context, Budget budget) throws Unreadable;

  List<JsonNode> select(JsonNode root, Budget budget) throws Unreadable;

  /** Every token it finds where {@link #sees} says; empty when there is none. */
  default List<JsonNode> several(JsonNode context, Budget budget) throws Unreadable {
    return select(context, budget);
  }

  /** Says what {@link #one} and {@link #several} look at in a context that is at {@code context}, and gives where what they find is. */
  Place one(Place context);

  /** The same for {@link #select}. */
  default Place select(Place root) {
    return one(root);
  }

  default Sees sees() {
    return Sees.BOTH;
  }

  /**
   * The same expression for a calculated template: names with dots between them, by far the most frequent, need no message with the token in it.
   *
   * @param names of {@code whole}; null when it is more than names
   */
  static Selector calculated(Selector whole, List<String> names) {
    if (names == null || names.isEmpty()) return whole;
    boolean ofMatch = names.get(0).equals(MATCHED);
    List<String> rest = ofMatch ? names.subList(1, names.size()) : names;
    return new Names(rest.toArray(String[]::new), ofMatch ? Sees.MATCH : Sees.MESSAGE, whole);
  }

  /** The same for JMESPath, where more than names often looks at the token alone, or at the message alone, too. */
  static Selector calculated(JmesPath path) {
    Jmes whole = new Jmes(path);
    if (path.fields() != null) return calculated(whole, path.fields());
    JmesPath ofMatch = path.below(MATCHED);
    if (ofMatch != null) return new Narrow(ofMatch, Sees.MATCH, whole);
    return path.isBlindTo(MATCHED) ? new Narrow(path, Sees.MESSAGE, whole) : whole;
  }

  record Path(JsonPath path) implements Selector {
    @Override
    public JsonNode one(JsonNode context, Budget budget) throws Unreadable {
      try {
        return path.one(context, budget);
      } catch (SeveralTokens several) {
        throw new Unreadable("ambiguous-value", "it finds more than one", 0);
      } catch (TooCostly costly) {
        throw new Unreadable("too-costly", costly.getMessage(), 0);
      }
    }

    @Override
    public List<JsonNode> select(JsonNode root, Budget budget) {
      return path.select(root, budget);
    }

    @Override
    public Place one(Place context) {
      return path.select(context);
    }

    @Override
    public String toString() {
      return path.toString();
    }
  }

  record Jmes(JmesPath path) implements Selector {
    @Override
    public JsonNode one(JsonNode context, Budget budget) throws Unreadable {
      try {
        return path.one(context, budget);
      } catch (JmesPathFailure failure) {
        throw unreadable(failure);
      }
    }

    @Override
    public List<JsonNode> select(JsonNode root, Budget budget) throws Unreadable {
      try {
        return path.select(root, budget);
      } catch (JmesPathFailure failure) {
        throw unreadable(failure);
      }
    }

    static Unreadable unreadable(JmesPathFailure failure) {
      return new Unreadable(switch (failure.reason) {
        case "several-tokens" -> "ambiguous-value";
        case "too-costly" -> "too-costly";
        default -> "failed-function";
      }, failure.getMessage(), 0);
    }

    @Override
    public Place one(Place context) {
      return path.one(context);
    }

    @Override
    public Place select(Place root) {
      return path.select(root);
    }

    @Override
    public String toString() {
      return path.toString();
    }
  }

  /**
   * JMESPath of a calculated template that needs no message with the token in it.
   *
   * @param path of what it sees
   */
  record Narrow(JmesPath path, Sees sees, Jmes written) implements Selector {
    @Override
    public JsonNode one(JsonNode context, Budget budget) throws Unreadable {
      try {
        return path.one(context, budget);
      } catch (JmesPathFailure failure) {
        throw Jmes.unreadable(failure);
      }
    }

    @Override
    public List<JsonNode> select(JsonNode root, Budget budget) throws Unreadable {
      return written.select(root, budget);
    }

    @Override
    public List<JsonNode> several(JsonNode context, Budget budget) throws Unreadable {
      try {
        return path.select(context, budget);
      } catch (JmesPathFailure failure) {
        throw Jmes.unreadable(failure);
      }
    }

    @Override
    public Place one(Place context) {
      return path.one(context);
    }

    @Override
    public Place select(Place root) {
      return written.select(root);
    }

    @Override
    public String toString() {
      return written.toString();
    }
  }

  /** One name below the other. */
  record Names(String[] names, Sees sees, Selector written) implements Selector {

    /** Names in a row that are followed through a message that is not there yet. */
    private static final int FOLLOWED = 200;

    @Override
    public JsonNode one(JsonNode context, Budget budget) {
      JsonNode at = context;
      for (String name : names) {
        if (at == null) return null;
        at = at.get(name);
      }
      return at;
    }

    @Override
    public List<JsonNode> select(JsonNode root, Budget budget) throws Unreadable {
      return written.select(root, budget);
    }

    @Override
    public List<JsonNode> several(JsonNode context, Budget budget) {
      JsonNode found = one(context, budget);
      return found == null || found.isNull() ? List.of() : List.of(found);
    }

    @Override
    public Place one(Place context) {
      if (names.length > FOLLOWED) {
        context.whole();
        return Place.NOWHERE;
      }
      Place at = context;
      for (String name : names) at = at.member(name);
      return at;
    }

    @Override
    public Place select(Place root) {
      return written.select(root);
    }

    @Override
    public String toString() {
      return written.toString();
    }
  }
}
