package io.caregrid.templates.hl7v2;

import io.caregrid.templates.liquid.Indexed;
import java.util.ArrayList;
import java.util.List;

/** One component; {@code component.1} is the text of its first subcomponent. Any look into it counts as reading it. */
public final class Component implements Indexed {
  final String raw;
  /** Where it begins in its segment as it was sent. */
  final int start;
  private final Separators separators;
  private final boolean literal;
  private String value;
  private List<String> subcomponents;
  boolean read;

  Component(String raw, int start, Separators separators) {
    this(raw, start, separators, false);
  }

  private Component(String raw, int start, Separators separators, boolean literal) {
    this.raw = raw;
    this.start = start;
    this.separators = separators;
    this.literal = literal;
    read = literal;
  }

  static Component literal(String text, Separators separators) {
    return new Component(text, 0, separators, true);
  }

  String value() {
    if (value == null) value = literal ? raw : separators.text(raw);
    return value;
  }

  private List<String> subcomponents() {
    if (subcomponents != null) return subcomponents;
    List<String> parts = new ArrayList<>();
    parts.add(null);
    for (int at = 0; at <= raw.length();) {
      int end = literal ? -1 : raw.indexOf(separators.subcomponent(), at);
      if (end < 0) end = raw.length();
      boolean nothing = !literal && separators.lean() && separators.isNothing(raw, at, end);
      parts.add(nothing ? null : at == 0 && end == raw.length() ? value() : separators.text(raw.substring(at, end)));
      at = end + 1;
    }
    subcomponents = parts;
    return parts;
  }

  @Override
  public Object at(int index) {
    read = true;
    if (index == 1 && (literal || raw.indexOf(separators.subcomponent()) < 0)) return value();
    List<String> parts = subcomponents();
    return index >= 0 && index < parts.size() ? parts.get(index) : null;
  }

  @Override
  public Object at(String key) {
    read = true;
    if (key.equalsIgnoreCase("Value")) return value();
    if (key.equalsIgnoreCase("Subcomponents")) return subcomponents();
    return at(Segment.number(key, "a component"));
  }
}
