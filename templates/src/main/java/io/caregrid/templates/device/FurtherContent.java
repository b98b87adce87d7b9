package io.caregrid.templates.device;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.templates.jsonpath.JsonPath;
import io.caregrid.templates.mapping.Declaration;
import io.caregrid.templates.mapping.Further;
import io.caregrid.templates.wanted.Place;
import java.util.List;

/** A template of a type that is not the house's own; every message is its match. */
record FurtherContent(Declaration declaration, ContentType.Content content) implements ContentTemplate {
  private static final Further<ContentType> TYPES = Further.of(ContentType.class, ContentType::templateType);
  private static final Expression MESSAGE = new Expression("TypeMatchExpression",
      new Selector.Path(JsonPath.compile("$")), 0, null);

  /** Null when nobody brought it. */
  static ContentType type(String templateType) {
    return TYPES.named(templateType);
  }

  /** What to add when a type is missing. */
  static String missing() {
    return TYPES.missing();
  }

  @Override
  public Expression match() {
    return MESSAGE;
  }

  @Override
  public void extract(List<JsonNode> tokens, Reading reading) {
    try {
      reading.found.addAll(content.measurements(reading.root, reading.ingestedAt));
    } catch (IllegalArgumentException wrong) {
      reading.failures.add(new Unreadable("unreadable-content", "The template of type " + declaration.type() + " (line "
          + declaration.line() + " of the device mapping): " + wrong.getMessage(), declaration.line()));
    }
  }

  @Override
  public void look(Place message) {
    message.whole();
  }
}
