package io.caregrid.fhirpath;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.math.BigDecimal;
import java.util.List;

/** One item of a collection: an element of a resource as it stands in its JSON, or a value of FHIRPath's own types (N1 "Types"). */
public sealed interface Value permits Node, Value.Text, Value.Bool, Value.Whole, Value.Decimal, Moment, Quantity,
    Value.TypeName {
  JsonNodeFactory JSON = JsonNodeFactory.withExactBigDecimals(true);

  record Text(String value) implements Value {
    @Override
    public String toString() {
      return value;
    }
  }

  record Bool(boolean value) implements Value {
    static final Bool TRUE = new Bool(true);
    static final Bool FALSE = new Bool(false);

    static Bool of(boolean value) {
      return value ? TRUE : FALSE;
    }

    @Override
    public String toString() {
      return String.valueOf(value);
    }
  }

  /** Integer, 32 bits. */
  record Whole(int value) implements Value {
    @Override
    public String toString() {
      return String.valueOf(value);
    }
  }

  record Decimal(BigDecimal value) implements Value {
    @Override
    public String toString() {
      return value.toPlainString();
    }
  }

  /** What {@code type()} gives (N1 "Reflection"; of classes without their elements). */
  record TypeName(String namespace, String name) implements Value {
    List<Value> member(String of) {
      return switch (of) {
        case "namespace" -> Items.of(namespace);
        case "name" -> Items.of(name);
        case "baseType" -> Items.of(baseType());
        default -> Items.NONE;
      };
    }

    /** Null where the definitions have none. */
    private String baseType() {
      if (namespace.equals("System")) return "System.Any";
      Model.Type type = Model.R4.type(name);
      return type == null || type.base == null ? null : "FHIR." + type.base.name;
    }

    @Override
    public String toString() {
      return namespace + "." + name;
    }
  }

  /** This value as one of FHIRPath's own types where it is a primitive or a quantity of FHIR; null when it has no value; else itself. */
  default Value atom() {
    return this;
  }

  static Value whole(int value) {
    return new Whole(value);
  }

  /** True and false where it is a boolean, else null. */
  default Boolean truth() {
    return atom() instanceof Bool bool ? Boolean.valueOf(bool.value()) : null;
  }

  /** As JSON: an element as it stands, a number with all its digits, anything else as text. */
  default JsonNode json() {
    if (this instanceof Bool bool) return JSON.booleanNode(bool.value());
    if (this instanceof Whole whole) return JSON.numberNode(whole.value());
    return this instanceof Decimal decimal ? JSON.numberNode(decimal.value()) : JSON.textNode(toString());
  }

  /** The name of its type for an error: {@code System.Integer}, {@code FHIR.Quantity}. */
  default String typeName() {
    return type().toString();
  }

  /** The name of its type, and the namespace: {@code System} or {@code FHIR}. */
  default TypeName type() {
    if (this instanceof Node node) return node.named();
    if (this instanceof Moment moment) return new TypeName("System", moment.kind().type);
    if (this instanceof Whole) return new TypeName("System", "Integer");
    if (this instanceof Bool) return new TypeName("System", "Boolean");
    if (this instanceof Text) return new TypeName("System", "String");
    if (this instanceof TypeName) return new TypeName("System", "TypeInfo");
    return new TypeName("System", this instanceof Quantity ? "Quantity" : "Decimal");
  }
}
