package io.caregrid.api.fhir.r4;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.function.BiConsumer;

/** R4's invariants that concern what every resource is full of, done without FHIRPath. */
enum Hand {
  NONE, REFERENCE, EXTENSION {
    /** The type's elements: id, extension, url, value. */
    private static final long EXTENSIONS = 1L << 1;
    private static final long VALUE = 1L << 3;

    @Override
    void check(ObjectNode object, long seen, BiConsumer<String, String> tell) {
      if ((seen & EXTENSIONS) != 0 == ((seen & VALUE) != 0))
        tell.accept("invariant", " breaks FHIR's rule ext-1: it must have either extensions or a value[x]");
    }
  },
  QUANTITY {
    @Override
    void check(ObjectNode object, long seen, BiConsumer<String, String> tell) {
      if (object.has("code") && !object.has("system"))
        tell.accept("invariant", " breaks FHIR's rule qty-3: a unit's code needs its system");
    }
  },
  ATTACHMENT {
    @Override
    void check(ObjectNode object, long seen, BiConsumer<String, String> tell) {
      if (object.has("data") && !object.has("contentType"))
        tell.accept("invariant", " breaks FHIR's rule att-1: data needs a contentType");
    }
  },
  CONTACT_POINT {
    @Override
    void check(ObjectNode object, long seen, BiConsumer<String, String> tell) {
      if (object.has("value") && !object.has("system"))
        tell.accept("invariant", " breaks FHIR's rule cpt-2: a value needs its system");
    }
  };

  static Hand of(Type type) {
    if (type.isA("Quantity")) return QUANTITY;
    return switch (type.name) {
      case "Extension" -> EXTENSION;
      case "Reference" -> REFERENCE;
      case "Attachment" -> ATTACHMENT;
      case "ContactPoint" -> CONTACT_POINT;
      default -> NONE;
    };
  }

  /** @param tell code and text of a finding at the object */
  void check(ObjectNode object, long seen, BiConsumer<String, String> tell) {}
}
