package io.caregrid.templates.jmespath;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;

/** One node of a compiled expression. Never gives Java's null. */
sealed interface Expr {
  JsonNode eval(Run run, JsonNode at) throws JmesPathFailure;

  /** True when what it gives is a projection: several tokens rather than one array. */
  default boolean projects() {
    return false;
  }

  /** {@code name} */
  record Field(String name) implements Expr {
    /** Jackson interns names of members, so comparing them is comparing references. */
    public Field {
      name = name.intern();
    }

    @Override
    public JsonNode eval(Run run, JsonNode at) {
      return Values.orNull(at.get(name));
    }
  }

  /** {@code @} */
  record Current() implements Expr {
    @Override
    public JsonNode eval(Run run, JsonNode at) {
      return at;
    }
  }

  /** {@code $}: the whole document, also inside a projection. */
  record Root() implements Expr {
    @Override
    public JsonNode eval(Run run, JsonNode at) {
      return run.root;
    }
  }

  record Literal(JsonNode value) implements Expr {
    @Override
    public JsonNode eval(Run run, JsonNode at) {
      return value;
    }
  }

  /** {@code left.right} and {@code left[n]} */
  record Sub(Expr left, Expr right) implements Expr {
    @Override
    public JsonNode eval(Run run, JsonNode at) throws JmesPathFailure {
      JsonNode found = left.eval(run, at);
      return found instanceof NullNode ? found : right.eval(run, found);
    }

    @Override
    public boolean projects() {
      return right.projects();
    }
  }

  /** {@code left | right}: what is on the left is one value from here on. */
  record Pipe(Expr left, Expr right) implements Expr {
    @Override
    public JsonNode eval(Run run, JsonNode at) throws JmesPathFailure {
      return right.eval(run, left.eval(run, at));
    }

    @Override
    public boolean projects() {
      return right.projects();
    }
  }

  /** {@code [n]}, counted from the end when below zero. */
  record Index(int index) implements Expr {
    @Override
    public JsonNode eval(Run run, JsonNode at) {
      if (!at.isArray()) return Values.NULL;
      return Values.orNull(at.get(index < 0 ? index + at.size() : index));
    }
  }

  /** {@code left[start:end:step]}; null where nothing is written, {@code step} is never 0. */
  record Slice(Integer start, Integer end, int step) implements Expr {
    @Override
    public JsonNode eval(Run run, JsonNode at) throws JmesPathFailure {
      if (!at.isArray()) return Values.NULL;
      int size = at.size();
      long first = bound(start, size, step > 0 ? 0 : size - 1);
      long stop = bound(end, size, step > 0 ? size : -1);
      ArrayNode part = Values.JSON.arrayNode();
      for (long i = first; step > 0 ? i < stop : i > stop; i += step) part.add(at.get((int) i));
      run.charge(part.size());
      return part;
    }

    private long bound(Integer written, int size, int otherwise) {
      if (written == null) return otherwise;
      long index = written < 0 ? (long) written + size : written;
      return step > 0 ? Math.min(Math.max(index, 0), size) : Math.min(Math.max(index, -1), size - 1L);
    }
  }

  /** {@code left[]}: arrays inside become part of the array. */
  record Flatten(Expr left) implements Expr {
    @Override
    public JsonNode eval(Run run, JsonNode at) throws JmesPathFailure {
      JsonNode list = left.eval(run, at);
      if (!list.isArray()) return Values.NULL;
      ArrayNode flat = Values.JSON.arrayNode();
      for (JsonNode item : list) {
        run.charge(item.isArray() ? 1 + item.size() : 1);
        if (item.isArray()) {
          item.forEach(flat::add);
        } else {
          flat.add(item);
        }
      }
      return flat;
    }
  }

  /**
   * {@code left[*].each}, {@code left.*.each}, {@code left[?test].each}: null results are left out.
   *
   * @param ofObject the values of an object rather than the items of an array
   * @param test     null when every element counts
   */
  record Projection(Expr left, boolean ofObject, Expr test, Expr each) implements Expr {
    @Override
    public JsonNode eval(Run run, JsonNode at) throws JmesPathFailure {
      List<JsonNode> found = new ArrayList<>();
      return gather(run, at, found) ? new ArrayNode(Values.JSON, found) : Values.NULL;
    }

    /** Adds what it gives; false when there is nothing to go over. */
    boolean gather(Run run, JsonNode at, List<JsonNode> found) throws JmesPathFailure {
      if (!ofObject && left instanceof ToArray array) {
        JsonNode value = array.of(run, at);
        if (!value.isArray()) {
          gatherOne(run, value, found);
          return true;
        }
        return gatherAll(run, value, found);
      }
      JsonNode list = left.eval(run, at);
      if (ofObject ? !list.isObject() : !list.isArray()) return false;
      return gatherAll(run, list, found);
    }

    private boolean gatherAll(Run run, JsonNode list, List<JsonNode> found) throws JmesPathFailure {
      for (JsonNode item : list) gatherOne(run, item, found);
      return true;
    }

    private void gatherOne(Run run, JsonNode item, List<JsonNode> found) throws JmesPathFailure {
      run.charge(1);
      if (test != null && !Values.truthy(test.eval(run, item))) return;
      JsonNode value = each.eval(run, item);
      if (!(value instanceof NullNode)) found.add(value);
    }

