package io.caregrid.store;

import java.util.List;

/**
 * A FHIR search, as the client wrote it (FHIR R4 search.html).
 *
 * @param type   resource type; null for a search over several, which {@code _type} names, or over all
 * @param params parameters that select, sort and include, in order, names with their modifiers, values unescaped by HTTP only; several of one name mean AND,
 *     a comma in a value means OR
 * @param count  most entries on the page, 0..1000; 0 asks for the total only
 * @param total  {@code none}, {@code estimate} or {@code accurate}
 * @param page   token of {@link Page#next}, or null for the first page
 * @param bytes  of JSON on the page, passed by at most one entry; 0 for as much as {@code count} entries have
 * @param within {@code Type/id} of the compartments, all of one type, in one of which it stays (FHIR R4 compartmentdefinition.html); empty for everywhere
 */
public record SearchQuery(String type, List<Param> params, int count, String total, String page, long bytes,
    List<String> within) {

  /** Of {@code within}, by itself: the compartments of all Patients. */
  public static final String EVERY_PATIENT = "Patient/*";

  public record Param(String name, String value) {}

  public SearchQuery {
    params = List.copyOf(params);
    within = List.copyOf(within);
  }

  public SearchQuery(String type, List<Param> params, int count, String total, String page) {
    this(type, params, count, total, page, 0);
  }

  public SearchQuery(String type, List<Param> params, int count, String total, String page, long bytes) {
    this(type, params, count, total, page, bytes, List.of());
  }

  /** {@code Patient} for those within {@code Patient/1}; null: it is within none. */
  String compartment() {
    return within.isEmpty() ? null : within.get(0).substring(0, within.get(0).indexOf('/'));
  }

  boolean isOfEveryPatient() {
    return within.contains(EVERY_PATIENT);
  }

  SearchQuery of(String one) {
    return new SearchQuery(one, params, count, total, page, bytes, within);
  }
}
