package io.caregrid.api.fhir;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.api.fhir.r4.Trees;
import io.caregrid.contract.Failure;
import io.caregrid.store.Extent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/**
 * A JSON Patch (RFC 6902), read and checked, to be applied to any number of trees: values keep their digits, members their places. What is left empty at the end
 * is removed, because in FHIR nothing is ever empty (FHIR R4 json.html).
 *
 * <p>The paths of a message are those of the patch; values are never told.
 */
final class JsonPatch {
  private static final int MOST_OPERATIONS = 10_000;
  private static final int MOST_POINTER = 64 << 10;
  /** {@code copy} of what holds copies doubles it each time: so many nodes, and so many characters. */
  private static final int MOST_COPIED = 1_000_000;
  private static final long MOST_COPIED_CHARACTERS = Bodies.MAX_BYTES;

  private final List<Operation> operations;

  private enum Kind {
    ADD, REMOVE, REPLACE, MOVE, COPY, TEST
  }

  /** @param from of move and copy; else null @param value of add, replace and test; else null */
  private record Operation(int place, Kind kind, List<String> path, List<String> from, JsonNode value) {
    String named() {
      return "operation " + place + " (" + kind.name().toLowerCase(java.util.Locale.ROOT) + ")";
    }

    /** RFC 5789 section 2.2: understood, and not possible with this resource. */
    Failure impossible(String why) {
      return new Failure.Unprocessable("JSON Patch " + named() + ": " + why, null);
    }
  }

  private JsonPatch(List<Operation> operations) {
    this.operations = operations;
  }

  /** Invalid 400 names the operation that is none. */
  static JsonPatch read(JsonNode document) {
    if (!document.isArray())
      throw new Failure.Invalid("a JSON Patch is an array of operations (RFC 6902)");
    if (document.size() > MOST_OPERATIONS)
      throw new Failure.TooLarge("a JSON Patch has " + MOST_OPERATIONS + " operations at most");
    List<Operation> operations = new ArrayList<>(document.size());
    for (JsonNode each : document) operations.add(operation(operations.size(), each));
    return new JsonPatch(operations);
  }

  private static Operation operation(int place, JsonNode json) {
    Kind kind = Arrays.stream(Kind.values())
        .filter(each -> json.path("op").asText().equals(each.name().toLowerCase(java.util.Locale.ROOT)))
        .findFirst()
        .orElseThrow(() -> malformed(place, "op must be add, remove, replace, move, copy or test"));
    boolean moves = kind == Kind.MOVE || kind == Kind.COPY;
    boolean takesValue = !moves && kind != Kind.REMOVE;
    if (takesValue && !json.has("value")) throw malformed(place, "value is missing");
    return new Operation(place, kind, pointer(place, json, "path"), moves ? pointer(place, json, "from") : null,
        takesValue ? json.get("value") : null);
  }

  /** RFC 6901: reference tokens, unescaped. */
  private static List<String> pointer(int place, JsonNode json, String member) {
    JsonNode text = json.get(member);
    if (text == null || !text.isTextual()) throw malformed(place, member + " is missing");
    String pointer = text.textValue();
    if (pointer.isEmpty()) return List.of();
    if (pointer.length() > MOST_POINTER) throw malformed(place, member + " is longer than " + MOST_POINTER);
    if (pointer.charAt(0) != '/') throw malformed(place, member + " must begin with / (RFC 6901)");
    if (pointer.matches("(?s).*~(?![01]).*")) throw malformed(place, member + " has a ~ that is not ~0 or ~1");
    return Arrays.stream(pointer.substring(1).split("/", -1))
        .map(token -> token.replace("~1", "/").replace("~0", "~"))
        .toList();
  }

  private static Failure malformed(int place, String why) {
    return new Failure.Invalid("JSON Patch operation " + place + ": " + why);
  }

  /**
   * Changes the tree; gives the root, which a patch may replace. Unprocessable 422 when an operation is not possible, or a test fails: then the tree is half
   * changed and good for nothing.
   */
  ObjectNode apply(ObjectNode tree) {
    JsonNode root = tree;
    int copied = 0;
    long characters = 0;
    for (Operation operation : operations) {
      if (operation.kind() == Kind.COPY) {
        JsonNode source = at(root, operation, operation.from());
        copied += size(source);
        characters += Extent.characters(source);
      }
      if (copied > MOST_COPIED || characters > MOST_COPIED_CHARACTERS)
        throw operation.impossible("the patch copies too much");
      root = apply(root, operation);
    }
    if (!(root instanceof ObjectNode patched))
      throw new Failure.Unprocessable("the patch leaves no resource", null);
    prune(patched);
    return patched;
  }

  private static int size(JsonNode node) {
    int size = 1;
    for (JsonNode below : node) size += size(below);
    return size;
  }

