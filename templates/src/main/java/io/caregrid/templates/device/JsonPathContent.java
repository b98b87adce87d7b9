package io.caregrid.templates.device;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.templates.cost.Budget;
import io.caregrid.templates.device.Measurement.Property;
import io.caregrid.templates.mapping.Declaration;
import io.caregrid.templates.wanted.Place;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/**
 * {@code JsonPathContent}, {@code IotJsonPathContent} and {@code IotCentralJsonPathContent}: every token that {@code match} selects is one measurement, and all
 * other expressions are evaluated on that token. The three differ only in where device and time are found.
 *
 * @param times       tried in order, the first usable one wins; at least one
 * @param correlation null when not grouped by correlation; when given, required in every match
 * @param patient     or null
 * @param encounter   or null
 */
record JsonPathContent(Declaration declaration, Expression match, Expression device, List<Expression> times,
    Expression correlation,
    Expression patient, Expression encounter, Value[] values) implements ContentTemplate {

  /**
   * One entry of {@code values}.
   *
   * @param samples how far several samples lie apart; null when it is one value
   */
  record Value(Expression expression, boolean required, Spacing samples) {
    /** What {@code values} find, in their order; none of those that find nothing. */
    static List<Property> properties(Value[] values, Spacing.Sight sight, Budget budget) throws Unreadable {
      Property[] properties = new Property[values.length];
      int count = 0;
      for (Value value : values) {
        String text = value.read(sight, budget);
        if (text != null) properties[count++] = new Property(value.expression.name(), text);
      }
      return List.of(count == properties.length ? properties : Arrays.copyOf(properties, count));
    }

    void forEachExpression(Consumer<Expression> action) {
      action.accept(expression);
      if (samples != null && samples.period() != null) action.accept(samples.period());
    }

    String read(Spacing.Sight sight, Budget budget) throws Unreadable {
      if (samples != null) return samples.read(expression, required, sight, budget);
      JsonNode token = sight.of(expression);
      return required ? expression.requiredText(token, budget) : expression.optionalText(token, budget);
    }
  }

  @Override
  public void extract(List<JsonNode> tokens, Reading reading) {
    for (int i = 0; i < tokens.size(); i++) {
      try {
        reading.found.add(measurement(tokens.get(i), reading));
      } catch (Unreadable unreadable) {
        reading.failures.add(unreadable);
      }
    }
  }

  @Override
  public void look(Place message) {
    Place token = match.selector().select(message);
    times.forEach(time -> time.look(token));
    for (Expression one : new Expression[] {device, correlation, patient, encounter}) if (one != null) one.look(token);
    for (Value value : values) value.forEachExpression(one -> one.look(token));
  }

  private Measurement measurement(JsonNode token, Reading reading) throws Unreadable {
    Budget budget = reading.budget;
    String deviceId = device.requiredIdentifier(token, budget);
    Instant at = time(token, reading);
    String correlationId = correlation == null ? null : correlation.requiredIdentifier(token, budget);
    String patientId = patient == null ? null : patient.optionalIdentifier(token, budget);
    String encounterId = encounter == null ? null : encounter.optionalIdentifier(token, budget);
    return new Measurement(declaration.type(), at, reading.ingestedAt, deviceId, patientId, encounterId, correlationId,
        Value.properties(values, expression -> token, budget));
  }

  private Instant time(JsonNode token, Reading reading) throws Unreadable {
    int last = times.size() - 1;
    if (last == 0) return times.get(0).requiredTime(token, reading);
    Unreadable noTime = null;
    for (int i = 0; i < last; i++) {
      try {
        return times.get(i).requiredTime(token, reading);
      } catch (Unreadable next) {
        if (next.reason.equals("too-costly")) throw next;
        if (noTime == null && next.reason.equals("bad-timestamp")) noTime = next;
      }
    }
    try {
      return times.get(last).requiredTime(token, reading, times.subList(0, last));
    } catch (Unreadable none) {
      throw noTime != null && none.reason.equals("missing-value") ? noTime : none;
    }
  }
}
