package io.caregrid.dicom.web;

import io.caregrid.contract.Failure;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * What a client accepts, and which of the things we could give fits best (RFC 9110 section 12.5.1, PS3.18 sections 8.3.3.1 and 8.7).
 *
 * <p>Of the ranges that cover a representation the most specific one decides its quality, so that {@code q=0} excludes. A range without a
 * {@code transfer-syntax} parameter covers the default representation only (PS3.18 section 8.7.3.5), one with {@code *} covers all of them.
 */
record Accept(List<Range> ranges) {
  private static final Range ANYTHING = new Range("*/*", null, null, 1, 0);

  /**
   * @param name   media range, e.g. {@code multipart/related}, {@code image/*}
   * @param part   its {@code type} parameter (RFC 2387), null when absent
   * @param syntax its {@code transfer-syntax} parameter, a UID or {@code *}; null when absent
   * @param q      0..1
   * @param place  position in the header
   */
  record Range(String name, String part, String syntax, double q, int place) {}

  /**
   * One way to answer.
   *
   * @param multipart each item a part of multipart/related
   * @param type      media type of the item, e.g. {@code application/dicom}
   * @param syntax    transfer syntax UID of the item, null where there is none
   * @param isDefault what a client gets that names no transfer syntax
   */
  record Representation(boolean multipart, String type, String syntax, boolean isDefault) {}

  Accept {
    ranges = List.copyOf(ranges);
  }

  /**
   * @param headers   every Accept header line
   * @param parameter the {@code accept} query parameter, which then counts alone (PS3.18 section 8.3.3.1); null when absent
   * @throws Failure.Invalid for a {@code q} that is not 0..1
   */
  static Accept of(List<String> headers, String parameter) {
    String asked = parameter != null && !parameter.isBlank() ? parameter : String.join(",", headers);
    List<Range> ranges = new ArrayList<>();
    for (MediaType one : MediaType.list(asked)) {
      String part = one.parameter("type");
      String syntax = one.parameter("transfer-syntax");
      ranges.add(new Range(one.name(), part == null ? null : part.strip().toLowerCase(Locale.ROOT),
          syntax == null ? null : syntax.strip(), quality(one.parameter("q")), ranges.size()));
    }
    return new Accept(ranges.isEmpty() ? List.of(ANYTHING) : ranges);
  }

  private static double quality(String q) {
    if (q == null) return 1;
    if (!q.matches("0(\\.\\d{0,3})?|1(\\.0{0,3})?"))
      throw new Failure.Invalid("Accept: q must be 0..1 with at most three decimals");
    return Double.parseDouble(q);
  }

  /** The best of {@code offers}, which stand in our own order of preference; empty: 406. */
  Optional<Representation> best(List<Representation> offers) {
    return best(Map.of("", offers)).map(one -> one.get(""));
  }

  /**
   * For several items at once: all in the same form and media type, each in the transfer syntax that suits it best.
   *
   * @param offers for each kind of item, e.g. each stored transfer syntax, what could be given for it
   * @return empty when one of the kinds cannot be given in any acceptable way
   */
  <K> Optional<Map<K, Representation>> best(Map<K, List<Representation>> offers) {
    return offers.values()
        .stream()
        .flatMap(List::stream)
        .map(Accept::form)
        .distinct()
        .map(form -> plan(form, offers))
        .filter(Objects::nonNull)
        .max(Comparator.comparingDouble((Plan<K> plan) -> plan.q).thenComparing(plan -> -plan.place))
        .map(plan -> plan.chosen);
  }

  private record Plan<K>(double q, int place, Map<K, Representation> chosen) {}

  private record Scored(Representation what, Range by) {}

  private static List<Object> form(Representation one) {
    return List.of(one.multipart, one.type);
  }

  private <K> Plan<K> plan(List<Object> form, Map<K, List<Representation>> offers) {
    Map<K, Representation> chosen = new LinkedHashMap<>();
    double q = 1;
    int place = 0;
    for (Map.Entry<K, List<Representation>> kind : offers.entrySet()) {
      Optional<Scored> best = kind.getValue()
          .stream()
          .filter(one -> form(one).equals(form))
          .map(this::scored)
          .filter(one -> one.by != null && one.by.q > 0)
          .min(Comparator.comparingDouble((Scored one) -> -one.by.q).thenComparing(one -> one.by.place));
      if (best.isEmpty()) return null;
      chosen.put(kind.getKey(), best.get().what);
      q = Math.min(q, best.get().by.q);
      place = Math.max(place, best.get().by.place);
    }
    return new Plan<>(q, place, chosen);
  }

  private Scored scored(Representation one) {
    Range by = ranges.stream()
        .filter(range -> covers(range, one))
        .max(Comparator.comparingInt(Accept::precision).thenComparing(range -> -range.place))
        .orElse(null);
    return new Scored(one, by);
  }

  private static boolean covers(Range range, Representation one) {
    return coversName(range, one)
        && (range.syntax == null ? one.isDefault : range.syntax.equals("*") || range.syntax.equals(one.syntax));
  }

  private static boolean coversName(Range range, Representation one) {
    if (range.name.equals("*/*") || range.name.equals("*")) return true;
    if (one.multipart) {
      return (range.name.equals("multipart/related") || range.name.equals("multipart/*"))
          && (range.part == null || covers(range.part, one.type));
    }
    return covers(range.name, one.type);
  }

  private static boolean covers(String range, String type) {
    return range.equals(type) || range.equals("*/*")
        || range.endsWith("/*") && type.startsWith(range.substring(0, range.length() - 1));
  }

  /** RFC 9110 section 12.5.1: the more specific range takes precedence. */
  private static int precision(Range range) {
    int name = range.name.startsWith("*") ? 0 : range.name.endsWith("/*") ? 1 : 2;
    int syntax = range.syntax == null ? 0 : range.syntax.equals("*") ? 1 : 2;
    return 100 * name + 10 * (range.part == null ? 0 : 1) + syntax;
  }
}
