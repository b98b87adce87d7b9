package io.caregrid.store;

import java.util.List;

/**
 * A FHIR search, as the client wrote it (FHIR R4 search.html).
 *
 * @param type   resource type
 * @param params parameters that select, in order, names with their modifiers, values unescaped by HTTP only; several of one name mean AND, a comma in a value means OR
 * @param count  most entries on the page, 0..1000; 0 asks for the total only
 * @param total  {@code none}, {@code estimate} or {@code accurate}
 * @param page   token of {@link Page#next}, or null for the first page
 * @param bytes  of JSON on the page, passed by at most one entry; 0 for as much as {@code count} entries have
 */
public record SearchQuery(String type, List<Param> params, int count, String total, String page, long bytes) {
  public record Param(String name, String value) {}

  public SearchQuery {
    params = List.copyOf(params);
  }

  public SearchQuery(String type, List<Param> params, int count, String total, String page) {
    this(type, params, count, total, page, 0);
  }
}
