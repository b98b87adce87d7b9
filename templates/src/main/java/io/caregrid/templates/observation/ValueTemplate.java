package io.caregrid.templates.observation;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.DecimalNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.caregrid.templates.text.Numbers;
import java.math.BigDecimal;
import java.util.Locale;
import java.util.Objects;

/** How one value[x] is made from the text a measurement carries. */
sealed interface ValueTemplate {
  /** Binds to the measurement's property of this name, case included. */
  String name();

  /** The FHIR element it fills, e.g. {@code valueQuantity}. */
  String element();

  /** A value of one piece: the last event's, in log order. */
  sealed interface Single extends ValueTemplate {
    /**
     * What {@code text} means, ready to be stored; null when it means nothing.
     *
     * @throws UnusableEvent when the text is not what the element needs
     */
    JsonNode read(String text) throws UnusableEvent;

    /** Puts {@code value}, of {@link #read}, into {@code holder}; true when that changes anything. */
    boolean put(ObjectNode holder, JsonNode value);
  }

  /** {@code unit}, {@code system} and {@code code} may be null. */
  record Quantity(String name, String unit, String system, String code) implements Single {
    @Override
    public String element() {
      return "valueQuantity";
    }

    @Override
    public JsonNode read(String text) throws UnusableEvent {
      BigDecimal number = Numbers.decimal(text);
      if (number == null) throw notANumber(name);
      return DecimalNode.valueOf(number.scale() < 0 && number.scale() >= -20 ? number.setScale(0) : number);
    }

    @Override
    public boolean put(ObjectNode holder, JsonNode value) {
      JsonNode there = holder.get(element());
      ObjectNode quantity = there instanceof ObjectNode object ? object : holder.putObject(element());
      boolean changes = !same(quantity.get("value"), value);
      if (changes) quantity.set("value", value);
      changes |= text(quantity, "unit", unit);
      changes |= text(quantity, "system", system);
      return changes | text(quantity, "code", code);
    }

    private static boolean same(JsonNode there, JsonNode value) {
      return there != null && there.isNumber() && there.decimalValue().compareTo(value.decimalValue()) == 0;
    }

    private static boolean text(ObjectNode quantity, String name, String text) {
      if (Objects.equals(quantity.path(name).textValue(), text)) return false;
      if (text == null) {
        quantity.remove(name);
      } else {
        quantity.put(name, text);
      }
      return true;
    }
  }

  /** {@code String}. Empty text means nothing: FHIR has no empty strings, and none of more than 1,048,576 characters (R4 datatypes.html#string). */
  record Text(String name) implements Single {
    private static final int LONGEST = 1 << 20;

    @Override
    public String element() {
      return "valueString";
    }

    @Override
    public JsonNode read(String text) throws UnusableEvent {
      if (text.length() > LONGEST)
        throw new UnusableEvent("not-text", "value '" + name + "' has more than " + LONGEST + " characters");
      boolean control = text.chars().anyMatch(c -> c < ' ' && c != '\t' && c != '\n' && c != '\r');
      if (control) throw new UnusableEvent("not-text", "value '" + name + "' holds a control character");
      return text.isBlank() ? null : TextNode.valueOf(text);
    }

    @Override
    public boolean put(ObjectNode holder, JsonNode value) {
      return !value.equals(holder.replace(element(), value));
    }
  }

  /** {@code CodeableConcept}: the template's own, whatever the measurement says. */
  record Concept(String name, ObjectNode concept) implements Single {
    @Override
    public String element() {
      return "valueCodeableConcept";
    }

    @Override
    public JsonNode read(String text) {
      return concept;
    }

    @Override
    public boolean put(ObjectNode holder, JsonNode value) {
      return !value.equals(holder.replace(element(), value));
    }
  }

  /** {@code Integer}: a whole number of 32 bits; {@code 72.0} is one. */
  record Whole(String name) implements Single {
    @Override
    public String element() {
      return "valueInteger";
    }

