package io.caregrid.store;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Holds {@code r4.search} against R4's SearchParameters, CompartmentDefinitions and bindings. {@code -Dsearch.write=true} writes it anew. */
class SearchFileTest {
  private static final Path FILE = Path.of("src", "main", "resources", "io", "caregrid", "store", "r4.search");
  /** Of a type's dates the one that lies in columns: the first of these that it has, and that stands at most once in a resource. */
  private static final List<String> DATES = List.of("birthdate", "date", "authoredon", "authored-on", "authored",
      "started", "onset-date", "occurrence", "period", "created", "recorded-date", "recorded", "issued", "sent",
      "effective-time", "whenprepared", "start-date", "effective", "start", "death-date", "event",
      "timestamp");
  /** Of its strings the one it is sorted by in an index. */
  private static final List<String> KEYS = List.of("family", "name", "title");
  /** Nobody keeps them over FHIR: the trail is written by what happens, and Parameters have no address of their own (R4 parameters.html). */
  private static final List<String> APART = List.of("AuditEvent", "Parameters");
  private static final Pattern PLAIN = Pattern
      .compile("\\(*([A-Z][A-Za-z]+)((?:\\.[a-z][A-Za-z]*)*)( as [A-Za-z]+\\)|\\.as\\([A-Za-z]+\\))?"
          + "(\\.where\\(resolve\\(\\) is [A-Za-z]+\\))?");

  private final R4 r4;
  private final Map<String, JsonNode> byUrl = new HashMap<>();

  SearchFileTest() throws Exception {
    r4 = new R4().whole();
    r4.parameters.forEach(parameter -> byUrl.put(parameter.path("url").asText(), parameter));
  }

  @Test
  void theTableOfSearchParametersIsThatOfFhirsDefinitions() throws Exception {
    List<String> lines = new ArrayList<>();
    for (String type : r4.resources()) {
      if (!APART.contains(type)) write(type, lines);
    }

    if (Boolean.getBoolean("search.write")) Files.write(FILE, lines);
    assertEquals(lines, Files.readAllLines(FILE));
  }

  private void write(String type, List<String> lines) {
    Map<String, JsonNode> own = new TreeMap<>();
    for (JsonNode parameter : r4.parameters) {
      if (!parameter.has("expression") || alternatives(type, parameter).isEmpty()) continue;
      String code = parameter.path("code").asText();
      if (!code.equals("_id") && !code.equals("_lastUpdated")) own.put(code, parameter);
    }
    lines.add(String.join("\t", head(type, own)));
    own.forEach((code, parameter) -> lines.add(String.join("\t", line(type, code, parameter))));
  }

  private List<String> head(String type, Map<String, JsonNode> own) {
    List<String> words = new ArrayList<>(List.of(type));
    words.add("patient=" + patient(type, own));
    words.add("date=" + DATES.stream().filter(name -> isSingleDate(type, own.get(name))).findFirst().orElse(""));
    words.add("key=" + KEYS.stream()
        .filter(name -> own.containsKey(name) && own.get(name).path("type").asText().equals("string"))
        .findFirst()
        .orElse(""));
    r4.compartments.getOrDefault(type, Map.of())
        .forEach((compartment, params) -> words.add(compartment + "=" + params.stream()
            .filter(own::containsKey)
            .collect(Collectors.joining(","))));
    return words;
  }

  private boolean isSingleDate(String type, JsonNode parameter) {
    if (parameter == null || !parameter.path("type").asText().equals("date")) return false;
    List<String> alternatives = alternatives(type, parameter);
    Map<String, String> roots = new LinkedHashMap<>();
    for (String alternative : alternatives) {
      Matcher plain = PLAIN.matcher(alternative);
      if (!plain.matches() || plain.group(2).indexOf('.', 1) > 0) return false;
      roots.put(plain.group(2), alternative);
    }
    if (roots.size() != 1) return false;
    String of = element(type, roots.keySet().iterator().next().substring(1));
    return of != null && !of.endsWith("*");
  }

  /** The element that holds the only reference to the patient: what the parameter patient names, or else subject. */
  private String patient(String type, Map<String, JsonNode> own) {
    for (String name : List.of("patient", "subject")) {
      if (!own.containsKey(name)) continue;
      List<String> alternatives = alternatives(type, own.get(name));
      Matcher plain = PLAIN.matcher(alternatives.get(0));
      if (alternatives.size() > 1 || !plain.matches() || plain.group(2).indexOf('.', 1) > 0) continue;
      String field = plain.group(2).substring(1);
      if ("Reference".equals(element(type, field))) return field;
    }
    return "";
  }

  private String element(String type, String field) {
    Map<String, String> fields = r4.elements.get(type);
    return fields == null ? null : fields.getOrDefault(field, fields.get(field + "[x]"));
  }

