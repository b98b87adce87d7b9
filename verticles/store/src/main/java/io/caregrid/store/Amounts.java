package io.caregrid.store;

import io.caregrid.fhirpath.Quantity;
import java.math.BigDecimal;

/** Numbers with units, compared (FHIR R4 search.html#quantity): where both units are UCUM's, in base units. */
final class Amounts {
  static final String UCUM = "http://unitsofmeasure.org";

  private Amounts() {}

  /** In UCUM's base units; null when the unit is not UCUM's. */
  static Quantity base(BigDecimal value, String system, String code) {
    return UCUM.equals(system) && code != null && !code.isEmpty() ? new Quantity(value, code).base() : null;
  }

  /** So many of UCUM's unit {@code code} in the base unit {@code unit}; null when they do not measure the same. */
  static BigDecimal in(String unit, BigDecimal value, String code) {
    Quantity base = new Quantity(value, code).base();
    return base == null || !base.unit().equals(unit) ? null : base.value();
  }
}
