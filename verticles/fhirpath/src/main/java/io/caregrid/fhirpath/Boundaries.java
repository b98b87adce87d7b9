package io.caregrid.fhirpath;

import static io.caregrid.fhirpath.Existence.entry;

import io.caregrid.fhirpath.FhirPathException.Unfit;
import io.caregrid.fhirpath.Functions.Signature;
import io.caregrid.fhirpath.Value.Decimal;
import io.caregrid.fhirpath.Value.Whole;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;

/**
 * The least and the greatest value that something with its precision may mean (FHIR's lowBoundary(), highBoundary(), precision()). A dateTime without an
 * offset may be anywhere from +14:00 to -12:00.
 */
final class Boundaries {
  private static final int MOST_PLACES = 31;
  private static final int PLACES = 8;
  private static final ZoneOffset EAST = ZoneOffset.ofHours(14);
  private static final ZoneOffset WEST = ZoneOffset.ofHours(-12);

  static final Map<String, Signature> FUNCTIONS = Map.ofEntries(
      entry("lowBoundary", 0, 1, (in, args, scope) -> boundary(in, args, scope, false)),
      entry("highBoundary", 0, 1, (in, args, scope) -> boundary(in, args, scope, true)),
      entry("precision", 0, 0, (in, args, scope) -> precision(in)));

  private Boundaries() {}

  private static List<Value> boundary(List<Value> in, List<Expression> args, Scope scope, boolean high) {
    Integer digits = args.isEmpty() ? null : Items.whole(scope.argument(args.get(0)), "a precision");
    Value one = Items.single(in, "what has a boundary");
    if (one instanceof Node node && node.isA("Period")) {
      one = Items.single(node.member(high ? "end" : "start", false), "a side of a period");
    }
    if (one == null) return Items.NONE;
    if (one instanceof Moment moment) return Items.of(moment(moment, digits, high));
    if (one instanceof Quantity quantity) {
      BigDecimal value = number(quantity.value(), digits, high);
      return value == null ? Items.NONE : List.of(new Quantity(value, quantity.unit()));
    }
    BigDecimal number = Items.number(one);
    if (number == null) throw new Unfit(one.typeName() + " has no boundaries");
    return Items.of(number(number, digits, high));
  }

  private static BigDecimal number(BigDecimal value, Integer digits, boolean high) {
    int places = digits == null ? PLACES : digits;
    if (places < 0 || places > MOST_PLACES) return null;
    BigDecimal half = BigDecimal.valueOf(5).movePointLeft(Math.max(0, value.scale()) + 1);
    return high
        ? value.add(half).setScale(places, RoundingMode.CEILING)
        : value.subtract(half).setScale(places, RoundingMode.FLOOR);
  }

  private static Moment moment(Moment moment, Integer digits, boolean high) {
    Moment.Kind kind = moment.kind();
    int most = kind == Moment.Kind.DATE ? Moment.DAY : Moment.FRACTION;
    int parts = digits == null ? most : Moment.partsOf(digits, kind);
    if (parts == 0 || parts > most) return null;
    LocalDateTime at = high ? latest(moment) : moment.at();
    boolean open = moment.offset() == null && kind == Moment.Kind.DATETIME && parts > Moment.DAY;
    ZoneOffset offset = open ? high ? WEST : EAST : parts > Moment.DAY ? moment.offset() : null;
    return new Moment(kind, cut(at, parts), parts, offset);
  }

  private static LocalDateTime latest(Moment moment) {
    LocalDateTime at = moment.at();
    if (moment.parts() < 2) at = at.withMonth(12);
    if (moment.parts() < Moment.DAY)
      at = at.withDayOfMonth(LocalDate.of(at.getYear(), at.getMonth(), 1).lengthOfMonth());
    if (moment.parts() <= Moment.DAY) at = at.withHour(23);
    if (moment.parts() < Moment.MINUTE) at = at.withMinute(59);
    if (moment.parts() < Moment.SECOND) at = at.withSecond(59);
    return moment.parts() < Moment.FRACTION ? at.withNano(999_000_000) : at;
  }

  private static LocalDateTime cut(LocalDateTime at, int parts) {
    if (parts < Moment.FRACTION) at = at.withNano(0);
    if (parts < Moment.SECOND) at = at.withSecond(0);
    if (parts < Moment.MINUTE) at = at.withMinute(0);
    if (parts <= Moment.DAY) at = at.withHour(0);
    if (parts < Moment.DAY) at = at.withDayOfMonth(1);
    return parts < 2 ? at.withMonth(1) : at;
  }

  private static List<Value> precision(List<Value> in) {
    Value one = Items.single(in, "what has a precision");
    if (one == null) return Items.NONE;
    if (one instanceof Moment moment) return Items.of(moment.digits());
    if (one instanceof Decimal decimal) return Items.of(Math.max(0, decimal.value().scale()));
    if (one instanceof Whole) return Items.of(0);
    throw new Unfit(one.typeName() + " has no precision");
  }
}
