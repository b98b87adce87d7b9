package io.caregrid.store;

import java.math.BigDecimal;
import java.util.List;

/** One value that a search parameter has in a resource, ready to be compared (FHIR R4 search.html#ptypes). */
sealed interface Found permits Found.Code, Found.Text, Found.Uri, Found.Link, Found.When, Found.Amount, Found.Place,
    Samples {

  /**
   * Of a token parameter.
   *
   * @param system empty when there is none
   * @param code   empty when there is none, for example of a text alone
   * @param text   what a person reads of it, or null
   * @param types  of an Identifier, else empty
   */
  record Code(String system, String code, String text, List<Code> types) implements Found {}

  /** Of a string parameter, as it was written. */
  record Text(String value) implements Found {}

  /** Of a uri parameter. */
  record Uri(String value) implements Found {}

  /**
   * Of a reference parameter.
   *
   * @param target     {@code Type/id} without a version when it is relative, else the URL; empty when there is none
   * @param identifier what is meant, or null
   */
  record Link(String target, Code identifier) implements Found {}

  record When(Span span) implements Found {}

  /**
   * A number, with or without a unit.
   *
   * @param low  null: no bound
   * @param high null: no bound; equal to {@code low} for a plain value
   * @param unit for people; this and the others empty when there is none
   */
  record Amount(BigDecimal low, BigDecimal high, String unit, String system, String code) implements Found {
    boolean isPlain() {
      return low != null && low.equals(high);
    }
  }

  /** Where a Location is, in degrees. */
  record Place(double latitude, double longitude) implements Found {}
}
