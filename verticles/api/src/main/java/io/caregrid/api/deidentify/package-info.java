/**
 * {@code POST /fhir/$de-identify}: one resource or Bundle in, the same de-identified out.
 *
 * <p>Start at {@link io.caregrid.api.deidentify.DeidentifyRoutes}. What de-identifying means stands in {@code io.caregrid.templates.deidentify}; here are the
 * body, its bounds, the node's keys and the audit trail.
 *
 * <p>The one invariant: <b>what could not be de-identified is not answered</b>, nor is a value of it in an error.
 *
 * <p>Never here: rules and methods (templates), the store: nothing is read from it or kept in it.
 */
package io.caregrid.api.deidentify;
