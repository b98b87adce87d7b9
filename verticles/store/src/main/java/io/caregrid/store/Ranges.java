package io.caregrid.store;

import io.caregrid.fhirpath.Quantity;
import io.caregrid.store.Param.Under;
import io.caregrid.store.SearchValue.Prefix;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** Dates, numbers and quantities against what is asked of them (FHIR R4 search.html#prefix): buckets find them, the values decide. */
final class Ranges {

  private Ranges() {}

  static Match date(Param param, SearchValue.Date date) {
    List<String> buckets = buckets(date);
    List<String> tokens = buckets == null ? null : new ArrayList<>();
    for (Under under : param.under())
      if (tokens != null) buckets.forEach(bucket -> tokens.add(Postings.dated(under.name(), bucket)));
    return new Match(tokens, false, found -> holds(date, ((Found.When) found).span()));
  }

  /** Null: anywhere. What surrounds the stretch asked for lies in no bucket of it. */
  private static List<String> buckets(SearchValue.Date date) {
    Instant from = date.span().from();
    Instant to = date.span().to();
    return switch (date.prefix()) {
      case EQ -> Buckets.between(from, to);
      case GT, GE -> Buckets.between(from, Span.LAST);
      case LT, LE -> Buckets.between(Span.FIRST, to);
      case SA -> Buckets.between(to, Span.LAST);
      case EB -> Buckets.between(Span.FIRST, from);
      case NE, AP -> null;
    };
  }

  static boolean holds(SearchValue.Date date, Span value) {
    Instant from = date.span().from();
    Instant to = date.span().to();
    boolean contained = !value.from().isBefore(from) && value.from().isBefore(to) && !value.to().isAfter(to);
    return switch (date.prefix()) {
      case EQ -> contained;
      case NE -> !contained;
      case GT -> value.to().isAfter(to);
      case LT -> value.from().isBefore(from);
      case GE -> value.to().isAfter(to) || contained;
      case LE -> value.from().isBefore(from) || contained;
      case SA -> !value.from().isBefore(to);
      case EB -> !value.to().isAfter(from);
      case AP -> value.from().isBefore(to) && value.to().isAfter(from);
    };
  }

  static Match amount(Param param, SearchValue.Amount asked) {
    List<String> tokens = tokens(param, asked);
    return new Match(tokens, false, found -> {
      Found.Amount amount = found instanceof Samples samples ? samples.range() : (Found.Amount) found;
      return amount != null && holds(asked, amount, found instanceof Samples);
    });
  }

  /** In base units where the unit asked for is UCUM's, else as written. */
  private static List<String> tokens(Param param, SearchValue.Amount asked) {
    if (asked.prefix() == Prefix.NE) return null;
    Quantity low = asked.system() == null ? null : Amounts.base(asked.low(), asked.system(), asked.code());
    Quantity high = low == null ? null : Amounts.base(asked.high(), asked.system(), asked.code());
    String unit = low == null ? "" : low.unit();
    List<String> buckets = low == null
        ? buckets(asked.prefix(), asked.low(), asked.high())
        : buckets(asked.prefix(), low.value().min(high.value()), low.value().max(high.value()));
    List<String> tokens = new ArrayList<>();
    for (Under under : param.under()) {
      buckets.forEach(bucket -> tokens.add(Postings.number(under.name(), bucket, unit)));
      tokens.add(Postings.number(under.name(), Buckets.ANYWHERE, ""));
    }
    return tokens;
  }

  private static List<String> buckets(Prefix prefix, BigDecimal low, BigDecimal high) {
    return switch (prefix) {
      case GT, GE, SA -> Buckets.between(low, null);
      case LT, LE, EB -> Buckets.between(null, high);
      default -> Buckets.between(low, high);
    };
  }

  private static boolean holds(SearchValue.Amount asked, Found.Amount there, boolean samples) {
    if (asked.system() == null && asked.code() == null)
      return holds(asked.prefix(), asked.value(), asked.low(), asked.high(), there.low(), there.high(), samples);
    if (asked.system() == null)
      return (there.code().equals(asked.code()) || there.unit().equals(asked.code()))
          && holds(asked.prefix(), asked.value(), asked.low(), asked.high(), there.low(), there.high(), samples);
    boolean same = there.system().equals(asked.system()) && (asked.code() == null || there.code().equals(asked.code()));
    if (same)
      return holds(asked.prefix(), asked.value(), asked.low(), asked.high(), there.low(), there.high(), samples);
    return asked.code() != null && holdsInBase(asked, there, samples);
  }

  private static boolean holdsInBase(SearchValue.Amount asked, Found.Amount there, boolean samples) {
    if (!there.system().equals(Amounts.UCUM) || there.code().isEmpty()) return false;
    Quantity value = Amounts.base(asked.value(), asked.system(), asked.code());
    if (value == null) return false;
    BigDecimal[] own = new BigDecimal[2];
    for (int i = 0; i < 2; i++) {
      BigDecimal bound = i == 0 ? there.low() : there.high();
      own[i] = bound == null ? null : Amounts.in(value.unit(), bound, there.code());
      if (bound != null && own[i] == null) return false;
    }
    return holds(asked.prefix(), value.value(), Amounts.in(value.unit(), asked.low(), asked.code()),
        Amounts.in(value.unit(), asked.high(), asked.code()), own[0], own[1], samples);
  }

  /**
   * @param value   as asked for
   * @param from    what it means by its digits, or about; inclusive
   * @param to      exclusive, inclusive where it is about
   * @param low     of what is there, null: no bound
   * @param samples any value between low and high may be meant, not all of them
   */
  private static boolean holds(Prefix prefix, BigDecimal value, BigDecimal from, BigDecimal to, BigDecimal low,
      BigDecimal high, boolean samples) {
    return switch (prefix) {
      case EQ -> equal(from, to, low, high, samples);
      case NE -> !equal(from, to, low, high, samples);
      case GT -> high == null || high.compareTo(value) > 0;
      case LT -> low == null || low.compareTo(value) < 0;
      case GE -> high == null || high.compareTo(value) >= 0;
      case LE -> low == null || low.compareTo(value) <= 0;
      case SA -> low != null && low.compareTo(value) > 0;
      case EB -> high != null && high.compareTo(value) < 0;
      case AP -> (low == null || low.compareTo(to) <= 0) && (high == null || high.compareTo(from) >= 0);
    };
  }

  private static boolean equal(BigDecimal from, BigDecimal to, BigDecimal low, BigDecimal high, boolean samples) {
    if (samples) return low.compareTo(to) < 0 && high.compareTo(from) >= 0;
    return low != null && high != null && low.compareTo(from) >= 0 && high.compareTo(to) < 0;
  }
}