    @Override
    public JsonNode read(String text) throws UnusableEvent {
      BigDecimal number = Numbers.decimal(text);
      try {
        if (number != null) return IntNode.valueOf(number.intValueExact());
      } catch (ArithmeticException notWhole) {
        // said below
      }
      throw new UnusableEvent("not-a-number", "value '" + name + "' is no whole number of 32 bits");
    }

    @Override
    public boolean put(ObjectNode holder, JsonNode value) {
      return !value.equals(holder.replace(element(), value));
    }
  }

  /** {@code Boolean}: true or false without regard to case, 1 or 0. */
  record Truth(String name) implements Single {
    @Override
    public String element() {
      return "valueBoolean";
    }

    @Override
    public JsonNode read(String text) throws UnusableEvent {
      return switch (text.strip().toLowerCase(Locale.ROOT)) {
        case "true", "1" -> BooleanNode.TRUE;
        case "false", "0" -> BooleanNode.FALSE;
        default -> throw new UnusableEvent("not-a-boolean", "value '" + name + "' is neither true nor false");
      };
    }

    @Override
    public boolean put(ObjectNode holder, JsonNode value) {
      return !value.equals(holder.replace(element(), value));
    }
  }

  /**
   * {@code Range} and {@code Ratio}: two numbers with a separator between them, {@code 3.5..5.0} and {@code 1:128}. Of a range one side may be missing.
   *
   * @param element   {@code valueRange} or {@code valueRatio}
   * @param separator between the two
   * @param first     the FHIR element on the left, {@code low} or {@code numerator}
   * @param second    the one on the right
   * @param unit      may be null, {@code system} and {@code code} too; of both numbers
   */
  record Pair(String name, String element, String separator, String first, String second, String unit, String system,
      String code)
      implements
        Single {
    @Override
    public JsonNode read(String text) throws UnusableEvent {
      int between = text.indexOf(separator);
      if (between < 0) throw unreadable();
      ObjectNode pair = JsonNodeFactory.instance.objectNode();
      put(pair, first, text.substring(0, between));
      put(pair, second, text.substring(between + separator.length()));
      boolean whole = element.equals("valueRatio") ? pair.size() == 2 : !pair.isEmpty();
      if (!whole) throw unreadable();
      if (element.equals("valueRange") && pair.size() == 2 && backwards(pair)) {
        throw new UnusableEvent("wrong-range", "value '" + name + "' is a range whose low is above its high");
      }
      return pair;
    }

    private boolean backwards(ObjectNode range) {
      BigDecimal low = range.at("/low/value").decimalValue();
      return low.compareTo(range.at("/high/value").decimalValue()) > 0;
    }

    private void put(ObjectNode pair, String side, String text) throws UnusableEvent {
      if (text.isBlank()) return;
      BigDecimal number = Numbers.decimal(text);
      if (number == null) throw unreadable();
      ObjectNode quantity = pair.putObject(side);
      quantity.set("value",
          DecimalNode.valueOf(number.scale() < 0 && number.scale() >= -20 ? number.setScale(0) : number));
      if (unit != null) quantity.put("unit", unit);
      if (system != null) quantity.put("system", system);
      if (code != null) quantity.put("code", code);
    }

    private UnusableEvent unreadable() {
      return new UnusableEvent("not-a-number",
          "value '" + name + "' is not two numbers with '" + separator + "' between them");
    }

    @Override
    public boolean put(ObjectNode holder, JsonNode value) {
      return !value.equals(holder.replace(element(), value));
    }
  }

  /**
   * {@code SampledData}.
   *
   * @param ticks  period of the samples in 100 ns, above 0
   * @param unit   may be null; {@code system} and {@code code}, ours, complete it for machines and may be null too
   * @param several ours: a measurement may carry several samples at once
   * @param trimmed ours: nothing is written behind the last sample, where the connector fills the period with {@code E}
   */
  record Sampled(String name, BigDecimal periodMillis, long ticks, String unit, String system, String code,
      boolean trimmed, boolean several)
      implements
        ValueTemplate {
    @Override
    public String element() {
      return "valueSampledData";
    }
  }

  static UnusableEvent notANumber(String name) {
    return new UnusableEvent("not-a-number", "value '" + name + "' is no decimal number");
  }
}
