package io.caregrid.templates.wanted;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** A place in the message itself, which gathers what all expressions look at there. Of one thread; a {@link WantedReader} is made of it in the end. */
public final class Wanted implements Place {
  private final Map<String, Wanted> members = new LinkedHashMap<>();
  private Wanted items;
  private boolean whole;

  @Override
  public Wanted member(String name) {
    return members.computeIfAbsent(name, added -> new Wanted());
  }

  @Override
  public Wanted items() {
    if (items == null) items = new Wanted();
    return items;
  }

  @Override
  public void whole() {
    whole = true;
  }

  /** Of the members that are looked at. */
  public Set<String> names() {
    return members.keySet();
  }

  public boolean isWhole() {
    return whole;
  }

  /** As a reader needs it. */
  Shape shape() {
    return shape(0);
  }

  /** Deeper than it reads anything a reader need not tell parts from the whole; and paths may be longer than the stack is deep. */
  private Shape shape(int depth) {
    if (whole || depth > WantedReader.DEEPEST) return Shape.WHOLE;
    Map<String, Shape> shapes = new LinkedHashMap<>();
    members.forEach((name, member) -> shapes.put(name, member.shape(depth + 1)));
    return new Shape(shapes, items == null ? null : items.shape(depth + 1));
  }
}
