package io.caregrid.api.fhir;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.api.fhir.PatchValue.Part;
import io.caregrid.api.fhir.Places.Place;
import io.caregrid.contract.Failure;
import io.caregrid.fhirpath.Compiled;
import io.caregrid.fhirpath.Environment;
import io.caregrid.fhirpath.FhirPath;
import io.caregrid.fhirpath.FhirPathException;
import io.caregrid.fhirpath.Node;
import io.caregrid.fhirpath.Schema;
import io.caregrid.fhirpath.Schema.Element;
import io.caregrid.fhirpath.Value;
import io.caregrid.store.Extent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A FHIRPath Patch (FHIR R4 fhirpatch.html): a Parameters resource whose operations say by a path where to add, insert, delete, replace or move. Read and checked,
 * to be applied to any number of trees. Bounded: elements looked at and time, of all operations together.
 */
final class FhirPathPatch {
  private static final int MOST_OPERATIONS = 1_000;
  /** Each operation looks at all elements of the resource. */
  private static final int MOST_ELEMENTS = 5_000_000;
  private static final Duration LONGEST = Duration.ofSeconds(5);
  private static final Compiled PATHS = new Compiled(Environment.PLAIN, 1_000);
  /** A path to a list that may be empty: what holds it, and its name. */
  private static final Pattern LIST = Pattern.compile("(?s)(.+)\\.([a-zA-Z][a-zA-Z0-9]*)");

  private final List<Operation> operations;

  private enum Kind {
    ADD, INSERT, DELETE, REPLACE, MOVE
  }

  /** @param name of add @param value of add, insert and replace; null otherwise @param index of insert, source of move @param to destination of move */
  private record Operation(int place, Kind kind, String path, String name, Part value, int index, int to) {
    Failure malformed(String why) {
      return new Failure.Invalid("FHIRPath Patch " + named() + ": " + why, "Parameters.parameter[" + place + "]");
    }

    /** RFC 5789 section 2.2: understood, and not possible with this resource. */
    Failure impossible(String why) {
      return new Failure.Unprocessable("FHIRPath Patch " + named() + ": " + why, "Parameters.parameter[" + place + "]");
    }

    private String named() {
      return "operation " + place + " (" + kind.name().toLowerCase(Locale.ROOT) + ")";
    }
  }

  private FhirPathPatch(List<Operation> operations) {
    this.operations = operations;
  }

  /** Invalid 400 names the operation that is none. */
  static FhirPathPatch read(ObjectNode parameters) {
    List<Operation> operations = new ArrayList<>();
    for (JsonNode parameter : parameters.path("parameter")) {
      if (!parameter.path("name").asText().equals("operation"))
        throw new Failure.Invalid("the parameters of a FHIRPath Patch are all named operation",
            "Parameters.parameter[" + operations.size() + "]");
      operations.add(operation(operations.size(), parameter));
    }
    if (operations.isEmpty())
      throw new Failure.Invalid("a FHIRPath Patch has at least one parameter operation", "Parameters.parameter");
    if (operations.size() > MOST_OPERATIONS)
      throw new Failure.TooLarge("a FHIRPath Patch has " + MOST_OPERATIONS + " operations at most");
    return new FhirPathPatch(operations);
  }

  private static Operation operation(int place, JsonNode parameter) {
    Map<String, JsonNode> parts = new LinkedHashMap<>();
    for (JsonNode part : parameter.path("part")) parts.put(part.path("name").asText(), part);
    String type = text(parts, "type");
    Kind kind = Arrays.stream(Kind.values())
        .filter(each -> each.name().toLowerCase(Locale.ROOT).equals(type))
        .findFirst()
        .orElseThrow(() -> new Failure.Invalid("the type of an operation is add, insert, delete, replace or move",
            "Parameters.parameter[" + place + "]"));
    boolean takesValue = kind == Kind.ADD || kind == Kind.INSERT || kind == Kind.REPLACE;
    Operation operation = new Operation(place, kind, text(parts, "path"), text(parts, "name"),
        takesValue && parts.containsKey("value") ? PatchValue.read(parts.get("value")) : null,
        whole(parts, kind == Kind.MOVE ? "source" : "index"), whole(parts, "destination"));
    requireWhole(operation, takesValue);
    return operation;
  }

