package io.caregrid.templates.hl7v2;

import io.caregrid.templates.liquid.Indexed;
import java.util.ArrayList;
import java.util.List;

/** One field, or one repetition of it; {@code field.2} is the second component of the first repetition. */
public final class Field implements Indexed {
  private final String raw;
  private final Separators separators;
  final List<Component> components;
  private final List<Field> repeats;

  private Field(String raw, Separators separators, List<Component> components, List<Field> repeats) {
    this.raw = raw;
    this.separators = separators;
    this.components = components;
    this.repeats = repeats;
  }

  /** MSH-1 and MSH-2, which are not split and count as read. */
  static Field literal(String text, Separators separators) {
    List<Component> only = new ArrayList<>();
    only.add(null);
    only.add(Component.literal(text, separators));
    return new Field(text, null, only, new ArrayList<>());
  }

  static Field parse(String line, int from, int to, Separators separators) {
    List<Field> repeats = new ArrayList<>(1);
    for (int at = from; at <= to;) {
      int end = line.indexOf(separators.repetition(), at);
      if (end < 0 || end > to) end = to;
      String text = line.substring(at, end);
      repeats.add(new Field(text, separators, components(text, at, separators), List.of()));
      at = end + 1;
    }
    String whole = repeats.size() == 1 ? repeats.get(0).raw : line.substring(from, to);
    return new Field(whole, separators, repeats.get(0).components, repeats);
  }

  private static List<Component> components(String text, int start, Separators separators) {
    List<Component> components = new ArrayList<>();
    components.add(null);
    for (int at = 0; at <= text.length();) {
      int end = text.indexOf(separators.component(), at);
      if (end < 0) end = text.length();
      components.add(
          separators.isNothing(text, at, end) ? null : new Component(text.substring(at, end), start + at, separators));
      at = end + 1;
    }
    return components;
  }

  String value() {
    return separators == null ? raw : separators.text(raw);
  }

  void readAll() {
    for (Component component : components) if (component != null) component.read = true;
  }

  @Override
  public Object at(int index) {
    return index >= 0 && index < components.size() ? components.get(index) : null;
  }

  @Override
  public Object at(String key) {
    if (key.equalsIgnoreCase("Value")) {
      readAll();
      return value();
    }
    if (key.equalsIgnoreCase("Repeats")) {
      readAll();
      return repeats;
    }
    if (key.equalsIgnoreCase("Components")) return components;
    return at(Segment.number(key, "a field"));
  }
}
