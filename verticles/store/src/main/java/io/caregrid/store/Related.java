package io.caregrid.store;

import io.caregrid.contract.Failure;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * {@code :above} and {@code :below} of a reference parameter, read: also what is part of what it points to, or what that is part of, however many steps away
 * (FHIR R4 search.html#recursive); of a url {@code :below} means its versions.
 *
 * @param down     below, not above
 * @param urls     whose versions are meant
 * @param families by type: all of one are looked up together
 */
record Related(boolean down, List<String> urls, Map<String, Family> families) {
  /** @param ids each once */
  record Family(Hierarchy hierarchy, Set<String> ids) {}

  /**
   * Invalid 400 where there is no such order.
   *
   * @param asked the parameter with its modifier, for errors
   */
  static Related of(Param link, String asked, List<String> alternatives) {
    boolean down = asked.endsWith(":below");
    List<String> urls = new ArrayList<>();
    Map<String, Family> families = new LinkedHashMap<>();
    for (String alternative : alternatives) {
      String value = SearchValue.reference(link.target(), alternative);
      if (Canonical.is(value)) {
        if (!down) throw new Failure.Invalid(asked + " has no meaning for a url");
        urls.add(value);
      } else {
        Hierarchy hierarchy = Hierarchy.of(link, asked, value);
        families.computeIfAbsent(hierarchy.type(), first -> new Family(hierarchy, new LinkedHashSet<>()))
            .ids()
            .add(hierarchy.start(value));
      }
    }
    return new Related(down, List.copyOf(new LinkedHashSet<>(urls)), families);
  }
}
