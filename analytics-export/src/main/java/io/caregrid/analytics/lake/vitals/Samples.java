package io.caregrid.analytics.lake.vitals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.analytics.lake.schema.Beginning;
import io.caregrid.analytics.lake.schema.Column;
import io.caregrid.analytics.lake.schema.Column.Kind;
import io.caregrid.analytics.lake.schema.Column.Leaf;
import io.caregrid.analytics.lake.schema.FhirSchema;
import io.caregrid.analytics.lake.schema.TableSchema;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.function.Function;

/**
 * The numbers of an Observation, one row each: its own value and its components', of Quantity, integer and SampledData. Pure.
 *
 * <p>A row says {@code observation}, {@code patient}, {@code device}, {@code encounter} (ids; a reference that is not ours as it is written), {@code type}
 * (the mapping's word, {@code heartrate}), {@code panel} (of a component: its Observation's type), {@code code} and {@code system} (LOINC if there is one),
 * {@code display}, {@code time}, {@code value}, {@code unit}, {@code flag}. A flag is {@code U} or {@code L} of a sample out of the device's range, which
 * has no value (FHIR R4 datatypes.html#SampledData), or a Quantity's comparator. Where a device said nothing ({@code E}) there is no row. What a person took
 * back ({@code entered-in-error}, {@code cancelled}) has none.
 */
public final class Samples {
  static final String OBSERVATION = "observation";
  private static final Set<String> WITHDRAWN = Set.of("entered-in-error", "cancelled");
  private static final List<Column> COLUMNS = List.of(text(OBSERVATION), text("patient"), text("device"),
      text("encounter"), text("type"), text("panel"), text("code"), text("system"), text("display"),
      new Leaf("time", Kind.INSTANT), new Leaf("value", Kind.DECIMAL), text("unit"), text("flag"));

  /** Every sample once, of Observations as they are now. Rows are replaced Observation by Observation. */
  public static final TableSchema STATE = new TableSchema("vitals", with(FhirSchema.STATE));
  /** The samples of each version of an Observation; a version without any, or a deletion, is one row that is {@code lake_deleted}. */
  public static final TableSchema LOG = new TableSchema("vitals", with(FhirSchema.LOG));

  private Samples() {}

  /**
   * Made while one goes through them, so that an hour at 4 ms is no list of a million: going through twice makes them twice.
   *
   * @param row an Observation, or its deletion, as it stands in its own table's log; each sample gets its {@code lake_…} fields
   */
  public static Iterable<ObjectNode> of(ObjectNode row) {
    ObjectNode head = JsonNodeFactory.instance.objectNode();
    head.set(OBSERVATION, row.path("id"));
    for (Map.Entry<String, JsonNode> field : row.properties()) {
      if (field.getKey().startsWith("lake_")) head.set(field.getKey(), field.getValue());
    }
    List<Series> series = row.path("lake_deleted").asBoolean() || WITHDRAWN.contains(row.path("status").asText())
        ? List.of()
        : series(row, head);
    if (series.stream().noneMatch(one -> one.iterator().hasNext())) {
      return List.of(head.deepCopy().put("lake_deleted", true));
    }
    return () -> new Chain<Series>(series.iterator(), one -> one);
  }

  /** Of all of them, one after the other, none held. */
  public static Iterable<ObjectNode> of(Iterable<ObjectNode> rows) {
    return () -> new Chain<ObjectNode>(rows.iterator(), Samples::of);
  }

  private static List<Series> series(ObjectNode observation, ObjectNode head) {
    Label.put(head, "patient", Subject.patient(observation.path("subject").path("reference").textValue()));
    Label.put(head, "device", Subject.id("Device", observation.path("device").path("reference").textValue()));
    Label.put(head, "encounter", Subject.id("Encounter", observation.path("encounter").path("reference").textValue()));
    Long start = start(observation);
    List<Series> series = new ArrayList<>();
    String type = coded(head, observation.path("code"));
    add(series, observation, head, start);
    for (JsonNode component : observation.path("component")) {
      ObjectNode part = head.deepCopy();
      Label.put(part, "panel", type);
      coded(part, component.path("code"));
      add(series, component, part, start);
    }
    return series;
  }

  private static void add(List<Series> series, JsonNode holder, ObjectNode head, Long start) {
    if (holder.path("valueSampledData").isObject()) {
      series.add(new Sampled(head, start, holder.path("valueSampledData")));
    } else {
      series.add(new Single(head, start, holder));
    }
  }

  /** Gives the type. */
  private static String coded(ObjectNode row, JsonNode concept) {
    JsonNode coding = Codes.best(concept.path("coding"));
    String type = Codes.word(concept, coding);
    Label.put(row, "type", type);
    Label.put(row, "code", coding.path("code").textValue());
    Label.put(row, "system", coding.path("system").textValue());
    Label.put(row, "display", coding.path("display").textValue());
    return type;
  }

  /** Beginning of {@code effective[x]}, microseconds; null when it says none. */
  private static Long start(ObjectNode observation) {
    JsonNode period = observation.path("effectivePeriod");
    for (JsonNode time : List.of(observation.path("effectiveDateTime"), observation.path("effectiveInstant"),
        period.path("start"), period.path("end"), observation.path("effectiveTiming").path("event").path(0))) {
      if (time.isTextual()) return Beginning.micros(time.textValue());
    }
    return null;
  }

  private static List<Column> with(List<Column> ours) {
    List<Column> all = new ArrayList<>(COLUMNS);
    all.addAll(ours);
    return all;
  }

  private static Leaf text(String name) {
    return new Leaf(name, Kind.TEXT);
  }

  /** The rows of one after the other: {@code Stream.flatMap} would hold all rows of one. */
  private static final class Chain<T> implements Iterator<ObjectNode> {
    private final Iterator<T> left;
    private final Function<T, Iterable<ObjectNode>> rows;
    private Iterator<ObjectNode> open = Collections.emptyIterator();

    Chain(Iterator<T> left, Function<T, Iterable<ObjectNode>> rows) {
      this.left = left;
      this.rows = rows;
    }

    @Override
    public boolean hasNext() {
      while (!open.hasNext() && left.hasNext()) open = rows.apply(left.next()).iterator();
      return open.hasNext();
    }

    @Override
    public ObjectNode next() {
      if (!hasNext()) throw new NoSuchElementException();
      return open.next();
    }
  }
}