  private List<String> line(String type, String code, JsonNode parameter) {
    List<String> targets = new ArrayList<>();
    parameter.path("target").forEach(target -> targets.add(target.asText()));
    List<String> words = new ArrayList<>(
        List.of("", code, parameter.path("type").asText(), String.join(",", targets), parts(type, parameter)));
    for (String alternative : alternatives(type, parameter))
      words.add(system(alternative) + " " + walk(alternative) + " " + alternative);
    return words;
  }

  private String parts(String type, JsonNode parameter) {
    if (!parameter.has("component")) return "";
    if (type.equals("DocumentReference")) return "relatesto=target;relation=code"; // HL7 has the two the wrong way round
    List<String> parts = new ArrayList<>();
    for (JsonNode component : parameter.path("component")) {
      String code = byUrl.get(component.path("definition").asText()).path("code").asText();
      // HL7 writes the type's name with a capital there
      parts.add(code + "=" + component.path("expression").asText().replace("as(DateTime)", "as(dateTime)"));
    }
    return String.join(";", parts);
  }

  /** Those of its expression that begin at this type or one it is made from. */
  private List<String> alternatives(String type, JsonNode parameter) {
    List<String> found = new ArrayList<>();
    String pending = null;
    for (String one : split(parameter.path("expression").asText())) {
      String whole = one.equals("alias") ? parameter.path("base").get(0).asText() + ".alias" : one;
      Matcher first = Pattern.compile("\\(*([A-Za-z]+).*").matcher(whole);
      boolean named = first.matches() && r4.elements.containsKey(first.group(1));
      if (first.matches() && !named) whole = parameter.path("base").get(0).asText() + "." + whole;
      String of = named ? first.group(1) : parameter.path("base").get(0).asText();
      if (isA(type, of)) found.add(whole);
      pending = whole;
    }
    return pending == null ? List.of() : found;
  }

  private boolean isA(String type, String other) {
    return type != null && (type.equals(other) || isA(r4.bases.get(type), other));
  }

  private static List<String> split(String expression) {
    List<String> found = new ArrayList<>();
    int depth = 0;
    int from = 0;
    for (int i = 0; i < expression.length(); i++) {
      char c = expression.charAt(i);
      if (c == '(') depth++;
      if (c == ')') depth--;
      if (c == '|' && depth == 0) {
        found.add(expression.substring(from, i).strip());
        from = i + 1;
      }
    }
    found.add(expression.substring(from).strip());
    return found;
  }

  /**
   * Where the values of a plain path stand in JSON: {@code component.valueQuantity}, a choice that is not chosen with all its names,
   * {@code effectiveDateTime/effectivePeriod}. {@code -} for a path that is more.
   */
  private String walk(String alternative) {
    Matcher plain = PLAIN.matcher(alternative);
    if (!plain.matches() || plain.group(4) != null || plain.group(2).isEmpty()) return "-";
    String type = plain.group(1);
    List<String> steps = new ArrayList<>();
    String[] names = plain.group(2).substring(1).split("\\.");
    for (int i = 0; i < names.length; i++) {
      String of = element(type, names[i]);
      if (of == null) return "-";
      boolean choice = !r4.elements.get(type).containsKey(names[i]);
      boolean last = i == names.length - 1;
      if (choice && (!last || of.equals("*"))) return "-";
      String chosen = last && plain.group(3) != null ? plain.group(3).replaceAll(" as |\\.as|[()]", "") : null;
      if (!choice && chosen != null) return "-";
      steps.add(!choice
          ? names[i]
          : Arrays.stream((chosen != null ? chosen : of.replace("*", "")).split("\\|"))
              .map(one -> names[names.length - 1] + Character.toUpperCase(one.charAt(0)) + one.substring(1))
              .collect(Collectors.joining("/")));
      type = of.replace("*", "");
    }
    return String.join(".", steps);
  }

  /** The system that a bare code of this element belongs to; {@code -} for none. */
  private String system(String alternative) {
    Matcher plain = PLAIN.matcher(alternative);
    if (!plain.matches()) return "-";
    String type = plain.group(1);
    String path = type;
    for (String name : plain.group(2).isEmpty() ? new String[0] : plain.group(2).substring(1).split("\\.")) {
      String of = element(type, name);
      if (of == null) return "-";
      path = owner(type, name) + "." + name;
      type = of.replace("*", "");
    }
    if (!type.equals("code")) return "-";
    String valueSet = r4.bindings.get(path);
    return valueSet == null ? "-" : r4.systems.getOrDefault(valueSet, "-");
  }

  /** The type whose definition has the element: it may be inherited. */
  private String owner(String type, String name) {
    String base = r4.bases.get(type);
    boolean inherited = base != null && r4.elements.get(base) != null && r4.elements.get(base).containsKey(name);
    return inherited ? owner(base, name) : type;
  }
}
