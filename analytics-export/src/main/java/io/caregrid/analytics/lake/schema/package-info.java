/**
 * What columns a FHIR resource has, from the R4 StructureDefinitions, and how a JSON tree becomes a row and a row the same tree again. Pure.
 *
 * <p>Never guessed from data: a table has all elements of its type at their true depth; what recurses is kept twice and below that as JSON text, so that
 * nothing is lost.
 */
package io.caregrid.analytics.lake.schema;
