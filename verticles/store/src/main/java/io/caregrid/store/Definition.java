package io.caregrid.store;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.contract.Failure;
import io.caregrid.fhirpath.Environment;
import io.caregrid.fhirpath.FhirPath;
import io.caregrid.fhirpath.Node;
import io.caregrid.store.Param.Kind;
import io.caregrid.store.Param.Part;
import io.caregrid.store.Param.Path;
import io.caregrid.store.Param.Under;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the store knows about one resource type: R4's search parameters and compartments, out of the file {@code r4.search}, which is made from HL7's
 * definitions and held against them by a test. Of a type there is one line, and below it one for each parameter, with tabs between and - for nothing:
 *
 * <pre>Type  patient=field  date=parameter  key=parameter  Compartment=parameter,…
 *       name  kind  targets  parts  system names expression  …</pre>
 *
 * A type is compiled when it is first asked for. A type added to the file also needs one {@code add_resource_type} in a migration.
 */
final class Definition {
  private static final Pattern PART = Pattern.compile("(.*)\\.where\\(resolve\\(\\) is ([A-Za-z]+)\\)");
  private static final Pattern ROOT = Pattern.compile("\\(*[A-Z][A-Za-z]*\\.?([A-Za-z]*).*");
  /** Fields of resources whose parameters are remembered; more can only be of a type that this version does not know. */
  private static final int FIELDS = 300;
  private static final Map<String, List<String[]>> LINES = read();
  private static final Map<String, Definition> MADE = new ConcurrentHashMap<>();
  /** Its texts are not indexed as words: a device's way is the hottest there is, and only value-string would profit. */
  private static final String WORDLESS = "Observation";

  private final String type;
  private final String patient;
  private final Map<String, Param> params = new LinkedHashMap<>();
  private final Param date;
  private final Param key;
  private final boolean worded;
  private final Map<String, List<String>> compartments = new LinkedHashMap<>();
  private final Map<String, List<Param>> ofField = new ConcurrentHashMap<>();
  private final List<Param> always;

  private Definition(String type, List<String[]> lines) {
    Map<String, String> head = new LinkedHashMap<>();
    for (String word : lines.get(0)) {
      int equals = word.indexOf('=');
      if (equals > 0) head.put(word.substring(0, equals), word.substring(equals + 1));
    }
    this.type = type;
    this.patient = head.get("patient").isEmpty() ? null : head.get("patient");
    Map<String, String[]> own = new LinkedHashMap<>();
    lines.subList(1, lines.size()).forEach(line -> own.put(line[1], line));
    own.values().stream().filter(line -> line[4].isEmpty()).forEach(line -> add(line, own));
    own.values().stream().filter(line -> !line[4].isEmpty()).forEach(line -> add(line, own));
    this.always = params.values()
        .stream()
        .filter(
            param -> param.kind() != Kind.COMPOSITE && param.paths().stream().anyMatch(path -> path.root().isEmpty()))
        .toList();
    this.date = params.get(head.get("date"));
    this.key = params.get(head.get("key"));
    this.worded = !type.equals(WORDLESS) && params.values().stream().anyMatch(param -> param.kind() == Kind.STRING);
    head.forEach((name, value) -> {
      if (Character.isUpperCase(name.charAt(0)) && !value.isEmpty()) compartments.put(name, List.of(value.split(",")));
    });
  }

  private static Map<String, List<String[]>> read() {
    Map<String, List<String[]>> lines = new LinkedHashMap<>();
    try (BufferedReader file = new BufferedReader(
        new InputStreamReader(Definition.class.getResourceAsStream("r4.search"), StandardCharsets.UTF_8))) {
      List<String[]> type = null;
      for (String line = file.readLine(); line != null; line = file.readLine()) {
        String[] words = line.split("\t", -1);
        if (!words[0].isEmpty()) lines.put(words[0], type = new ArrayList<>());
        type.add(words);
      }
      return lines;
    } catch (IOException broken) {
      throw new UncheckedIOException("the table of FHIR's search parameters cannot be read", broken);
    }
  }

  static Set<String> types() {
    return LINES.keySet();
  }

  /** NotFound 404: the type is unknown, or not kept (FHIR R4 http.html#general). */
  static Definition of(String type) {
    Definition made = MADE.get(type);
    if (made != null) return made;
    List<String[]> lines = LINES.get(type);
    if (lines == null) throw new Failure.NotFound("This server keeps no resources of that type");
    return MADE.computeIfAbsent(type, first -> new Definition(type, lines));
  }

  private void add(String[] line, Map<String, String[]> own) {
    String name = line[1];
    Kind kind = Kind.valueOf(line[2].toUpperCase(Locale.ROOT));
    Set<String> targets = line[3].isEmpty() ? Set.of() : new LinkedHashSet<>(Arrays.asList(line[3].split(",")));
    List<Path> paths = Arrays.stream(line).skip(5).map(this::path).toList();
    List<Part> parts = line[4].isEmpty() ? List.of() : Arrays.stream(line[4].split(";")).map(this::part).toList();
    params.put(name, new Param(params.size(), name, kind, targets, paths, parts, under(name, own)));
  }

