package io.caregrid.analytics.lake.schema;

import java.util.Set;
import java.util.stream.Collectors;

/** What the definition of a resource says of the elements of its root. Takes half a second the first time: not on an event loop. */
public final class Required {
  private static final String CHOICE = "[x]";

  private Required() {}

  /** Names of those it cannot be without, {@code value} for the choice {@code value[x]}; none of an unknown type. */
  public static Set<String> of(String type) {
    Definitions.Definition definition = Definitions.r4().type(type);
    if (definition == null) return Set.of();
    return definition.root()
        .children()
        .stream()
        .filter(Definitions.Element::required)
        .map(element -> bare(element.name()))
        .collect(Collectors.toUnmodifiableSet());
  }

  /** Names of those that are a choice of types, {@code value} for {@code value[x]}. */
  public static Set<String> choices(String type) {
    Definitions.Definition definition = Definitions.r4().type(type);
    if (definition == null) return Set.of();
    return definition.root()
        .children()
        .stream()
        .filter(element -> element.name().endsWith(CHOICE))
        .map(element -> bare(element.name()))
        .collect(Collectors.toUnmodifiableSet());
  }

  private static String bare(String name) {
    return name.endsWith(CHOICE) ? name.substring(0, name.length() - CHOICE.length()) : name;
  }
}
