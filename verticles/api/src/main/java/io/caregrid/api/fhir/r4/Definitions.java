package io.caregrid.api.fhir.r4;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * All types of FHIR R4, read from two tables. {@code r4.definitions}: a type a line, its elements and invariants indented below it,
 *
 * <pre>
 * Patient&lt;DomainResource
 *  gender 0..1 S code =http://hl7.org/fhir/ValueSet/administrative-gender
 *  deceased[x] 0..1 SM boolean|dateTime
 *  contact 0..* - Patient.contact
 * </pre>
 *
 * {@code S} stands in the summary, {@code M} modifies; {@code =} a required binding, {@code >} what a reference may point to, {@code !} an invariant, of the type
 * or, two deeper, of the element above, its key, words and expression behind tabs. {@code r4.codes}: a value set a line, below it a line a system, its codes behind tabs.
 */
public final class Definitions {
  private static final Set<String> ABSTRACT = Set.of("Resource", "DomainResource");
  /** Read when first used, some tenths of a second: do that off the event loop. */
  public static final Definitions R4 = new Definitions();

  private final Map<String, Type> types = new LinkedHashMap<>();
  private final List<String> resources;

  private Definitions() {
    Map<String, Codes> codes = codes(lines("r4.codes"));
    for (Primitive primitive : Primitive.values()) types.put(primitive.fhir, new Type(primitive));
    List<String> block = new ArrayList<>();
    for (String line : lines("r4.definitions")) {
      if (!line.startsWith(" ") && !block.isEmpty()) {
        add(block, codes);
        block.clear();
      }
      block.add(line);
    }
    add(block, codes);
    types.values().forEach(type -> type.link(types));
    resources = types.values()
        .stream()
        .filter(type -> type.resource && !ABSTRACT.contains(type.name))
        .map(type -> type.name)
        .sorted()
        .toList();
  }

  /** The types a resource can be of, all of R4. */
  public List<String> resources() {
    return resources;
  }

  /** Null when R4 has no such type, or it is an abstract one. */
  Type resource(String name) {
    Type type = types.get(name);
    return type != null && type.resource && !ABSTRACT.contains(name) ? type : null;
  }

  Type type(String name) {
    return types.get(name);
  }

  private void add(List<String> block, Map<String, Codes> codes) {
    String[] names = block.get(0).split("<");
    Type base = names.length > 1 ? types.get(names[1]) : null;
    int next = base == null ? 0 : base.elements.size();
    List<Element> elements = new ArrayList<>();
    List<Invariant> rules = new ArrayList<>();
    for (String line : block.subList(1, block.size())) {
      if (line.startsWith("  !")) {
        add(line.substring(3), elements.get(elements.size() - 1).rules());
      } else if (line.startsWith(" !")) {
        add(line.substring(2), rules);
      } else {
        elements.add(element(line.substring(1).split(" "), next + elements.size(), codes));
      }
    }
    types.put(names[0], new Type(names[0], base, elements, rules));
  }

  private static void add(String rule, List<Invariant> rules) {
    Invariant evaluated = Invariant.of(rule);
    if (evaluated != null) rules.add(evaluated);
  }

  private static Element element(String[] words, int index, Map<String, Codes> codes) {
    boolean choice = words[0].endsWith("[x]");
    String name = choice ? words[0].substring(0, words[0].length() - 3) : words[0];
    String[] count = words[1].split("\\.\\.");
    int max = count[1].equals("*") ? Element.MANY : Integer.parseInt(count[1]);
    Codes binding = null;
    Set<String> targets = Set.of();
    for (String word : Arrays.asList(words).subList(4, words.length)) {
      if (word.startsWith("=")) binding = codes.get(word.substring(1));
      if (word.startsWith(">")) targets = Set.copyOf(Arrays.asList(word.substring(1).split("\\|")));
    }
    return new Element(name, index, Integer.parseInt(count[0]), max, choice, words[2].contains("S"),
        words[2].contains("M"), List.of(words[3].split("\\|")), binding, targets, new ArrayList<>(0));
  }

  private static Map<String, Codes> codes(List<String> lines) {
    Map<String, Map<String, Set<String>>> sets = new HashMap<>();
    Map<String, Set<String>> systems = null;
    for (String line : lines) {
      if (!line.startsWith(" ")) {
        systems = new HashMap<>();
        sets.put(line, systems);
      } else {
        List<String> words = Arrays.asList(line.substring(1).split("\t"));
        systems.put(words.get(0), Set.copyOf(words.subList(1, words.size())));
      }
    }
    Map<String, Codes> codes = new HashMap<>();
    sets.forEach((url, bySystem) -> codes.put(url, Codes.of(url, bySystem)));
    return codes;
  }

  private static List<String> lines(String file) {
    try (BufferedReader lines = new BufferedReader(
        new InputStreamReader(Definitions.class.getResourceAsStream(file), StandardCharsets.UTF_8))) {
      return lines.lines().toList();
    } catch (IOException broken) {
      throw new UncheckedIOException("FHIR's definitions cannot be read", broken);
    }
  }
}
