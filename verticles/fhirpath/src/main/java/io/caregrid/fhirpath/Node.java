package io.caregrid.fhirpath;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeType;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.fhirpath.FhirPathException.Unfit;
import io.caregrid.fhirpath.Model.Field;
import io.caregrid.fhirpath.Model.Type;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/**
 * An element of a resource where it stands (FHIR R4 json.html). Type is known from R4's definitions; where these do not know the element, from its JSON.
 */
public final class Node implements Value {
  private static final int MOST_DIGITS = 1_000;
  private static final JsonNode NOTHING = MissingNode.getInstance();
  private final JsonNode json;
  private final JsonNode extra;
  private final Type type;

  /**
   * @param extra of a primitive: what stands under its name with an underscore; else missing
   * @param type  null when unknown
   */
  private Node(JsonNode json, JsonNode extra, Type type) {
    this.json = json;
    this.extra = extra;
    this.type = type;
  }

  /** A resource. */
  public static Node resource(JsonNode json) {
    return new Node(json, NOTHING, Model.R4.type(json.path("resourceType").asText()));
  }

  /** A value that stands for itself, for example a constant: {@code typed("date", json)}. */
  public static Node typed(String type, JsonNode json) {
    return new Node(json, NOTHING, Model.R4.type(type));
  }

  /** The same with what a primitive has beside its value: the object under its name with an underscore; null for none. */
  public static Node typed(String type, JsonNode json, JsonNode extra) {
    return new Node(json == null ? NOTHING : json, extra == null ? NOTHING : extra, Model.R4.type(type));
  }

  /** What a primitive has beside its value (FHIR R4 json.html#primitive); missing where there is nothing. */
  public JsonNode extra() {
    return extra;
  }

  /** As it stands; a null or missing node for a primitive that has extensions only. */
  @Override
  public JsonNode json() {
    return json;
  }

  boolean hasValue() {
    return json.isValueNode() && !json.isNull() && !json.isMissingNode();
  }

  boolean isA(String name) {
    return type != null ? type.isA(name) : named().name().equals(name);
  }

  boolean isExactly(String name) {
    return named().name().equals(name);
  }

  /** True for types that hold one value, a type unknown to the definitions included. */
  boolean isPrimitive() {
    return type != null ? type.isPrimitive() : !json.isContainerNode();
  }

  TypeName named() {
    if (type != null) return new TypeName("FHIR", type.name.contains(".") ? type.base.name : type.name);
    if (json.isObject()) return new TypeName("FHIR", json.path("resourceType").asText("Element"));
    return new TypeName("FHIR", switch (json.getNodeType()) {
      case BOOLEAN -> "boolean";
      case NUMBER -> json.isIntegralNumber() ? "integer" : "decimal";
      default -> "string";
    });
  }

  @Override
  public Value atom() {
    if (type != null && !type.isPrimitive()) return type.isA("Quantity") ? quantity() : this;
    if (!hasValue()) return json.isContainerNode() ? this : null;
    return switch (json.getNodeType()) {
      case BOOLEAN -> Bool.of(json.booleanValue());
      case NUMBER -> number();
      default -> text();
    };
  }

  private Value number() {
    boolean decimal = type != null ? type.isA("decimal") : !json.isIntegralNumber();
    return decimal || !json.canConvertToInt() ? new Decimal(decimal(json)) : new Whole(json.intValue());
  }

  private Value text() {
    Moment.Kind kind = type == null ? null : switch (type.name) {
      case "date" -> Moment.Kind.DATE;
      case "dateTime", "instant" -> Moment.Kind.DATETIME;
      case "time" -> Moment.Kind.TIME;
      default -> null;
    };
    Moment moment = kind == null ? null : Moment.read(json.textValue(), kind);
    return moment != null ? moment : new Text(json.asText());
  }

  private Value quantity() {
    JsonNode value = json.path("value");
    if (!value.isNumber() || json.has("comparator")) return this;
    boolean coded = json.path("system").asText().equals("http://unitsofmeasure.org") && json.has("code");
    String unit = coded ? json.path("code").asText() : json.path("unit").asText(json.path("code").asText("1"));
    return new Quantity(decimal(value), unit);
  }

  /** Null when the definitions of R4 do not have it. */
  Type definition() {
    return type;
  }

  /** The elements of this name, in order. In strict mode one that the type does not have is an error. */
  List<Value> member(String name, boolean strict) {
    if (type == null) return untyped(name);
    Field field = type.field(name);
    if (field != null) return below(field);
    type.unknown(name, strict);
    return Items.NONE;
  }

