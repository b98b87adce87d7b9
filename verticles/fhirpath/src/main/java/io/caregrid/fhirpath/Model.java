package io.caregrid.fhirpath;

import io.caregrid.fhirpath.FhirPathException.Unfit;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The types of FHIR R4 and their elements, as R4's StructureDefinitions have them. The file {@code r4.model} is made of those definitions, and a test
 * holds it against them. One line is a type:
 *
 * <pre>Patient&lt;DomainResource identifier*:Identifier deceased[x]:boolean|dateTime contact*:Patient.contact</pre>
 *
 * {@code *} repeats, {@code [x]} is a choice, {@code :*} a choice of all types of an open element, which the line {@code *} lists.
 */
final class Model {
  private static final Set<String> ABSTRACT = Set.of("Resource", "DomainResource", "MetadataResource");
  static final Model R4 = read("r4.model");

  private final Map<String, Type> types = new HashMap<>();

  /** A type with all its elements, those of its ancestors included. */
  static final class Type {
    final String name;
    final Type base;
    private final Map<String, Field> fields;
    private final boolean primitive;
    private final boolean resource;
    private final Set<String> ancestors = new HashSet<>();

    private Type(String name, Type base, Map<String, Field> fields) {
      this.name = name;
      this.base = base;
      this.fields = fields;
      this.primitive = Character.isLowerCase(name.charAt(0));
      ancestors.add(name);
      if (base != null) ancestors.addAll(base.ancestors);
      this.resource = ancestors.contains("Resource");
    }

    /** Null when this type has no such element. A choice goes by its name without the type: {@code value}. */
    Field field(String element) {
      return fields.get(element);
    }

    /** With those of its ancestors, in the definitions' order. */
    Collection<Field> fields() {
      return fields.values();
    }

    /** This type or one it is made from. */
    boolean isA(String other) {
      return ancestors.contains(other);
    }

    boolean isPrimitive() {
      return primitive;
    }

    boolean isResource() {
      return resource;
    }

    /** False for the types that stand for any resource: what is there has more elements. */
    boolean isExact() {
      return !ABSTRACT.contains(name);
    }

    /** @throws Unfit when the name is that of a choice with its type; in strict mode always */
    void unknown(String element, boolean strict) {
      Field choice = choiceOf(element);
      if (choice != null) throw choice.named(element);
      if (strict) throw new Unfit(name + " has no element " + element);
    }

    /** The element that stands in JSON under this name: {@code valueQuantity} gives {@code value}. Null when none does. */
    Field choiceOf(String json) {
      for (int end = json.length() - 1; end > 0; end--) {
        if (!Character.isUpperCase(json.charAt(end))) continue;
        Field field = fields.get(json.substring(0, end));
        if (field != null && field.choices != null && field.choices.containsKey(json)) return field;
      }
      return null;
    }
  }

  /** One element. */
  static final class Field {
    final String name;
    final boolean repeats;
    /** Of a choice: its names in JSON → their types; else null. */
    final Map<String, String> choices;
    /** Its name in JSON for what a primitive has beside its value. */
    final String extra;
    private final String typeName;
    private Type type;

    private Field(String name, boolean repeats, List<String> types, boolean choice) {
      this.name = name;
      this.extra = "_" + name;
      this.repeats = repeats;
      this.typeName = choice ? null : types.get(0);
      this.choices = choice ? new LinkedHashMap<>() : null;
      if (choice)
        types.forEach(one -> choices.put(name + Character.toUpperCase(one.charAt(0)) + one.substring(1), one));
    }

    /** Of an element that is no choice. */
    Type type() {
      return type;
    }

    /** The error of naming a choice with its type, as JSON does. */
    Unfit named(String json) {
      return new Unfit("an element that has several types is named without its type: " + name + ".ofType("
          + choices.get(json) + ") instead of " + json);
    }
  }

  /** Null when R4 has no such type. Types of inner elements have dotted names: {@code Patient.contact}. */
  Type type(String name) {
    return types.get(name);
  }

  /** The types a resource can be of. */
  List<String> resources() {
    return types.values()
        .stream()
        .filter(type -> type.isResource() && type.isExact())
        .map(type -> type.name)
        .sorted()
        .toList();
  }

  private static Model read(String file) {
    try (BufferedReader lines = new BufferedReader(
        new InputStreamReader(Model.class.getResourceAsStream(file), StandardCharsets.UTF_8))) {
      Model model = new Model();
      List<String> open = List.of(lines.readLine().substring(2).split("\\|"));
      lines.lines().forEach(line -> model.add(line, open));
      model.types.values()
          .forEach(type -> type.fields.values().forEach(field -> field.type = model.types.get(field.typeName)));
      return model;
    } catch (IOException broken) {
      throw new UncheckedIOException("the table of FHIR's types cannot be read", broken);
    }
  }

  /** A type's line follows those of its ancestors. */
  private void add(String line, List<String> open) {
    String[] words = line.split(" ");
    String[] names = words[0].split("<");
    Type base = names.length > 1 ? types.get(names[1]) : null;
    Map<String, Field> fields = new LinkedHashMap<>(base == null ? Map.of() : base.fields);
    for (String word : Arrays.asList(words).subList(1, words.length)) {
      Field field = field(word, open);
      fields.put(field.name, field);
    }
    types.put(names[0], new Type(names[0], base, fields));
  }

  private static Field field(String word, List<String> open) {
    int colon = word.indexOf(':');
    String name = word.substring(0, colon);
    boolean repeats = name.endsWith("*");
    if (repeats) name = name.substring(0, name.length() - 1);
    boolean choice = name.endsWith("[x]");
    if (choice) name = name.substring(0, name.length() - 3);
    String types = word.substring(colon + 1);
    return new Field(name, repeats, types.equals("*") ? open : List.of(types.split("\\|")), choice);
  }
}
