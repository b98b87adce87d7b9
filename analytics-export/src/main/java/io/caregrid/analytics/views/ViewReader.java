package io.caregrid.analytics.views;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.analytics.views.Selection.Each;
import io.caregrid.contract.Failure;
import io.caregrid.fhirpath.FhirPath;
import io.caregrid.fhirpath.FhirPathException;
import io.caregrid.fhirpath.Node;
import io.caregrid.fhirpath.Value;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** Reads and checks a ViewDefinition (SQL on FHIR v2). Fails with Unprocessable 422, which names the place in it: {@code select[0].column[1].path}. */
final class ViewReader {
  private static final int DEEPEST = 20;
  private static final int MOST_COLUMNS = 1_000;
  /** Each one inside of a row's making is some frames of the stack. */
  private static final int MOST_SELECTS = 200;
  private static final Pattern NAME = Pattern.compile("[A-Za-z][A-Za-z0-9_]{0,254}");
  private static final Set<String> SELECT = Set.of("column", "select", "unionAll", "forEach", "forEachOrNull",
      "repeat");
  private static final Set<String> COLUMN = Set.of("name", "path", "type", "collection", "description", "tag");
  private static final Set<String> ANYWHERE = Set.of("id", "extension", "modifierExtension", "fhir_comments");
  private static final Set<String> CONSTANTS = Set.of("base64Binary", "boolean", "canonical", "code", "date",
      "dateTime",
      "decimal", "id", "instant", "integer", "integer64", "markdown", "oid", "positiveInt", "string", "time",
      "unsignedInt", "uri", "url", "uuid");

  private final String root;
  private final Map<String, List<Value>> constants = new LinkedHashMap<>();
  private final Set<String> known = new HashSet<>(Set.of(Column.ROW_INDEX));
  private final List<Column> columns = new ArrayList<>();
  private int selects;

  private ViewReader(String root) {
    this.root = root;
  }

  /** @param root what the place in an error begins with, for example {@code viewResource} */
  static View read(JsonNode definition, String root) {
    return new ViewReader(root).view(definition);
  }

  private View view(JsonNode definition) {
    if (!definition.isObject()) throw bad("", "a ViewDefinition is a JSON object");
    String type = definition.path("resourceType").asText("ViewDefinition");
    boolean view = type.equals("ViewDefinition") || type.endsWith("/StructureDefinition/ViewDefinition");
    if (!view) throw bad("resourceType", "must be ViewDefinition, alone or as the URL of its definition");
    String resource = text(definition, "resource", "");
    if (resource == null) throw bad("resource", "is missing: the type of resource that the view is of");
    constants(definition.path("constant"));
    List<View.Guard> guards = guards(definition.path("where"));
    if (definition.path("select").isEmpty()) throw bad("select", "is missing: a view has at least one select");
    List<Selection> selects = selections(definition, "select", "", new LinkedHashSet<>(), 1);
    if (columns.isEmpty()) throw bad("select", "has no column");
    Selection all = new Selection(Each.ONE, List.of(), place("select"), List.of(), selects, List.of());
    return new View(resource, List.copyOf(columns), guards, all, constants);
  }

  private void constants(JsonNode list) {
    array(list, "constant");
    for (int i = 0; i < list.size(); i++) {
      String at = "constant[" + i + "]";
      String name = name(list.get(i), at);
      if (!known.add(name)) throw bad(at + ".name", "is there twice, or is a name of the specification");
      constants.put(name, List.of(constant(list.get(i), at)));
    }
  }

  private Value constant(JsonNode constant, String at) {
    String found = null;
    for (Iterator<String> names = constant.fieldNames(); names.hasNext();) {
      String name = names.next();
      if (name.equals("name") || ANYWHERE.contains(name) || name.startsWith("_")) continue;
      if (found != null || !name.startsWith("value"))
        throw bad(at + "." + name, "a constant has a name and one value[x]");
      found = name;
    }
    if (found == null) throw bad(at, "has no value: give one, as in valueString");
    String type = found.length() < 6 ? "" : Character.toLowerCase(found.charAt(5)) + found.substring(6);
    boolean primitive = constant.get(found).isValueNode() && !constant.get(found).isNull();
    if (!CONSTANTS.contains(type) || !primitive) throw bad(at + "." + found, "must be a primitive type of FHIR");
    return Node.typed(type, constant.get(found));
  }

  private List<View.Guard> guards(JsonNode list) {
    array(list, "where");
    List<View.Guard> guards = new ArrayList<>();
    for (int i = 0; i < list.size(); i++) {
      String at = "where[" + i + "]";
      members(list.get(i), at, Set.of("path", "description"));
      guards.add(new View.Guard(path(list.get(i), "path", at), place(at + ".path")));
    }
    return guards;
  }

  /** @param seen names of the columns so far, which must not come again */
  private List<Selection> selections(JsonNode owner, String name, String at, Set<String> seen, int depth) {
    array(owner.path(name), at + name);
    if (depth > DEEPEST) throw bad(at + name, "is nested more than " + DEEPEST + " deep");
    List<Selection> selections = new ArrayList<>();
    for (int i = 0; i < owner.path(name).size(); i++) {
      selections.add(selection(owner.path(name).get(i), at + name + "[" + i + "]", seen, depth));
    }
    return selections;
  }

