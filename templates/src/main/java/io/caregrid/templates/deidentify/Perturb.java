package io.caregrid.templates.deidentify;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.DecimalNode;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.security.SecureRandom;
import java.util.Set;

/** Adds noise to numbers, evenly spread around them. */
final class Perturb implements Method {
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final Set<String> WHOLE = Set.of("integer", "positiveInt", "unsignedInt");
  private static final Set<String> QUANTITIES = Set.of("Age", "Count", "Duration", "Distance", "Money", "MoneyQuantity",
      "Quantity", "SimpleQuantity");
  /** Nine characters of JSON can be a number of a billion digits. */
  private static final int MOST_DIGITS = 1_000;
  private final BigDecimal span;
  private final boolean proportional;
  private final int digits;

  /** @param digits behind the point, 0..28 */
  Perturb(BigDecimal span, boolean proportional, int digits) {
    this.span = span;
    this.proportional = proportional;
    this.digits = digits;
  }

  @Override
  public void apply(Element element, Work work) {
    Element number = number(element);
    if (number == null || number.visited || number.value == null || !number.value.isNumber()) return;
    BigDecimal value = number.value.decimalValue();
    boolean long_ = (long) value.precision() + Math.abs((long) value.scale()) > MOST_DIGITS;
    work.changed(number, Label.PERTURBED, long_ ? null : noisy(value, number.type));
    element.visitAll();
  }

  private static Element number(Element element) {
    if (WHOLE.contains(element.type) || element.type.equals("decimal")) return element;
    return QUANTITIES.contains(element.type) ? element.child("value") : null;
  }

  private JsonNode noisy(BigDecimal value, String type) {
    BigDecimal width = proportional ? span.multiply(value.abs()) : span;
    BigDecimal noise = width.multiply(BigDecimal.valueOf(RANDOM.nextDouble() - 0.5));
    BigDecimal moved = value.add(noise).setScale(WHOLE.contains(type) ? 0 : digits, RoundingMode.HALF_EVEN);
    if (type.equals("positiveInt")) moved = moved.max(BigDecimal.ONE);
    if (type.equals("unsignedInt")) moved = moved.max(BigDecimal.ZERO);
    return DecimalNode.valueOf(moved);
  }
}
