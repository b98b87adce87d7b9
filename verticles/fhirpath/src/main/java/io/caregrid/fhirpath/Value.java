package io.caregrid.fhirpath;

import java.math.BigDecimal;

/** One item of a collection: an element of a resource as it stands in its JSON, or a value of FHIRPath's own types (N1 "Types"). */
public sealed interface Value permits Node, Value.Text, Value.Bool, Value.Whole, Value.Decimal, Moment, Quantity,
    Value.TypeName {

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

  /** What {@code type()} gives. */
  record TypeName(String namespace, String name) implements Value {
    @Override
    public String toString() {
      return namespace + "." + name;
    }
  }

  /** This value as one of FHIRPath's own types where it is a primitive or a quantity of FHIR; null when it has no value; else itself. */
  default Value atom() {
    return this;
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