  private Selection selection(JsonNode select, String at, Set<String> seen, int depth) {
    if (++selects > MOST_SELECTS) throw bad(at, "is more than select " + MOST_SELECTS + " of the view");
    members(select, at, SELECT);
    Each each = null;
    for (Each one : Each.values()) {
      if (one.member == null || !select.has(one.member)) continue;
      if (each != null) throw bad(at + "." + one.member, "stands beside " + each.member + ": a select has one of them");
      each = one;
    }
    List<FhirPath> paths = each == null
        ? List.of()
        : each == Each.REPEAT ? paths(select, at) : List.of(path(select, each.member, at));
    for (String list : List.of("column", "select", "unionAll")) array(select.path(list), at + "." + list);
    boolean empty = select.path("column").isEmpty() && select.path("select").isEmpty()
        && select.path("unionAll").isEmpty();
    if (empty) throw bad(at, "has neither column nor select nor unionAll");
    List<Column> own = columns(select.path("column"), at, seen);
    List<Selection> selects = selections(select, "select", at + ".", seen, depth + 1);
    List<Selection> union = union(select, at, seen, depth);
    String place = each == null ? at : at + "." + each.member;
    return new Selection(each == null ? Each.ONE : each, paths, place(place), own, selects, union);
  }

  private List<FhirPath> paths(JsonNode select, String at) {
    JsonNode list = select.get("repeat");
    if (!list.isArray() || list.isEmpty()) throw bad(at + ".repeat", "must be an array of FHIRPath expressions");
    List<FhirPath> paths = new ArrayList<>();
    for (int i = 0; i < list.size(); i++) paths.add(compiled(list.get(i), at + ".repeat[" + i + "]"));
    return paths;
  }

  /** All branches have the same columns in the same order. */
  private List<Selection> union(JsonNode select, String at, Set<String> seen, int depth) {
    JsonNode list = select.path("unionAll");
    array(list, at + ".unionAll");
    if (depth >= DEEPEST && !list.isEmpty()) throw bad(at + ".unionAll", "is nested more than " + DEEPEST + " deep");
    List<Selection> branches = new ArrayList<>();
    List<String> first = null;
    for (int i = 0; i < list.size(); i++) {
      String branch = at + ".unionAll[" + i + "]";
      Set<String> here = new LinkedHashSet<>(seen);
      branches.add(selection(list.get(i), branch, here, depth + 1));
      here.removeAll(seen);
      List<String> names = List.copyOf(here);
      if (first != null && !first.equals(names))
        throw bad(branch, "has other columns, or in another order, than the first of unionAll");
      first = names;
    }
    if (first != null) seen.addAll(first);
    return branches;
  }

  private List<Column> columns(JsonNode list, String at, Set<String> seen) {
    array(list, at + ".column");
    List<Column> found = new ArrayList<>();
    for (int i = 0; i < list.size(); i++) found.add(column(list.get(i), at + ".column[" + i + "]", seen));
    return found;
  }

  private Column column(JsonNode column, String at, Set<String> seen) {
    members(column, at, COLUMN);
    String name = name(column, at);
    if (!seen.add(name)) throw bad(at + ".name", "is the name of another column, too");
    JsonNode collection = column.path("collection");
    if (!collection.isMissingNode() && !collection.isBoolean()) throw bad(at + ".collection", "must be true or false");
    FhirPath path = path(column, "path", at);
    Column there = columns.stream().filter(one -> one.name().equals(name)).findFirst().orElse(null);
    int index = there == null ? columns.size() : there.index();
    Column made = new Column(index, name, text(column, "type", at + "."), collection.asBoolean(), path,
        place(at + ".path"));
    if (there == null) columns.add(made);
    if (columns.size() > MOST_COLUMNS) throw bad(at, "is more than column " + MOST_COLUMNS);
    return made;
  }

  private FhirPath path(JsonNode owner, String member, String at) {
    if (!owner.has(member)) throw bad(at + "." + member, "is missing");
    return compiled(owner.get(member), at + "." + member);
  }

  private FhirPath compiled(JsonNode text, String at) {
    if (!text.isTextual() || text.asText().isBlank()) throw bad(at, "must be a FHIRPath expression, as a string");
    try {
      return FhirPath.compile(text.asText(), known);
    } catch (FhirPathException wrong) {
      throw bad(at, wrong.getMessage());
    }
  }

  private String name(JsonNode owner, String at) {
    String name = text(owner, "name", at + ".");
    if (name == null) throw bad(at + ".name", "is missing");
    if (!NAME.matcher(name).matches())
      throw bad(at + ".name", "begins with a letter and goes on with letters, digits and _, as a name in SQL does");
    return name;
  }

  /** Null when it is not there. */
  private String text(JsonNode owner, String member, String at) {
    JsonNode text = owner.path(member);
    if (text.isMissingNode() || text.isNull()) return null;
    if (!text.isTextual() || text.asText().isBlank()) throw bad(at + member, "must be a string");
    return text.asText();
  }

  private void array(JsonNode list, String at) {
    if (!list.isMissingNode() && !list.isArray()) throw bad(at, "must be an array");
  }

  private void members(JsonNode owner, String at, Set<String> allowed) {
    if (!owner.isObject()) throw bad(at, "must be an object");
    for (Iterator<String> names = owner.fieldNames(); names.hasNext();) {
      String name = names.next();
      if (!allowed.contains(name) && !ANYWHERE.contains(name) && !name.startsWith("_"))
        throw bad(at + "." + name, "is not known here; known are " + String.join(", ", new TreeSet<>(allowed)));
    }
  }

  private String place(String at) {
    return root.isEmpty() ? at : at.isEmpty() ? root : root + "." + at;
  }

  private Failure bad(String at, String why) {
    String place = place(at);
    return new Failure.Unprocessable("the ViewDefinition cannot be used: " + place + " " + why, place);
  }
}