  private Path path(String text) {
    String[] words = text.split(" ", 3);
    Matcher root = ROOT.matcher(words[2]);
    List<List<String>> walk = words[1].equals("-")
        ? null
        : Arrays.stream(words[1].split("\\.")).map(step -> List.of(step.split("/"))).toList();
    FhirPath expression = compiled(words[2]);
    boolean inAny = walk == null && givesOfNothing(expression);
    return new Path(words[0].equals("-") ? "" : words[0], inAny || !root.matches() ? "" : root.group(1), walk,
        expression);
  }

  /** Whether a resource without any field has a value: {@code Patient.deceased.exists() and …} is false then, not nothing. */
  private boolean givesOfNothing(FhirPath expression) {
    ObjectNode nothing = JsonNodeFactory.instance.objectNode().put("resourceType", type);
    return !expression.evaluate(Node.resource(nothing)).isEmpty();
  }

  private static FhirPath compiled(String expression) {
    return FhirPath.compile(expression, Environment.SEARCH);
  }

  private Part part(String text) {
    int equals = text.indexOf('=');
    return new Part(params.get(text.substring(0, equals)), compiled(text.substring(equals + 1)));
  }

  /** Itself; or the one parameter whose references of one type it has; or those whose values together are its own. */
  private static List<Under> under(String name, Map<String, String[]> lines) {
    List<Under> own = List.of(new Under(name, null));
    Set<String> mine = texts(lines.get(name));
    if (!lines.get(name)[4].isEmpty()) return own;
    Matcher part = PART.matcher(mine.iterator().next());
    String whole = mine.size() == 1 && part.matches() ? part.group(1) : "";
    Set<String> covered = new LinkedHashSet<>();
    List<Under> others = new ArrayList<>();
    for (String other : lines.keySet()) {
      Set<String> theirs = texts(lines.get(other));
      if (other.equals(name)) {
        if (covered.equals(mine)) break;
        continue;
      }
      if (!lines.get(other)[2].equals(lines.get(name)[2])) continue;
      if (theirs.equals(Set.of(whole))) return List.of(new Under(other, part.group(2)));
      boolean before = !theirs.equals(mine) || other.compareTo(name) < 0;
      if (!before || !mine.containsAll(theirs) || covered.containsAll(theirs) || !isOwn(other, lines)) continue;
      covered.addAll(theirs);
      others.add(new Under(other, null));
    }
    return covered.equals(mine) ? others : own;
  }

  private static boolean isOwn(String name, Map<String, String[]> lines) {
    return under(name, lines).get(0).name().equals(name);
  }

  /** Its expressions; equal ones of equal systems find the same. */
  private static Set<String> texts(String[] line) {
    Set<String> texts = new LinkedHashSet<>();
    Arrays.stream(line).skip(5).map(text -> text.split(" ", 3)).forEach(words -> texts.add(words[0] + " " + words[2]));
    return texts;
  }

  String type() {
    return type;
  }

  /** The element with the only reference to the patient in whose compartment it is, or null; Patient is in its own. */
  String patient() {
    return patient;
  }

  /** By name. */
  Map<String, Param> params() {
    return params;
  }

  /** The one whose values lie in columns of their own, or null. */
  Param date() {
    return date;
  }

  /** The string whose values lie in a column to sort by, or null. */
  Param key() {
    return key;
  }

  /** Its texts are indexed to be searched within. */
  boolean isWorded() {
    return worded;
  }

  /** The parameters that put a resource into a compartment of this type; empty when it is in none. */
  List<String> compartment(String of) {
    return compartments.getOrDefault(of, List.of());
  }

  /** Whether this parameter is nothing but the reference to the patient. */
  boolean isPatient(Param param) {
    if (patient == null || param.paths().size() != 1) return false;
    String text = param.paths().get(0).expression().toString();
    return text.equals(type + "." + patient) || text.equals(type + "." + patient + ".where(resolve() is Patient)");
  }

  /** Those that have a value whatever fields a resource has: whether a Patient is deceased, for example. */
  List<Param> always() {
    return always;
  }

  /** Those that may have a value in this field of a resource; composites left out. */
  List<Param> ofField(String field) {
    List<Param> there = ofField.get(field);
    if (there != null) return there;
    List<Param> found = params.values()
        .stream()
        .filter(param -> param.kind() != Kind.COMPOSITE && param.paths().stream().anyMatch(path -> path.begins(field)))
        .toList();
    if (ofField.size() < FIELDS) ofField.put(field, found);
    return found;
  }
}
