package io.caregrid.templates.deidentify;

import io.caregrid.fhirpath.Environment;
import io.caregrid.fhirpath.Environment.Limits;
import io.caregrid.fhirpath.Environment.Reading;
import io.caregrid.fhirpath.FhirPath;
import io.caregrid.fhirpath.FhirPathException;
import io.caregrid.fhirpath.Node;
import io.caregrid.fhirpath.Schema;
import io.caregrid.fhirpath.Value;
import io.caregrid.templates.deidentify.DeidentifyException.Kind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which elements of a resource a rule is for: FHIRPath, with {@code nodesByType('T')} and {@code nodesByName('n')} for all below what they stand behind,
 * without what belongs to resources inside. Plain paths are walked, anything else is evaluated.
 */
final class Selector {
  /** {@code as} of several items, as the tool's engine takes it. */
  static final Environment PATHS = Environment.PLAIN.with(Reading.SEARCH)
      .with(new Limits(2_000_000, Duration.ofSeconds(2), 200_000));
  private static final Pattern TYPE = Pattern.compile("[A-Z][a-zA-Z]*");
  private static final Pattern PLAIN = Pattern.compile("[a-z][a-zA-Z]*(?:\\.[a-z][a-zA-Z]*)*");
  private static final Pattern BELOW = Pattern.compile("nodesBy(Type|Name)\\(\\s*(?:'([^']*)'|\"([^\"]*)\")\\s*\\)");

  private static final Set<String> ANY = Set.of("Resource", "DomainResource");

  private final List<Alternative> alternatives;
  /** Of the resources it finds something in; empty: all. */
  private final Set<String> types;

  private Selector(List<Alternative> alternatives, Set<String> types) {
    this.alternatives = alternatives;
    this.types = types;
  }

  /** @param type of the resources it is for; null for all */
  private record Alternative(String type, List<Stage> stages) {}

  /** From elements to others. */
  @FunctionalInterface
  private interface Stage {
    List<Element> from(List<Element> elements, Work work);
  }

  /** The type a path begins with; null when it does not begin with one. */
  static String type(String path) {
    Matcher found = TYPE.matcher(path);
    if (!found.lookingAt()) return null;
    boolean whole = found.end() == path.length() || path.charAt(found.end()) == '.' || path.charAt(found.end()) == ' ';
    return whole ? found.group() : null;
  }

  /** @throws FhirPathException with the place in the path */
  static Selector compile(String path) {
    List<Part> parts = parts(path);
    Set<String> types = new LinkedHashSet<>();
    parts.forEach(part -> types.add(part.type(path)));
    Set<String> of = types.contains(null) ? Set.of() : types;
    if (!path.contains("nodesBy"))
      return new Selector(List.of(new Alternative(null, List.of(stage(path, 0, path.length(), true)))), of);
    List<Alternative> alternatives = new ArrayList<>();
    for (Part part : parts) alternatives.add(new Alternative(part.type(path), stages(path, part.from, part.to)));
    return new Selector(alternatives, of);
  }

  boolean isFor(String resource) {
    return types.isEmpty() || types.contains(resource);
  }

  /** What stands between the bars of a path. */
  private record Part(int from, int to) {
    /** Null for all. */
    String type(String path) {
      String type = Selector.type(path.substring(from, to).strip());
      return type == null || ANY.contains(type) ? null : type;
    }
  }

  private static List<Part> parts(String path) {
    List<Part> parts = new ArrayList<>();
    int from = 0;
    int end = path.length();
    for (int at = 0; at <= end; at = at < end ? Math.min(next(path, at), end) : end + 1) {
      if (at < end && path.charAt(at) != '|') continue;
      parts.add(new Part(from, at));
      from = at + 1;
    }
    return parts;
  }

  /** The character behind this one, or behind the string or bracket that begins here. */
  private static int next(String path, int at) {
    if (at >= path.length()) return at + 1;
    char first = path.charAt(at);
    if (first == '\'' || first == '"' || first == '`') {
      int end = at + 1;
      while (end < path.length() && path.charAt(end) != first) end += path.charAt(end) == '\\' ? 2 : 1;
      return Math.min(end, path.length()) + 1;
    }
    if (first != '(') return at + 1;
    int end = at + 1;
    while (end < path.length() && path.charAt(end) != ')') end = next(path, end);
    return end + 1;
  }

  private static List<Stage> stages(String path, int from, int to) {
    List<Stage> stages = new ArrayList<>();
    int begin = from;
    while (begin < to && path.charAt(begin) == ' ') begin++;
    boolean first = true;
    Matcher below = BELOW.matcher(path);
    for (int at = begin; at < to; at = next(path, at)) {
      below.region(at, to);
      if (!below.lookingAt() || at > begin && path.charAt(at - 1) != '.') continue;
      int end = at == begin ? at : at - 1;
      if (end > begin) stages.add(stage(path, begin, end, first));
      stages.add(below(below.group(1), below.group(2) != null ? below.group(2) : below.group(3)));
      begin = below.end();
      first = false;
      at = below.end() - 1;
    }
    if (!path.substring(begin, to).isBlank()) stages.add(stage(path, begin, to, first));
    return stages;
  }