  private static void requireWhole(Operation operation, boolean takesValue) {
    if (operation.path() == null) throw operation.malformed("path is missing");
    if (takesValue && operation.value() == null) throw operation.malformed("value is missing");
    Kind kind = operation.kind();
    if (kind == Kind.ADD && operation.name() == null) throw operation.malformed("name is missing");
    if (kind == Kind.INSERT && operation.index() < 0) throw operation.malformed("index is missing, or below 0");
    if (kind == Kind.MOVE && (operation.index() < 0 || operation.to() < 0))
      throw operation.malformed("source or destination is missing, or below 0");
    try {
      PATHS.of(operation.path());
    } catch (FhirPathException unreadable) {
      throw operation.malformed("the path cannot be read: " + unreadable.getMessage());
    }
  }

  private static String text(Map<String, JsonNode> parts, String name) {
    JsonNode value = PatchValue.value(parts.get(name));
    return value != null && value.isTextual() ? value.textValue() : null;
  }

  private static int whole(Map<String, JsonNode> parts, String name) {
    JsonNode value = PatchValue.value(parts.get(name));
    return value != null && value.isNumber() && value.canConvertToInt() ? value.intValue() : -1;
  }

  /**
   * Changes the tree and gives it. Unprocessable 422 when an operation is not possible, a path fails or means several elements, TooCostly 422 when all of them
   * take too long: then the tree is half changed and good for nothing.
   */
  ObjectNode apply(ObjectNode resource) {
    long start = System.nanoTime();
    long elements = 0;
    for (Operation operation : operations) {
      Places places = new Places(resource);
      elements += places.size();
      if (elements > MOST_ELEMENTS || System.nanoTime() - start > LONGEST.toNanos())
        throw new Failure.TooCostly("The operations of the FHIRPath Patch take too long together: send fewer at once, "
            + "or a JSON Patch");
      switch (operation.kind()) {
        case ADD -> add(operation, resource, places);
        case INSERT -> insert(operation, resource, places);
        case DELETE -> delete(operation, resource, places);
        case REPLACE -> replace(operation, resource, places);
        case MOVE -> move(operation, resource, places);
      }
    }
    Places.requireShallow(Extent.depth(resource));
    JsonPatch.prune(resource);
    return resource;
  }

  private static List<JsonNode> found(Operation operation, String path, ObjectNode resource) {
    try {
      FhirPath expression = PATHS.of(path);
      return expression.evaluate(Node.resource(resource)).stream().map(Value::json).toList();
    } catch (FhirPathException failed) {
      throw operation.impossible("the path fails: " + failed.getMessage());
    }
  }

  /** Null for none. */
  private static Place one(Operation operation, String path, ObjectNode resource, Places places) {
    List<JsonNode> found = found(operation, path, resource);
    if (found.size() > 1)
      throw operation.impossible("the path means " + found.size() + " elements, and may mean one only");
    return found.isEmpty() ? null : place(operation, found.get(0), places);
  }

  private static Place place(Operation operation, JsonNode found, Places places) {
    Place place = places.of(found);
    if (place == null) throw operation.impossible("the path gives a value that is no element of the resource");
    return place;
  }

  private static void add(Operation operation, ObjectNode resource, Places places) {
    List<JsonNode> found = found(operation, operation.path(), resource);
    if (found.size() != 1 || !(found.get(0) instanceof ObjectNode holder))
      throw operation.impossible("the path must mean one element that has elements, and means " + found.size());
    String type = place(operation, holder, places).type();
    Element element = Schema.element(type, operation.name());
    if (element == null) throw operation.impossible(type + " has no element " + printable(operation.name()));
    if (element.repeats()) {
      ArrayNode list = list(holder, element.name());
      PatchValue.insert(holder, element, list.size(), operation.value());
    } else {
      boolean there = names(element).stream().anyMatch(name -> holder.has(name) || holder.has("_" + name));
      if (there) throw operation.impossible(element.name() + " is there already: replace it");
      PatchValue.set(holder, element, operation.value(), () -> operation.impossible("the value has a type that "
          + element.name() + " cannot have"));
    }
  }

