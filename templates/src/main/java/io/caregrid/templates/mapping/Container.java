package io.caregrid.templates.mapping;

import io.caregrid.templates.mapping.Located.Kind;
import java.util.ArrayList;
import java.util.List;

/**
 * One container of a mapping file: every level is {@code {"templateType": …, "template": …}}.
 *
 * @param type     {@code templateType} as written, null when absent
 * @param template the inner value, null when absent
 * @param whole    the container itself
 */
public record Container(String type, Located template, Located whole) {

  /** Opens the root, which must be a collection of this type, and gives what is in it. */
  public static List<Container> open(Located root, String collection, Problems problems) {
    Container outer = of(root, collection, problems);
    if (outer == null) return List.of();
    if (!outer.is(collection)) {
      Located written = new Members(root, collection, problems).get("templateType");
      problems.error(written == null ? root : written, "Expected TemplateType value " + collection + "Template, actual "
          + (outer.type == null ? "Not Found" : outer.type) + ".");
      return List.of();
    }
    if (outer.template == null || outer.template.kind() != Kind.ARRAY) {
      problems.error(outer.template == null ? root : outer.template,
          "Expected an array for the template property value for template type " + collection + "Template.");
      return List.of();
    }
    List<Container> inner = new ArrayList<>();
    for (Located item : outer.template.items()) {
      Container child = of(item, "template container", problems);
      if (child != null) inner.add(child);
    }
    return inner;
  }

  /** Compares without regard to case, with or without the suffix {@code Template} on either side. */
  public boolean is(String name) {
    return type != null && bare(type).equalsIgnoreCase(bare(name));
  }

  /** For the two types that never took the suffix. */
  public boolean isExactly(String name) {
    return type != null && type.equalsIgnoreCase(name);
  }

  /** The inner object, or null when it is none, which is an error then. */
  public Members object(String templateName, Problems problems) {
    if (template != null && template.kind() == Kind.OBJECT) return new Members(template, templateName, problems);
    problems.error(template == null ? whole : template,
        "Expected an object for the template property value for template type " + templateName + ".");
    return null;
  }

  private static Container of(Located value, String type, Problems problems) {
    if (value.kind() != Kind.OBJECT) {
      problems.error(value, "Expected an object with templateType and template.");
      return null;
    }
    Members members = new Members(value, type, problems);
    Container container = new Container(members.text("templateType"), members.get("template"), value);
    members.done();
    return container;
  }

  private static String bare(String name) {
    String suffix = "template";
    int cut = name.length() - suffix.length();
    return cut > 0 && name.regionMatches(true, cut, suffix, 0, suffix.length()) ? name.substring(0, cut) : name;
  }
}