    @Override
    public boolean projects() {
      return true;
    }
  }

  /** {@code [a, b]} */
  record MultiList(List<Expr> items) implements Expr {
    @Override
    public JsonNode eval(Run run, JsonNode at) throws JmesPathFailure {
      if (at.isNull()) return at;
      ArrayNode list = Values.JSON.arrayNode();
      for (Expr item : items) list.add(item.eval(run, at));
      run.charge(list.size());
      return list;
    }
  }

  /** {@code {a: x, b: y}} */
  record MultiHash(List<String> names, List<Expr> values) implements Expr {
    @Override
    public JsonNode eval(Run run, JsonNode at) throws JmesPathFailure {
      if (at.isNull()) return at;
      ObjectNode object = Values.JSON.objectNode();
      for (int i = 0; i < names.size(); i++) object.set(names.get(i), values.get(i).eval(run, at));
      run.charge(object.size());
      return object;
    }
  }

  record Or(Expr left, Expr right) implements Expr {
    @Override
    public JsonNode eval(Run run, JsonNode at) throws JmesPathFailure {
      JsonNode first = left.eval(run, at);
      return Values.truthy(first) ? first : right.eval(run, at);
    }
  }

  record And(Expr left, Expr right) implements Expr {
    @Override
    public JsonNode eval(Run run, JsonNode at) throws JmesPathFailure {
      JsonNode first = left.eval(run, at);
      return Values.truthy(first) ? right.eval(run, at) : first;
    }
  }

  record Not(Expr of) implements Expr {
    @Override
    public JsonNode eval(Run run, JsonNode at) throws JmesPathFailure {
      return Values.of(!Values.truthy(of.eval(run, at)));
    }
  }

  /** Order is of numbers only; anything else gives null. */
  record Compare(Expr left, String operator, Expr right) implements Expr {
    @Override
    public JsonNode eval(Run run, JsonNode at) throws JmesPathFailure {
      JsonNode one = left.eval(run, at);
      JsonNode other = right.eval(run, at);
      if (operator.equals("==")) return Values.of(Values.same(one, other, run));
      if (operator.equals("!=")) return Values.of(!Values.same(one, other, run));
      if (!one.isNumber() || !other.isNumber()) return Values.NULL;
      int order = Values.order(one, other);
      return Values.of(switch (operator) {
        case "<" -> order < 0;
        case "<=" -> order <= 0;
        case ">" -> order > 0;
        default -> order >= 0;
      });
    }
  }

  /** {@code &expression}: handed to a function unevaluated. */
  record Reference(Expr to) implements Expr {
    @Override
    public JsonNode eval(Run run, JsonNode at) {
      throw new IllegalStateException("a reference is only ever handed to a function");
    }
  }

  /** {@code name(a, b)} */
  record Call(Function function, Function.Any body, Expr[] arguments) implements Expr {
    @Override
    public JsonNode eval(Run run, JsonNode at) throws JmesPathFailure {
      JsonNode[] values = new JsonNode[arguments.length];
      long characters = 0;
      for (int i = 0; i < values.length; i++) {
        if (arguments[i] instanceof Reference) continue;
        values[i] = function.checked(i, arguments[i].eval(run, at));
        characters += Values.characters(values[i]);
      }
      run.chargeCall(characters);
      return body.call(new Arguments(function.name(), run, arguments, values));
    }
  }

  /** {@code name(a)} */
  record CallOfOne(Function function, Function.One body, Expr argument) implements Expr {
    @Override
    public JsonNode eval(Run run, JsonNode at) throws JmesPathFailure {
      JsonNode value = function.checked(0, argument.eval(run, at));
      run.chargeCall(Values.characters(value));
      return body.call(value);
    }
  }

  /** {@code name(a, b)} */
  record CallOfTwo(Function function, Function.Two body, Expr left, Expr right) implements Expr {
    @Override
    public JsonNode eval(Run run, JsonNode at) throws JmesPathFailure {
      JsonNode one = function.checked(0, left.eval(run, at));
      JsonNode other = function.checked(1, right.eval(run, at));
      run.chargeCall((long) Values.characters(one) + Values.characters(other));
      return body.call(one, other);
    }
  }

  /** {@code to_array(of)}: what begins most calculated templates, so a projection over it makes no array of one. */
  record ToArray(Expr of) implements Expr {
    @Override
    public JsonNode eval(Run run, JsonNode at) throws JmesPathFailure {
      JsonNode value = of(run, at);
      return value.isArray() ? value : Values.JSON.arrayNode(1).add(value);
    }

    /** What becomes an array unless it is one. */
    JsonNode of(Run run, JsonNode at) throws JmesPathFailure {
      JsonNode value = of.eval(run, at);
      run.chargeCall(Values.characters(value));
      return value;
    }
  }

  /** {@code if(test, then, otherwise)}: only what is needed is evaluated. */
  record If(Expr test, Expr then, Expr otherwise) implements Expr {
    @Override
    public JsonNode eval(Run run, JsonNode at) throws JmesPathFailure {
      return (Values.truthy(test.eval(run, at)) ? then : otherwise).eval(run, at);
    }
  }
}
