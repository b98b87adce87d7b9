package io.caregrid.api.fhir;

import io.caregrid.contract.Failure;
import io.caregrid.store.AuditQuery;
import io.caregrid.store.SearchQuery.Param;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.time.Year;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Predicate;

/**
 * A search for AuditEvents, taken apart. A parameter that this node does not know is an error, never ignored: an auditor who believes to see one patient's
 * accesses must not see others', nor miss any.
 */
final class AuditSearch {
  /** Name → FHIR search parameter type, for the CapabilityStatement. */
  static final Map<String, String> PARAMS = params();
  private static final List<String> SHAPE = List.of("_count", "_total", "_format", "_pretty", "_sort", "_summary",
      SearchRequest.PAGE);

  private final List<String> patients = new ArrayList<>();
  private final List<String> patientIds = new ArrayList<>();
  private final List<String> entities = new ArrayList<>();
  private final List<String> agents = new ArrayList<>();
  private final List<String> addresses = new ArrayList<>();
  private final List<String> sites = new ArrayList<>();
  private final List<AuditKind> kinds = new ArrayList<>(AuditKind.ALL);
  private Instant from;
  private Instant to;
  private Integer statusFrom;
  private Integer statusTo;

  private static Map<String, String> params() {
    Map<String, String> params = new LinkedHashMap<>();
    params.put("date", "date");
    params.put("patient", "reference");
    params.put("entity", "reference");
    for (String token : List.of("altid", "type", "subtype", "action", "outcome", "site")) params.put(token, "token");
    params.put("address", "string");
    return params;
  }

  private AuditSearch() {}

  /** @throws Failure.Invalid naming the parameter at fault */
  static AuditQuery of(List<Param> params) {
    AuditSearch search = new AuditSearch();
    for (Param param : params) if (!SHAPE.contains(param.name())) search.take(param.name(), param.value());
    String sort = SearchRequest.last(params, "_sort");
    if (sort != null && !sort.equals("-date")) throw new Failure.Invalid("_sort can be -date only: newest first");
    boolean countOnly = "count".equalsIgnoreCase(SearchRequest.last(params, "_summary"));
    int count = countOnly ? 0 : SearchRequest.count(SearchRequest.last(params, "_count"));
    boolean total = count == 0 || "accurate".equalsIgnoreCase(SearchRequest.last(params, "_total"));
    return search.query(count, total, page(SearchRequest.last(params, SearchRequest.PAGE)));
  }

  private AuditQuery query(int count, boolean total, UUID after) {
    if (kinds.isEmpty()) throw new Failure.Invalid("type, subtype and action together fit nothing that is recorded");
    if (!patients.isEmpty() && !patientIds.isEmpty())
      throw new Failure.Invalid("patient and patient:identifier cannot be asked for at once");
    List<String> deeds = kinds.size() == AuditKind.ALL.size()
        ? List.of()
        : kinds.stream().map(kind -> kind.deed().code).toList();
    return new AuditQuery(from, to, patients, patientIds, entities, agents, deeds, addresses, statusFrom, statusTo,
        sites, count,
        total, after);
  }

  private static UUID page(String token) {
    if (token == null) return null;
    try {
      return UUID.fromString(token);
    } catch (IllegalArgumentException foreign) {
      throw new Failure.Invalid("This page token was not made by this server; start again from the first page");
    }
  }

  private void take(String name, String value) {
    List<String> values = Arrays.stream(value.split(",")).filter(one -> !one.isEmpty()).toList();
    if (values.isEmpty()) throw new Failure.Invalid(name + " has no value");
    switch (name) {
      case "date" -> date(values);
      case "patient" -> once(patients, name, values.stream().map(AuditSearch::patient).toList());
      case "patient:identifier" -> once(patientIds, name, values.stream().map(AuditSearch::code).toList());
      case "entity" -> once(entities, name, values);
      case "altid", "agent:identifier" -> once(agents, name, values.stream().map(AuditSearch::code).toList());
      case "address" -> once(addresses, name, values);
      case "site" -> once(sites, name, values.stream().map(AuditSearch::code).toList());
      case "action" -> kinds.removeIf(without(values, AuditKind::action));
      case "type" -> kinds.removeIf(without(values, AuditKind::type));
      case "subtype" -> kinds.removeIf(without(values, AuditKind::subtype));
      case "outcome" -> outcome(values.stream().map(AuditSearch::code).sorted().toList());
      default ->
        throw new Failure.Invalid("this node does not know " + name + " as search parameter of AuditEvent; it knows "
            + String.join(", ", PARAMS.keySet())
            + ", patient:identifier, agent:identifier, _count, _total, _summary=count");
    }
  }