  private static JsonNode apply(JsonNode root, Operation operation) {
    return switch (operation.kind()) {
      case ADD -> add(root, operation, operation.value().deepCopy());
      case REMOVE -> remove(root, operation, operation.path());
      case REPLACE -> replace(root, operation);
      case MOVE -> move(root, operation);
      case COPY -> add(root, operation, at(root, operation, operation.from()).deepCopy());
      case TEST -> test(root, operation);
    };
  }

  private static JsonNode test(JsonNode root, Operation operation) {
    if (same(at(root, operation, operation.path()), operation.value())) return root;
    throw operation.impossible("what is there is something else");
  }

  private static JsonNode move(JsonNode root, Operation operation) {
    List<String> from = operation.from();
    if (from.equals(operation.path())) return root;
    boolean into = operation.path().size() > from.size() && operation.path().subList(0, from.size()).equals(from);
    if (into) throw operation.impossible("nothing can be moved into itself");
    JsonNode moved = at(root, operation, from);
    return add(remove(root, operation, from), operation, moved);
  }

  private static JsonNode replace(JsonNode root, Operation operation) {
    at(root, operation, operation.path());
    requireShallow(operation, operation.value());
    if (operation.path().isEmpty()) return operation.value().deepCopy();
    JsonNode parent = parent(root, operation, operation.path());
    String last = last(operation.path());
    if (parent instanceof ArrayNode list)
      list.set(index(operation, last, list.size() - 1), operation.value().deepCopy());
    else
      ((ObjectNode) parent).set(last, operation.value().deepCopy());
    return root;
  }

  /** What is nested deeper than a body may be could not be read, and a little deeper not even be walked through. */
  private static void requireShallow(Operation operation, JsonNode value) {
    if (operation.path().size() + Extent.depth(value) > Trees.MAX_DEPTH)
      throw operation.impossible("the result would be nested more than " + Trees.MAX_DEPTH + " deep");
  }

  private static JsonNode add(JsonNode root, Operation operation, JsonNode value) {
    requireShallow(operation, value);
    if (operation.path().isEmpty()) return value;
    JsonNode parent = parent(root, operation, operation.path());
    String last = last(operation.path());
    if (parent instanceof ArrayNode list)
      list.insert(last.equals("-") ? list.size() : index(operation, last, list.size()), value);
    else
      ((ObjectNode) parent).set(last, value);
    return root;
  }

  private static JsonNode remove(JsonNode root, Operation operation, List<String> path) {
    if (path.isEmpty()) throw operation.impossible("the whole resource cannot be removed");
    at(root, operation, path);
    JsonNode parent = parent(root, operation, path);
    if (parent instanceof ArrayNode list) list.remove(index(operation, last(path), list.size() - 1));
    else((ObjectNode) parent).remove(last(path));
    return root;
  }

  private static JsonNode parent(JsonNode root, Operation operation, List<String> path) {
    JsonNode parent = at(root, operation, path.subList(0, path.size() - 1));
    if (!parent.isContainerNode()) throw operation.impossible("there is nothing that could hold " + told(path));
    return parent;
  }

  private static JsonNode at(JsonNode root, Operation operation, List<String> path) {
    JsonNode node = root;
    for (String token : path) {
      if (node instanceof ArrayNode list) node = list.get(index(operation, token, list.size() - 1));
      else node = node.get(token);
      if (node == null) throw operation.impossible("there is no " + told(path));
    }
    return node;
  }

  private static int index(Operation operation, String token, int most) {
    boolean number = token.matches("0|[1-9]\\d{0,8}");
    if (!number) throw operation.impossible("an index is a whole number, or - for the end where something is added");
    int index = Integer.parseInt(token);
    if (index > most) throw operation.impossible("index " + index + " is behind the end");
    return index;
  }

  private static String told(List<String> path) {
    String pointer = "/" + String.join("/", path);
    return pointer.length() > 100 ? pointer.substring(0, 100) + "…" : pointer;
  }

  private static String last(List<String> path) {
    return path.get(path.size() - 1);
  }

  /** RFC 6902 section 4.6: numbers by value, members in any order. */
  private static boolean same(JsonNode one, JsonNode other) {
    if (one.isNumber() && other.isNumber()) return one.decimalValue().compareTo(other.decimalValue()) == 0;
    if (one.getNodeType() != other.getNodeType() || one.size() != other.size()) return false;
    if (one.isArray()) {
      for (int i = 0; i < one.size(); i++) if (!same(one.get(i), other.get(i))) return false;
      return true;
    }
    if (!one.isObject()) return one.equals(other);
    for (Map.Entry<String, JsonNode> member : one.properties()) {
      JsonNode there = other.get(member.getKey());
      if (there == null || !same(member.getValue(), there)) return false;
    }
    return true;
  }

  /** What became empty. */
  static void prune(JsonNode node) {
    for (Iterator<JsonNode> each = node.elements(); each.hasNext();) {
      JsonNode below = each.next();
      if (!below.isContainerNode()) continue;
      prune(below);
      if (below.isEmpty()) each.remove();
    }
  }
}
