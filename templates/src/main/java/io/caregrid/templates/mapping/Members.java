package io.caregrid.templates.mapping;

import io.caregrid.templates.mapping.Located.Kind;
import io.caregrid.templates.mapping.Located.Member;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/**
 * The members of one object of a mapping file, read by name. Names match without regard to case; the last of several counts.
 * Every read notes the name as known; {@link #done} then finds the unknown ones. Messages name a member as the connector's users know it
 * ({@code 'TypeName'}).
 */
public final class Members {
  private final Located object;
  private final String type;
  private final Problems problems;
  private final TreeSet<String> known = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);

  /** @param type name of the kind of object, for messages */
  public Members(Located object, String type, Problems problems) {
    this.object = object;
    this.type = type;
    this.problems = problems;
  }

  public Located object() {
    return object;
  }

  /** Null when absent or null. */
  public Located get(String name) {
    known.add(name);
    Located value = null;
    for (Member member : object.members()) {
      if (member.name().equalsIgnoreCase(name)) value = member.value();
    }
    return value == null || value.isNull() ? null : value;
  }

  /** Null when absent or null, which is an error then. */
  public Located required(String name) {
    Located value = get(name);
    if (value == null) problems.error(object, "Required property '" + pascal(name) + "' " + absence(name));
    return value;
  }

  /** Null when absent, or when it is no text, which is an error then. */
  public String text(String name) {
    return asText(name, get(name));
  }

  public String requiredText(String name) {
    return asText(name, required(name));
  }

  /** A truth value, or the text of one; false when absent. */
  public boolean flag(String name) {
    Located value = get(name);
    if (value == null) return false;
    boolean legal = value.text() != null
        && (value.text().equalsIgnoreCase("true") || value.text().equalsIgnoreCase("false"));
    if (!legal) problems.error(value, "'" + name + "' must be true or false.");
    return legal && Boolean.parseBoolean(value.text());
  }

  /** Null when absent, or when it is no number, which is an error then. */
  public BigDecimal number(String name) {
    Located value = get(name);
    if (value == null) return null;
    try {
      if (value.kind() == Kind.NUMBER || value.kind() == Kind.TEXT) return new BigDecimal(value.text().strip());
    } catch (NumberFormatException notANumber) {
      // said below, like any other value that is no number
    }
    problems.error(value, "'" + name + "' must be a number.");
    return null;
  }

  /** Empty when absent, or when it is no array, which is an error then. */
  public List<Located> list(String name) {
    return asList(name, get(name));
  }

  public List<Located> requiredList(String name) {
    return asList(name, required(name));
  }

  /** The objects of an array; anything else in it is an error. */
  public static List<Members> objects(List<Located> items, String type, Problems problems) {
    List<Members> objects = new ArrayList<>();
    for (Located item : items) {
      if (item.kind() == Kind.OBJECT) {
        objects.add(new Members(item, type, problems));
      } else {
        problems.error(item, "Expected an object for " + type + ".");
      }
    }
    return objects;
  }

  /** These names are allowed and mean nothing here. */
  public void ignore(String... names) {
    known.addAll(List.of(names));
  }

  /** Says which members nobody has asked for. */
  public void done() {
    for (Member member : object.members()) {
      if (known.contains(member.name())) continue;
      problems.error(member.line(), member.column(),
          "Could not find member '" + member.name() + "' on object of type '" + type
              + "'. Known are " + String.join(", ", known) + ".");
    }
  }

  /** The same as a warning, where the connector never minded. */
  public void doneLeniently() {
    for (Member member : object.members()) {
      if (known.contains(member.name())) continue;
      problems.warning(member.value(),
          "'" + member.name() + "' means nothing in '" + type + "'. Known are " + String.join(", ", known) + ".");
    }
  }

  private String absence(String name) {
    boolean isNull = object.members().stream().anyMatch(member -> member.name().equalsIgnoreCase(name));
    return isNull ? "expects a value but got null." : "not found in JSON.";
  }

  private String asText(String name, Located value) {
    if (value == null || value.text() != null) return value == null ? null : value.text();
    problems.error(value, "'" + name + "' must be a text.");
    return null;
  }

  private List<Located> asList(String name, Located value) {
    if (value == null || value.kind() == Kind.ARRAY) return value == null ? List.of() : value.items();
    problems.error(value, "'" + name + "' must be an array.");
    return List.of();
  }

  private static String pascal(String name) {
    return Character.toUpperCase(name.charAt(0)) + name.substring(1);
  }
}