  private static void once(List<String> into, String name, List<String> values) {
    if (!into.isEmpty()) throw new Failure.Invalid(name + " can stand once; write alternatives with a comma");
    into.addAll(values);
  }

  private static Predicate<AuditKind> without(List<String> values, java.util.function.Function<AuditKind, String> of) {
    List<String> codes = values.stream().map(AuditSearch::code).toList();
    return kind -> !codes.contains(of.apply(kind));
  }

  /** Of {@code system|code}. */
  private static String code(String token) {
    return token.substring(token.indexOf('|') + 1);
  }

  private static String patient(String value) {
    return value.startsWith("Patient/") ? value : "Patient/" + value;
  }

  /** Codes become ranges of status; 0 and 8 without 4 is none. */
  private void outcome(List<String> codes) {
    if (!List.of("0", "4", "8").containsAll(codes)) throw new Failure.Invalid("outcome is 0, 4 or 8");
    if (codes.equals(List.of("0", "8")))
      throw new Failure.Invalid("outcome 0 and 8 without 4 cannot be searched at once");
    statusFrom = codes.contains("0") ? null : codes.contains("4") ? 400 : 500;
    statusTo = codes.contains("8") ? null : codes.contains("4") ? 500 : 400;
  }

  /** FHIR R4 search.html#date: a date stands for all of its day, month or year. */
  private void date(List<String> values) {
    if (values.size() > 1) throw new Failure.Invalid("date takes one value; write it twice for a range");
    String value = values.get(0);
    String prefix = value.length() > 2 && Character.isLetter(value.charAt(0)) ? value.substring(0, 2) : "eq";
    Instant[] span = span(value.substring(value.startsWith(prefix) ? 2 : 0));
    switch (prefix) {
      case "eq" -> between(span[0], span[1]);
      case "ge" -> between(span[0], null);
      case "gt", "sa" -> between(span[1], null);
      case "le" -> between(null, span[1]);
      case "lt", "eb" -> between(null, span[0]);
      default -> throw new Failure.Invalid("date knows the prefixes eq, ge, gt, le, lt, sa and eb");
    }
  }

  private void between(Instant least, Instant end) {
    if (least != null && (from == null || least.isAfter(from))) from = least;
    if (end != null && (to == null || end.isBefore(to))) to = end;
  }

  private static Instant[] span(String text) {
    try {
      return switch (text.length()) {
        case 4 -> span(Year.parse(text).atDay(1), Year.parse(text).plusYears(1).atDay(1));
        case 7 -> span(YearMonth.parse(text).atDay(1), YearMonth.parse(text).plusMonths(1).atDay(1));
        case 10 -> span(LocalDate.parse(text), LocalDate.parse(text).plusDays(1));
        default -> moment(text);
      };
    } catch (DateTimeException unreadable) {
      throw new Failure.Invalid(
          "date must look like 2026-11-22 or 2026-11-22T10:00:00Z, with a prefix such as ge before it");
    }
  }

  private static Instant[] moment(String text) {
    OffsetDateTime moment = OffsetDateTime.parse(text.replace(' ', '+'));
    boolean fraction = text.contains(".");
    return new Instant[] {moment.toInstant(),
      fraction ? moment.plusNanos(1_000_000).toInstant() : moment.plusSeconds(1).toInstant()};
  }

  private static Instant[] span(LocalDate first, LocalDate end) {
    return new Instant[] {first.atStartOfDay(ZoneOffset.UTC).toInstant(), end.atStartOfDay(ZoneOffset.UTC).toInstant()};
  }
}
