package io.caregrid.fhirpath;

import java.io.IOException;
import java.io.InputStream;
import java.math.BigDecimal;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.fhir.ucum.BaseUnit;
import org.fhir.ucum.Decimal;
import org.fhir.ucum.DefinedUnit;
import org.fhir.ucum.Prefix;
import org.fhir.ucum.UcumEssenceService;
import org.fhir.ucum.UcumException;
import org.fhir.ucum.UcumModel;

/**
 * UCUM's units and prefixes as {@code org.fhir:ucum} publishes them. What it calculates with them takes milliseconds a unit and makes the arbitrary
 * units equal to 1; so {@link Units} reads units itself, and takes every number from here.
 */
final class Ucum {
  private final Map<String, BigDecimal> prefixes = new HashMap<>();
  private final Map<String, Atom> atoms = new HashMap<>();

  /**
   * A unit's definition.
   *
   * @param value  so many of {@code unit}
   * @param unit   null for one that nothing else measures: a base unit, an arbitrary one (UCUM §24), a special one that is no straight line
   * @param shift  what is added before multiplying; 0 but for temperatures
   */
  record Atom(String code, boolean metric, BigDecimal value, String unit, BigDecimal shift) {}

  /** UCUM §22: special units that are straight lines. The published table names their functions without telling what they do. */
  private static final List<Atom> LINES = List.of(line("Cel", true, "1", "K", "273.15"),
      line("[degF]", false, "5", "K/9", "459.67"), line("[degRe]", true, "5", "K/4", "218.52"));

  private static Atom line(String code, boolean metric, String value, String unit, String shift) {
    return new Atom(code, metric, new BigDecimal(value), unit, new BigDecimal(shift));
  }

  /** Behind the lines it reads. */
  static final Ucum MODEL = new Ucum();

  private Ucum() {
    try (InputStream essence = UcumEssenceService.class.getResourceAsStream("/ucum-essence.xml")) {
      UcumModel model = new UcumEssenceService(essence).getModel();
      for (Prefix prefix : model.getPrefixes()) prefixes.put(prefix.getCode(), number(prefix.getValue()));
      for (BaseUnit base : model.getBaseUnits()) atoms.put(base.getCode(), own(base.getCode(), true));
      for (DefinedUnit unit : model.getDefinedUnits()) atoms.put(unit.getCode(), atom(unit));
      for (Atom line : LINES) atoms.put(line.code, line);
    } catch (IOException | UcumException broken) {
      throw new IllegalStateException("the table of UCUM cannot be read", broken);
    }
  }

  /** Null when there is none. */
  Atom atom(String code) {
    return atoms.get(code);
  }

  /** Null when there is none. */
  BigDecimal prefix(String code) {
    return prefixes.get(code);
  }

  private static Atom own(String code, boolean metric) {
    return new Atom(code, metric, BigDecimal.ONE, null, BigDecimal.ZERO);
  }

  private static Atom atom(DefinedUnit unit) {
    String code = unit.getCode();
    if (unit.isSpecial()) return own(code, unit.isMetric());
    BigDecimal value = number(unit.getValue().getValue());
    String of = unit.getValue().getUnit();
    boolean arbitrary = of.equals("1") && value.compareTo(BigDecimal.ONE) == 0;
    return arbitrary ? own(code, unit.isMetric()) : new Atom(code, unit.isMetric(), value, of, BigDecimal.ZERO);
  }

  private static BigDecimal number(Decimal decimal) {
    return new BigDecimal(decimal.asDecimal());
  }
}
