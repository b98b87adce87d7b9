package io.caregrid.api.fhir.r4;

import io.caregrid.cluster.NearMisses;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/** What somebody may have meant by a name that a type does not have. */
public final class Suggestion {
  private static final int MOST = 64;
  private static final int NEAR = 2;

  private Suggestion() {}

  /** Empty, or a clause that follows "is no element of FHIR R4". */
  static String of(String key, Type type) {
    for (Element element : type.elements) {
      if (element.choice() && element.name().equals(key)) {
        List<String> names = type.names()
            .stream()
            .filter(name -> type.member(name).element() == element)
            .sorted()
            .toList();
        return names.size() > 12
            ? ": its type stands in its name, as in " + key + "String"
            : ": its type stands in its name: " + String.join(", ", names);
      }
    }
    return of(key, type.names());
  }

  /** Empty, or a clause that names the nearest of these. */
  public static String of(String word, Collection<String> names) {
    if (word.length() > MOST) return "";
    return names.stream()
        .min(Comparator.comparingInt((String name) -> NearMisses.distance(word, name)).thenComparing(name -> name))
        .filter(name -> NearMisses.distance(word, name) <= NEAR && NearMisses.distance(word, name) < word.length())
        .map(name -> "; did you mean " + name + "?")
        .orElse("");
  }

  /** A name as somebody wrote it, without what could do harm where it is shown. */
  static String printable(String key) {
    String text = key.length() <= MOST ? key : key.substring(0, MOST) + "…";
    return text.isEmpty() ? "(empty name)" : text.replaceAll("[^\\p{L}\\p{N}_$.:\\-…]", "?");
  }
}
