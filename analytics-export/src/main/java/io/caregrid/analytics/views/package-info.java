/**
 * SQL on FHIR: ViewDefinitions run over resources ({@code $viewdefinition-run}).
 *
 * <p>Start at {@link io.caregrid.analytics.views.ViewRoutes}. A {@link io.caregrid.analytics.views.View} is compiled once, its FHIRPath with it, and applied
 * to one resource after the other; nothing is kept of them, and a row leaves before the next is made: <b>memory does not grow with the store, nor with
 * the number of rows</b>.
 *
 * <p>Never here: FHIRPath itself (io.caregrid.fhirpath), the lake's tables (they come from the definitions of FHIR, not from views).
 */
package io.caregrid.analytics.views;
