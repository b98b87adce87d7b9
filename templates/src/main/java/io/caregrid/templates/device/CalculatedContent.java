package io.caregrid.templates.device;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.templates.cost.Budget;
import io.caregrid.templates.device.JsonPathContent.Value;
import io.caregrid.templates.mapping.Declaration;
import io.caregrid.templates.wanted.Place;
import java.time.Instant;
import java.util.List;

/**
 * {@code CalculatedContent}: every token that {@code match} selects is one measurement, and the other expressions see the whole message with that token beside
 * its members as {@code matchedToken}. That message is made only for expressions that need it.
 *
 * @param correlation null when not grouped by correlation; when given, required in every match
 * @param patient     or null
 * @param encounter   or null
 */
record CalculatedContent(Declaration declaration, Expression match, Expression device, Expression time,
    Expression correlation,
    Expression patient, Expression encounter, Value[] values) implements ContentTemplate {

  @Override
  public void extract(List<JsonNode> tokens, Reading reading) {
    Sight sight = new Sight(reading.root);
    for (int i = 0; i < tokens.size(); i++) {
      try {
        reading.found.add(measurement(sight.on(tokens.get(i)), reading));
      } catch (Unreadable unreadable) {
        reading.failures.add(unreadable);
      }
    }
  }

  @Override
  public void look(Place message) {
    Place token = match.selector().select(message);
    for (Expression one : new Expression[] {device, time, correlation, patient, encounter})
      if (one != null) look(one, message, token);
    for (Value value : values) value.forEachExpression(one -> look(one, message, token));
  }

  private static void look(Expression expression, Place message, Place token) {
    expression.look(switch (expression.selector().sees()) {
      case MESSAGE -> message;
      case MATCH -> token;
      case BOTH -> Place.with(message, Selector.MATCHED, token);
    });
  }

  private Measurement measurement(Sight sight, Reading reading) throws Unreadable {
    Budget budget = reading.budget;
    String deviceId = device.requiredIdentifier(sight.of(device), budget);
    Instant at = time.requiredTime(sight.of(time), reading);
    String correlationId = correlation == null ? null : correlation.requiredIdentifier(sight.of(correlation), budget);
    String patientId = patient == null ? null : patient.optionalIdentifier(sight.of(patient), budget);
    String encounterId = encounter == null ? null : encounter.optionalIdentifier(sight.of(encounter), budget);
    return new Measurement(declaration.type(), at, reading.ingestedAt, deviceId, patientId, encounterId, correlationId,
        Value.properties(values, sight, budget));
  }

  /** What the expressions of one match see; moves from match to match. */
  private static final class Sight implements Spacing.Sight {
    private final JsonNode root;
    private JsonNode token;
    private ObjectNode both;
    private boolean stale;

    Sight(JsonNode root) {
      this.root = root;
    }

    Sight on(JsonNode matched) {
      token = matched;
      stale = true;
      return this;
    }

    @Override
    public JsonNode of(Expression expression) {
      return switch (expression.selector().sees()) {
        case MESSAGE -> root;
        case MATCH -> token;
        case BOTH -> both();
      };
    }

    private JsonNode both() {
      if (both == null) {
        both = JsonNodeFactory.instance.objectNode();
        if (root instanceof ObjectNode members) both.setAll(members);
      }
      if (stale) both.set(Selector.MATCHED, token);
      stale = false;
      return both;
    }
  }
}
