package io.caregrid.fhirpath;

import io.caregrid.fhirpath.Functions.Signature;
import io.caregrid.fhirpath.Value.Bool;
import io.caregrid.fhirpath.Value.Decimal;
import io.caregrid.fhirpath.Value.Text;
import io.caregrid.fhirpath.Value.TypeName;
import io.caregrid.fhirpath.Value.Whole;
import java.math.BigDecimal;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** N1 "Conversion". Each gives null for what it cannot convert: {@code toX()} is empty then, and {@code convertsToX()} false. */
final class Conversions {
  private static final Pattern DECIMAL = Pattern.compile("[+-]?\\d{1,60}(?:\\.\\d{1,60})?");
  private static final Pattern QUANTITY = Pattern.compile(
      "([+-]?\\d{1,60}(?:\\.\\d{1,60})?)\\s*(?:'([^']+)'|([A-Za-z]+))?");
  private static final Set<String> TRUE = Set.of("true", "t", "yes", "y", "1", "1.0");
  private static final Set<String> FALSE = Set.of("false", "f", "no", "n", "0", "0.0");

  static final Map<String, Signature> FUNCTIONS = new HashMap<>();

  static {
    add("Boolean", Conversions::bool);
    add("Integer", Conversions::whole);
    add("Decimal", Conversions::decimal);
    add("Date", Conversions::date);
    add("DateTime", Conversions::dateTime);
    add("Time", Conversions::time);
    add("String", Conversions::text);
    add("Quantity", Conversions::quantity);
  }

  private Conversions() {}

  private static void add(String type, UnaryOperator<Value> conversion) {
    int most = type.equals("Quantity") ? 1 : 0;
    FUNCTIONS.put("to" + type, new Signature(0, most, (in, args, scope) -> {
      Value value = Items.single(in, "what to" + type + "() is called on");
      Value made = value == null ? null : conversion.apply(value);
      String unit = args.isEmpty() ? null : Items.text(scope.argument(args.get(0)), "the unit");
      boolean other = unit != null && made instanceof Quantity quantity && !quantity.unit().equals(unit);
      return other ? Items.NONE : Items.of(made);
    }));
    FUNCTIONS.put("convertsTo" + type, new Signature(0, most, (in, args, scope) -> {
      Value value = Items.single(in, "what convertsTo" + type + "() is called on");
      return value == null ? Items.NONE : Items.of((Boolean) (conversion.apply(value) != null));
    }));
  }

  private static Value bool(Value value) {
    if (value instanceof Bool) return value;
    String text = value instanceof Text || value instanceof Whole || value instanceof Decimal
        ? value.toString().toLowerCase(Locale.ROOT)
        : "";
    if (value instanceof Decimal decimal) text = decimal.value().stripTrailingZeros().toPlainString();
    return TRUE.contains(text) ? Bool.TRUE : FALSE.contains(text) ? Bool.FALSE : null;
  }

  private static Value whole(Value value) {
    if (value instanceof Whole) return value;
    if (value instanceof Bool bool) return new Whole(bool.value() ? 1 : 0);
    boolean digits = value instanceof Text text && text.value().matches("[+-]?\\d{1,10}");
    return digits ? Arithmetic.number(new BigDecimal(value.toString()), true) : null;
  }

  private static Value decimal(Value value) {
    if (value instanceof Decimal) return value;
    if (value instanceof Bool bool) return new Decimal(bool.value() ? BigDecimal.ONE : BigDecimal.ZERO);
    boolean digits = value instanceof Whole || value instanceof Text text && DECIMAL.matcher(text.value()).matches();
    return digits ? new Decimal(new BigDecimal(value.toString())) : null;
  }

  private static Value date(Value value) {
    if (value instanceof Moment moment) return moment.kind() == Moment.Kind.TIME ? null : moment.date();
    return value instanceof Text text ? Moment.read(text.value().split("T", 2)[0], Moment.Kind.DATE) : null;
  }

  private static Value dateTime(Value value) {
    if (value instanceof Moment moment) return moment.kind() == Moment.Kind.TIME ? null : moment.dateTime();
    return value instanceof Text text ? Moment.read(text.value(), Moment.Kind.DATETIME) : null;
  }

  private static Value time(Value value) {
    if (value instanceof Moment moment) return moment.kind() == Moment.Kind.TIME ? moment : null;
    return value instanceof Text text ? Moment.read(text.value(), Moment.Kind.TIME) : null;
  }

  private static Value text(Value value) {
    return value instanceof Node || value instanceof TypeName ? null : new Text(value.toString());
  }

  private static Value quantity(Value value) {
    if (value instanceof Quantity || value instanceof Whole || value instanceof Decimal)
      return Comparing.quantity(value);
    if (value instanceof Bool bool) return new Quantity(bool.value() ? BigDecimal.ONE : BigDecimal.ZERO, "1");
    Matcher found = value instanceof Text text ? QUANTITY.matcher(text.value()) : null;
    if (found == null || !found.matches()) return null;
    String word = found.group(3) == null ? null : Quantity.calendar(found.group(3));
    if (found.group(3) != null && word == null) return null;
    String unit = word != null ? word : found.group(2) != null ? found.group(2) : "1";
    return new Quantity(new BigDecimal(found.group(1)), unit);
  }
}