  private static List<String> names(Element element) {
    return element.isChoice() ? List.copyOf(element.choices().keySet()) : List.of(element.name());
  }

  private static ArrayNode list(ObjectNode holder, String name) {
    return holder.get(name) instanceof ArrayNode list ? list : holder.putArray(name);
  }

  private static void insert(Operation operation, ObjectNode resource, Places places) {
    Listed listed = listed(operation, resource, places);
    int size = listed.holder().path(listed.element().name()).size();
    if (operation.index() > size)
      throw operation.impossible("index " + operation.index() + " is behind the end of " + size);
    PatchValue.insert(listed.holder(), listed.element(), operation.index(), operation.value());
  }

  private static void move(Operation operation, ObjectNode resource, Places places) {
    Listed listed = listed(operation, resource, places);
    String name = listed.element().name();
    int size = listed.holder().path(name).size();
    if (operation.index() >= size || operation.to() >= size)
      throw operation.impossible("source or destination is behind the end of " + size);
    for (String each : List.of(name, "_" + name)) {
      if (!(listed.holder().get(each) instanceof ArrayNode list)) continue;
      PatchValue.pad(list, size);
      list.insert(operation.to(), list.remove(operation.index()));
    }
  }

  /** A list that a path means: all elements of one name in one place. */
  private record Listed(ObjectNode holder, Element element) {}

  private static Listed listed(Operation operation, ObjectNode resource, Places places) {
    List<JsonNode> found = found(operation, operation.path(), resource);
    if (found.isEmpty()) return empty(operation, resource, places);
    List<Place> all = found.stream().map(each -> place(operation, each, places)).toList();
    Place first = all.get(0);
    boolean whole = all.stream()
        .allMatch(each -> each.isListed() && each.holder() == first.holder()
            && each.key().equals(first.key()))
        && first.list().size() == all.size();
    if (!whole) throw operation.impossible("the path must mean all elements of one list");
    return new Listed(first.holder(), Schema.element(first.holderType(), first.key()));
  }

  private static Listed empty(Operation operation, ObjectNode resource, Places places) {
    Matcher path = LIST.matcher(operation.path().trim());
    Place holder = path.matches() ? one(operation, path.group(1), resource, places) : null;
    Element element = holder == null ? null : Schema.element(holder.type(), path.group(2));
    if (element == null || !element.repeats()) throw operation.impossible("the path means no list");
    JsonNode node = found(operation, path.group(1), resource).get(0);
    if (!(node instanceof ObjectNode object)) throw operation.impossible("the path means no list");
    return new Listed(object, element);
  }

  /** Nothing there is nothing to delete. */
  private static void delete(Operation operation, ObjectNode resource, Places places) {
    Place place = one(operation, operation.path(), resource, places);
    if (place == null) return;
    if (place.holder() == null) throw operation.impossible("the whole resource cannot be deleted by a patch");
    String companion = place.key().startsWith("_") ? place.key().substring(1) : "_" + place.key();
    for (String key : List.of(place.key(), companion)) {
      if (!place.isListed()) place.holder().remove(key);
      else
        if (place.holder().get(key) instanceof ArrayNode list && place.index() < list.size())
          list.remove(place.index());
    }
  }

  private static void replace(Operation operation, ObjectNode resource, Places places) {
    Place place = one(operation, operation.path(), resource, places);
    if (place == null) throw operation.impossible("the path means nothing that is there");
    if (place.holder() == null) throw operation.impossible("the whole resource cannot be replaced by a patch");
    Element element = Schema.element(place.holderType(), place.key());
    if (element == null) throw operation.impossible("the path means something that R4 does not know");
    if (place.isListed()) PatchValue.replace(place.holder(), element, place.index(), operation.value());
    else
      PatchValue.replace(place.holder(), place.key(), element, operation.value(),
          () -> operation.impossible("the value has a type that " + element.name() + " cannot have"));
  }

  private static String printable(String name) {
    return name.matches("[A-Za-z0-9]{1,64}") ? name : "of that name";
  }
}