  private static Stage below(String kind, String name) {
    if (kind.equals("Name"))
      return (elements, work) -> all(elements, work).stream().filter(one -> one.name.equals(name)).toList();
    return (elements, work) -> all(elements, work).stream().filter(one -> Types.is(one.type, name)).toList();
  }

  /** Each once: one may stand below several. */
  private static Collection<Element> all(List<Element> elements, Work work) {
    work.look();
    if (elements.size() == 1) return elements.get(0).below();
    Set<Element> all = new LinkedHashSet<>();
    for (Element one : elements) {
      work.look();
      one.below(all);
    }
    return all;
  }

  /** @param first whether it begins at the resource, else behind other elements, with a dot */
  private static Stage stage(String path, int from, int to, boolean first) {
    String text = path.substring(from, to);
    FhirPath compiled = compiled(path, from, first ? text : "$this" + text, first ? 0 : 5);
    String type = first ? type(text) : null;
    String rest = type == null ? text : text.substring(type.length());
    if (type != null && rest.isEmpty()) return (elements, work) -> elements;
    String plain = first && type == null ? rest : rest.startsWith(".") ? rest.substring(1) : "";
    if (PLAIN.matcher(plain).matches()) return walk(plain.split("\\."));
    return (elements, work) -> evaluated(compiled, elements, work);
  }

  private static FhirPath compiled(String path, int from, String text, int added) {
    try {
      return FhirPath.compile(text, PATHS);
    } catch (FhirPathException wrong) {
      throw from == 0 && added == 0 ? wrong : new Misplaced(Math.max(1, wrong.column + from - added), wrong.reason);
    }
  }

  /** What is wrong with a part of a path. */
  static final class Misplaced extends RuntimeException {
    private static final long serialVersionUID = 1;
    final int column;

    Misplaced(int column, String reason) {
      super(reason, null, false, false);
      this.column = column;
    }
  }

  private static Stage walk(String[] names) {
    return (elements, work) -> {
      List<Element> found = elements;
      for (String name : names) {
        List<Element> next = new ArrayList<>();
        for (Element one : found) next.addAll(one.children(name));
        found = next;
      }
      return found;
    };
  }

  private static List<Element> evaluated(FhirPath path, List<Element> elements, Work work) {
    List<Element> found = new ArrayList<>();
    for (Element one : elements) {
      for (Value value : values(path, one, work)) {
        Element element = value instanceof Node node ? work.element(node) : null;
        if (element != null) found.add(element);
      }
    }
    return found;
  }

  /** What an expression gives on an element; a failure names the rule and the place in the expression. */
  static List<Value> values(FhirPath path, Element element, Work work) {
    try {
      return path.evaluate(work.node(), work.node(element), FhirPath.Context.PLAIN);
    } catch (FhirPathException failed) {
      throw work.failed(Kind.RULE, failed.getMessage());
    }
  }

  List<Element> select(Element resource, Work work) {
    if (alternatives.size() == 1) return select(alternatives.get(0).stages, resource, work);
    Set<Element> found = new LinkedHashSet<>();
    for (Alternative one : alternatives) {
      if (one.type == null || one.type.equals(resource.type)) found.addAll(select(one.stages, resource, work));
    }
    return List.copyOf(found);
  }

  private static List<Element> select(List<Stage> stages, Element resource, Work work) {
    List<Element> found = List.of(resource);
    for (Stage stage : stages) found = found.isEmpty() ? found : stage.from(found, work);
    return found;
  }

  /**
   * Why a path that can be read finds nothing ever; null when nothing speaks against it. The elements of a plain path are looked up in R4's definitions.
   */
  static String emptiness(String path) {
    for (Part part : parts(path)) {
      String why = nothingIn(path.substring(part.from, part.to).strip());
      if (why != null) return why;
    }
    return null;
  }

  private static String nothingIn(String path) {
    String type = type(path);
    if (type == null) return null;
    if (!Types.isResource(type)) return "R4 has no resource type " + type;
    String rest = path.length() > type.length() ? path.substring(type.length() + 1) : "";
    if (type.equals("Resource") || type.equals("DomainResource") || !PLAIN.matcher(rest).matches()) return null;
    String at = type;
    for (String name : rest.split("\\.")) {
      Schema.Element element = Schema.element(at, name);
      if (element == null) return at + " has no element " + name;
      if (element.isChoice() || element.type() == null || element.type().equals("Resource")) return null;
      at = element.type();
    }
    return null;
  }
}