  /** The values of one of its type's elements. */
  List<Value> below(Field field) {
    if (field.choices != null) return chosen(field);
    if (!json.isObject()) return values(extra.get(field.name), null, field.type());
    JsonNode value = json.get(field.name);
    JsonNode more = field.type().isPrimitive() ? json.get(field.extra) : null;
    return values(value, more, field.type());
  }

  private List<Value> chosen(Field field) {
    if (!json.isObject()) return Items.NONE;
    for (Iterator<String> names = json.fieldNames(); names.hasNext();) {
      String name = names.next();
      boolean extra = name.charAt(0) == '_';
      if (!name.startsWith(field.name, extra ? 1 : 0)) continue;
      String plain = extra ? name.substring(1) : name;
      String chosen = field.choices.get(plain);
      if (chosen != null) return values(json.get(plain), json.get("_" + plain), Model.R4.type(chosen));
    }
    return Items.NONE;
  }

  /** Of a type that R4 does not have, a later version's for example: by the names that stand in the JSON, and no more. */
  List<Value> untyped(String name) {
    return json.isObject() ? values(json.get(name), json.get("_" + name), null) : values(extra.get(name), null, null);
  }

  private static List<Value> values(JsonNode value, JsonNode more, Type of) {
    boolean many = value != null && value.isArray() || more != null && more.isArray();
    if (!many) {
      Value one = one(value, more, of);
      return one == null ? Items.NONE : List.of(one);
    }
    int size = Math.max(value == null ? 0 : value.size(), more == null ? 0 : more.size());
    List<Value> found = new ArrayList<>(size);
    for (int i = 0; i < size; i++) {
      Value one = one(value == null ? null : value.get(i), more == null ? null : more.get(i), of);
      if (one != null) found.add(one);
    }
    return found;
  }

  /** Null when there is nothing. */
  private static Value one(JsonNode value, JsonNode more, Type of) {
    boolean there = value != null && !value.isNull();
    boolean extended = more != null && more.isObject();
    if (!there && !extended) return null;
    Type own = of != null && of.isResource() && there ? named(value, of) : of;
    return new Node(there ? value : NOTHING, extended ? more : NOTHING, own);
  }

  private static Type named(JsonNode resource, Type otherwise) {
    Type own = Model.R4.type(resource.path("resourceType").asText());
    return own == null ? otherwise : own;
  }

  /** All elements below this one, one level, in the order of the JSON. */
  List<Value> children() {
    List<Value> found = new ArrayList<>();
    JsonNode below = json.isObject() ? json : extra;
    for (Iterator<String> names = below.fieldNames(); names.hasNext();) {
      String name = names.next();
      String plain = name.startsWith("_") ? name.substring(1) : name;
      boolean mark = plain.equals("resourceType") && (type == null || type.isResource());
      if (mark || !plain.equals(name) && below.has(plain)) continue;
      found.addAll(child(plain));
    }
    return found;
  }

  private List<Value> child(String name) {
    if (type == null) return untyped(name);
    Field field = type.field(name);
    if (field != null && field.choices == null) return below(field);
    Field choice = type.choiceOf(name);
    return choice == null
        ? Items.NONE
        : values(json.get(name), json.get("_" + name), Model.R4.type(choice.choices.get(name)));
  }

  /** Same content: numbers by value, members in any order, items in the same. */
  boolean sameAs(Node other) {
    return same(json, other.json);
  }

  private static boolean same(JsonNode a, JsonNode b) {
    if (a.isNumber() && b.isNumber()) return a.decimalValue().compareTo(b.decimalValue()) == 0;
    if (a.getNodeType() != b.getNodeType() || a.size() != b.size()) return false;
    if (a.getNodeType() == JsonNodeType.ARRAY) {
      for (int i = 0; i < a.size(); i++) {
        if (!same(a.get(i), b.get(i))) return false;
      }
      return true;
    }
    if (!a.isObject()) return a.equals(b);
    for (Map.Entry<String, JsonNode> member : ((ObjectNode) a).properties()) {
      JsonNode there = b.get(member.getKey());
      if (there == null || !same(member.getValue(), there)) return false;
    }
    return true;
  }

  /** Nine characters of JSON can be a number of a billion digits, which nobody may be made to write out. */
  private static BigDecimal decimal(JsonNode number) {
    BigDecimal value = number.decimalValue();
    if (Math.abs((long) value.scale()) > MOST_DIGITS)
      throw new Unfit("a number of the resource has more than " + MOST_DIGITS + " digits");
    return value;
  }

  @Override
  public String toString() {
    return json.isValueNode() ? json.asText() : named().toString();
  }
}
