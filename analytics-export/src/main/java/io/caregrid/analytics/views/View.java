package io.caregrid.analytics.views;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.fhirpath.FhirPath;
import io.caregrid.fhirpath.Node;
import io.caregrid.fhirpath.Value;
import java.time.Clock;
import java.util.List;
import java.util.Map;

/**
 * A ViewDefinition, compiled (SQL on FHIR v2). Applied to one resource after the other, by any number of threads; nothing is kept of them.
 *
 * @param resource  the type of resource it is of
 * @param columns   in the order of the rows
 * @param where     all of them must hold
 * @param constants by name
 */
public record View(String resource, List<Column> columns, List<Guard> where, Selection all,
    Map<String, List<Value>> constants) {

  /** A condition, and where it stands in the ViewDefinition. */
  record Guard(FhirPath path, String place) {}

  /** Takes rows one after the other. A row's array is filled anew for the next. */
  @FunctionalInterface
  public interface Sink {
    /** @return false: no more */
    boolean take(JsonNode[] row);
  }

  /** @throws Failure.Unprocessable which names the place in the ViewDefinition that cannot be used, after {@code root} */
  public static View of(JsonNode definition, String root) {
    return ViewReader.read(definition, root);
  }

  /**
   * Hands over this resource's rows; none for a resource of another type.
   *
   * @param clock for now() and today()
   * @return false when the sink wants no more
   * @throws Failure.Unprocessable when an expression fails on this resource, with its place in the ViewDefinition
   */
  public boolean rows(JsonNode json, Clock clock, Sink sink) {
    if (!json.path("resourceType").asText().equals(resource)) return true;
    Focus focus = new Focus(Node.resource(json), Node.resource(json), 0, constants, clock);
    for (Guard guard : where) {
      if (!focus.holds(guard.path(), guard.place())) return true;
    }
    JsonNode[] row = new JsonNode[columns.size()];
    return all.rows(focus, row, () -> sink.take(row));
  }
}
