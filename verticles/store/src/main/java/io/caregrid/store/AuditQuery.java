package io.caregrid.store;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.store.AuditEvents.Recorded;
import io.vertx.sqlclient.Tuple;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Which accesses are wanted: all conditions hold, each with any of its values; an empty list asks nothing.
 *
 * @param from       recorded then or later, inclusive
 * @param to         exclusive
 * @param patients   {@code Patient/id}
 * @param patientIds Patient IDs of DICOM that mean one of these patients, too
 * @param entities   any reference, or address
 * @param agents     subjects
 * @param deeds      codes of {@link io.caregrid.contract.Audit.Deed}
 * @param addresses  of the caller
 * @param statusFrom least HTTP status, or null
 * @param statusTo   exclusive, or null
 * @param nodes      that recorded it
 * @param count      most on the page, 0..{@value #MOST}
 * @param total      count them all, too
 * @param after      page after this id, or null
 */
public record AuditQuery(Instant from, Instant to, List<String> patients, List<String> patientIds,
    List<String> entities, List<String> agents, List<String> deeds, List<String> addresses, Integer statusFrom,
    Integer statusTo, List<String> nodes, int count, boolean total, UUID after) {

  static final int MOST = 1000;
  private static final UUID FIRST = new UUID(0, 0);
  private static final UUID LAST = new UUID(-1, -1);
  private static final long MOST_MILLIS = (1L << 47) - 1;
  /** Written into JSON as it is. */
  private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9/.:|@_ -]+");

  public AuditQuery {
    patients = List.copyOf(patients);
    patientIds = patientIds.stream().map(AuditBlock::folded).distinct().toList();
    entities = List.copyOf(entities);
    agents = List.copyOf(agents);
    deeds = List.copyOf(deeds);
    addresses = List.copyOf(addresses);
    nodes = List.copyOf(nodes);
  }

  /** The same, with what other systems call these patients. */
  public AuditQuery alsoOf(List<String> patientIds) {
    List<String> all = Stream.concat(this.patientIds.stream(), patientIds.stream()).distinct().toList();
    return new AuditQuery(from, to, patients, all, entities, agents, deeds, addresses, statusFrom, statusTo, nodes,
        count, total, after);
  }

  /** Ids begin with their milliseconds. */
  private static UUID least(Instant instant) {
    long millis = instant.toEpochMilli();
    if (instant.getNano() % 1_000_000 > 0) millis++;
    return least(millis);
  }

  private static UUID least(long millis) {
    if (millis <= 0) return FIRST;
    return millis >= MOST_MILLIS ? LAST : new UUID(millis << 16, 0);
  }

  private UUID begin() {
    return from == null ? FIRST : least(from);
  }

  private UUID end(UUID below) {
    return below != null ? below : to == null ? LAST : least(to);
  }

  private static long millis(UUID id) {
    return Math.min(MOST_MILLIS, id.getMostSignificantBits() >>> 16);
  }

  private static UUID spanAfter(UUID id) {
    return least(millis(id) + AuditEvents.SPAN.toMillis() + 1);
  }

  static LocalDate month(UUID id) {
    return Instant.ofEpochMilli(millis(id)).atZone(ZoneOffset.UTC).toLocalDate().withDayOfMonth(1);
  }

  /** True when few blocks fit. */
  boolean isSelective() {
    return !patients.isEmpty() || !patientIds.isEmpty() || !entities.isEmpty() || !agents.isEmpty()
        || !addresses.isEmpty();
  }

  /** For blocks behind a place in the order of their ends. */
  Tuple blocks(UUID below, UUID lastSeen, UUID firstSeen) {
    UUID end = end(below);
    List<Long> patient = new ArrayList<>(keys("", patients));
    patient.addAll(keys("patientIds", patientIds));
    return Tuple.tuple()
        .addValue(month(begin()))
        .addValue(month(spanAfter(end)))
        .addValue(begin())
        .addValue(spanAfter(end))
        .addValue(end)
        .addValue(lastSeen)
        .addValue(firstSeen)
        .addValue(array(patient))
        .addValue(array(keys("", entities)))
        .addValue(array(keys("subject", agents)))
        .addValue(array(keys("deed", deeds)))
        .addValue(array(keys("address", addresses)))
        .addValue(array(statuses()))
        .addValue(array(keys("node", nodes)));
  }

  /** For blocks that may hold this one. */
  static Tuple around(UUID id) {
    return Tuple.of(month(id), month(spanAfter(id)), id, spanAfter(id));
  }

  private static List<Long> keys(String field, List<String> values) {
    return values.stream().map(value -> AuditBlock.key(field, value)).toList();
  }

  private List<Long> statuses() {
    if (statusFrom == null && statusTo == null) return List.of();
    int least = statusFrom == null ? 1 : statusFrom / 100;
    int end = statusTo == null ? 10 : (statusTo + 99) / 100;
    return IntStream.range(least, end).mapToObj(digit -> AuditBlock.key("status", String.valueOf(digit))).toList();
  }

  private static Long[] array(List<Long> keys) {
    return keys.isEmpty() ? null : keys.toArray(Long[]::new);
  }

  /** For the table of single events. */
  Tuple values(UUID below) {
    return Tuple.tuple()
        .addValue(begin())
        .addValue(end(below))
        .addValue(noneByPatientId() ? new String[0] : texts(patients))
        .addValue(texts(entities))
        .addValue(texts(agents.stream().map(subject -> "agent|" + subject).toList()))
        .addValue(texts(deeds))
        .addValue(texts(addresses))
        .addValue(statusFrom)
        .addValue(statusTo)
        .addValue(texts(nodes));
  }

  /** A single event knows no Patient ID: it fits none, where nothing but these is asked for. */
  private boolean noneByPatientId() {
    return patients.isEmpty() && !patientIds.isEmpty();
  }

  private static String[] texts(List<String> values) {
    return values.isEmpty() ? null : values.toArray(String[]::new);
  }

  /** Of a line as it is written: false when it surely is not wanted. */
  Predicate<String> mayFit() {
    List<List<String>> all = Stream
        .of(patientIds.isEmpty() ? patients : List.<String>of(), entities, agents, addresses)
        .filter(values -> !values.isEmpty() && values.stream().allMatch(one -> PLAIN.matcher(one).matches()))
        .toList();
    return line -> all.stream().allMatch(values -> values.stream().anyMatch(line::contains));
  }

  Predicate<Recorded> fits(UUID below) {
    UUID begin = begin();
    UUID end = end(below);
    return one -> AuditBlock.ORDER.compare(one.id(), begin) >= 0 && AuditBlock.ORDER.compare(one.id(), end) < 0
        && fits(one.fact());
  }

  private boolean fits(JsonNode fact) {
    int status = fact.path("status").asInt();
    return (statusFrom == null || status >= statusFrom) && (statusTo == null || status < statusTo)
        && among(agents, fact.path("subject").asText()) && among(deeds, fact.path("deed").asText())
        && among(addresses, fact.path("address").asText()) && among(nodes, fact.path("node").asText())
        && (entities.isEmpty() || names(fact, entities))
        && (patients.isEmpty() && patientIds.isEmpty() || names(fact, patients)
            || isOf(fact.path("patientIds")));
  }

  private static boolean among(List<String> wanted, String value) {
    return wanted.isEmpty() || wanted.contains(value);
  }

  private static boolean names(JsonNode fact, List<String> wanted) {
    return any(fact.path("what"), wanted) || any(fact.path("patients"), wanted);
  }

  private boolean isOf(JsonNode list) {
    for (JsonNode one : list) if (patientIds.contains(AuditBlock.folded(one.asText()))) return true;
    return false;
  }

  private static boolean any(JsonNode list, List<String> wanted) {
    for (JsonNode one : list) if (wanted.contains(one.asText())) return true;
    return false;
  }
}
