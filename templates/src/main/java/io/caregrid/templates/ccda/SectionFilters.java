package io.caregrid.templates.ccda;

import io.caregrid.templates.liquid.Filters;
import io.caregrid.templates.liquid.JsonText;
import io.caregrid.templates.liquid.Values;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BiPredicate;

/** How templates pick sections of a document: by part of the title or of the templateId. */
public final class SectionFilters {
  private SectionFilters() {}

  public static void addTo(Filters filters) {
    filters.with("get_first_ccda_sections", 1, 1,
        (run, value, with) -> first(lists(value, with[0], SectionFilters::isTitled)));
    filters.with("get_ccda_section_lists", 1, 1, (run, value, with) -> lists(value, with[0], SectionFilters::isTitled));
    filters.with("get_first_ccda_sections_by_template_id", 1, 1,
        (run, value, with) -> first(lists(value, with[0], SectionFilters::hasTemplate)));
    filters.with("narrative", 1, 1, (run, value, with) -> said(value, with[0]));
  }

  /** The text of an element such as {@code originalText}: its own, else what it refers to in the narrative; null when there is none. */
  private static Object said(Object element, Object narrative) {
    Object own = at(element, "_");
    if (own != null || !(narrative instanceof Narrative all)) return own;
    return at(element, "reference", "value") instanceof String link && link.startsWith("#")
        ? all.at(link.substring(1).strip())
        : null;
  }

  private static Map<String, Object> first(Map<String, List<Object>> lists) {
    Map<String, Object> first = new LinkedHashMap<>();
    lists.forEach((name, sections) -> first.put(name, sections.get(0)));
    return first;
  }

  private static Map<String, List<Object>> lists(Object document, Object names, BiPredicate<Map<?, ?>, String> fits) {
    Map<String, List<Object>> found = new LinkedHashMap<>();
    List<Object> components = Values
        .listed(at(document, "ClinicalDocument", "component", "structuredBody", "component"));
    for (String name : Values.required(names).split("\\|")) {
      for (Object component : components) {
        if (name.isEmpty() || !(at(component, "section") instanceof Map<?, ?> section) || !fits.test(section, name))
          continue;
        found.computeIfAbsent(name.replaceAll("[^A-Za-z0-9]", "_"), absent -> new ArrayList<>()).add(section);
      }
    }
    return found;
  }

  private static Object at(Object value, String... path) {
    Object at = value;
    for (String name : path) at = at instanceof Map<?, ?> map ? map.get(name) : null;
    return at;
  }

  private static boolean isTitled(Map<?, ?> section, String name) {
    return at(section, "title", "_") instanceof String title && contains(title, name);
  }

  private static boolean hasTemplate(Map<?, ?> section, String id) {
    return section.get("templateId") != null && contains(JsonText.of(section.get("templateId")), id);
  }

  private static boolean contains(String text, String part) {
    return text.toLowerCase(Locale.ROOT).contains(part.toLowerCase(Locale.ROOT));
  }
}
