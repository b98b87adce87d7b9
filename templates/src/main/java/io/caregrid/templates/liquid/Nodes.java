package io.caregrid.templates.liquid;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** What each tag does. */
final class Nodes {
  private Nodes() {}

  record Binding(int slot, Expression value) {}

  record Window(Expression offset, Expression limit, boolean reversed) {
    static int at(Expression bound, Run run, int otherwise) {
      return bound == null ? otherwise : Math.max(0, Values.integer(bound.value(run)));
    }
  }

  /** A template that another one names: looked up when it is first needed, then remembered if its name is fixed. */
  static final class Link {
    private final Expression name;
    private final String fixed;
    private volatile Template known;

    Link(Expression name, String fixed) {
      this.name = name;
      this.fixed = fixed;
    }

    Template template(Run run) {
      if (known != null) return known;
      if (fixed == null) return run.templates().require(Values.rendered(name.value(run)));
      known = run.templates().require(fixed);
      return known;
    }
  }

  static Node all(List<Node> nodes) {
    if (nodes.size() == 1) return nodes.get(0);
    Node[] each = nodes.toArray(new Node[0]);
    return run -> {
      for (Node node : each) {
        int signal = node.render(run);
        if (signal != Node.GO_ON) return signal;
      }
      return Node.GO_ON;
    };
  }

  static Node placed(Node node, String template, int line) {
    return run -> {
      run.step();
      try {
        return node.render(run);
      } catch (ConversionException failure) {
        throw failure.at(template, line);
      } catch (ClassCastException | ArithmeticException | IndexOutOfBoundsException | IllegalArgumentException unfit) {
        String why = "a filter cannot work with what it is given";
        throw new ConversionException(ErrorCode.TEMPLATE_RENDERING_ERROR, why, template, line);
      }
    };
  }

  static Node text(String text) {
    return run -> {
      if (run.quoting != null) run.quoting.follow(text);
      run.write(text);
      return Node.GO_ON;
    };
  }

  static Node output(Expression value) {
    return run -> {
      Object now = value.value(run);
      write(now, value instanceof Expression.Path && now instanceof String, run);
      return Node.GO_ON;
    };
  }

  /** A list item by item, so that one of many long texts ends at the limit and is not made first. */
  private static void write(Object value, boolean raw, Run run) {
    List<?> items = value instanceof List<?> list ? list : Collections.singletonList(value);
    for (Object each : items) {
      String text = Values.rendered(items == value && each instanceof Boolean ? List.of(each) : each);
      run.write(run.quoting == null ? text : run.quoting.placed(text, raw));
    }
  }

  static Node assign(int slot, Expression value) {
    return run -> {
      Object now = value.value(run);
      run.assign(slot, now);
      return Node.GO_ON;
    };
  }

  static Node capture(int slot, Node body) {
    return run -> {
      int mark = run.mark();
      int signal = body.render(run);
      String text = run.cut(mark);
      if (signal == Node.GO_ON) run.assign(slot, text);
      return signal;
    };
  }

  static Node evaluate(int slot, Link link, Binding[] bindings) {
    return run -> {
      Template template = link.template(run);
      int scope = run.open();
      bind(run, bindings);
      int mark = run.mark();
      int signal = run.render(template);
      String text = run.cut(mark).strip();
      run.close(scope);
      if (signal == Node.GO_ON) run.assign(slot, text.isEmpty() ? null : text);
      return signal;
    };
  }

  private static void bind(Run run, Binding[] bindings) {
    for (Binding each : bindings) {
      Object value = each.value().value(run);
      run.bind(each.slot(), value);
    }
  }

  static Node include(Link link, Expression with, int own, Binding[] bindings) {
    return run -> {
      Template template = link.template(run);
      Object variable = with.value(run);
      int scope = run.open();
      bind(run, bindings);
      int signal = Node.GO_ON;
      List<?> items = Values.items(variable);
      if (items == null) items = Collections.singletonList(variable);
      run.iterations(items.size());
      for (Object item : items) {
        if (own >= 0) run.bind(own, item);
        signal = run.render(template);
        if (signal != Node.GO_ON) break;
      }
      run.close(scope);
      return signal;
    };
  }

  static Node first(Condition[] conditions, Node[] bodies) {
    return run -> {
      for (int i = 0; i < conditions.length; i++) {
        if (conditions[i].holds(run)) return bodies[i].render(run);
      }
      return Node.GO_ON;
    };
  }

  /** {@code case}: every matching {@code when} is rendered; {@code else} (null) if none before it was. */
  static Node every(Condition[] conditions, Node[] bodies) {
    return run -> {
      boolean matched = false;
      for (int i = 0; i < conditions.length; i++) {
        boolean now = conditions[i] == null ? !matched : conditions[i].holds(run);
        if (!now) continue;
        if (conditions[i] != null) matched = true;
        int signal = bodies[i].render(run);
        if (signal != Node.GO_ON) return signal;
      }
      return Node.GO_ON;
    };
  }

  static Node loop(int slot, int forloop, Expression collection, Window window, Node body, Node otherwise) {
    return run -> {
      List<?> items = Values.items(collection.value(run));
      if (items == null) return otherwise.render(run);
      run.iterations(items.size());
      List<?> part = part(items, window, run);
      if (part.isEmpty()) return otherwise.render(run);
      int scope = run.open();
      run.bind(slot, null);
      run.bind(forloop, null);
      for (int i = 0; i < part.size(); i++) {
        run.step();
        run.rebind(slot, part.get(i));
        run.rebind(forloop, new Turn(i, part.size()));
        if (body.render(run) == Node.BREAK) break;
      }
      run.close(scope);
      return Node.GO_ON;
    };
  }

  private static List<?> part(List<?> items, Window window, Run run) {
    int from = Math.min(items.size(), Window.at(window.offset(), run, 0));
    int limit = Window.at(window.limit(), run, items.size());
    List<?> part = items.subList(from, Math.min(items.size(), from + Math.min(limit, items.size())));
    if (!window.reversed()) return part;
    List<Object> turned = new ArrayList<>(part);
    Collections.reverse(turned);
    return turned;
  }

  /** {@code forloop}. */
  private record Turn(int index, int length) implements Indexed {
    @Override
    public Object at(String key) {
      return switch (key) {
        case "length" -> length;
        case "index" -> index + 1;
        case "index0" -> index;
        case "rindex" -> length - index;
        case "rindex0" -> length - index - 1;
        case "first" -> index == 0;
        case "last" -> index == length - 1;
        default -> null;
      };
    }

    @Override
    public Object at(int key) {
      return null;
    }
  }

  static Expression filtered(Expression value, Filter filter, Expression[] given) {
    return run -> {
      Object input = value.value(run);
      Object[] arguments = new Object[given.length];
      for (int i = 0; i < given.length; i++) arguments[i] = given[i].value(run);
      Object result = filter.apply(run, input, arguments);
      if (result != input && result instanceof String text) run.charge(text.length());
      if (result != input && result instanceof List<?> list) run.charge((long) Run.ITEM * list.size());
      return result;
    };
  }
}
