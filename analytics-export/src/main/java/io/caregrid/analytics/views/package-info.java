/**
 * SQL on FHIR: ViewDefinitions run over resources ({@code $viewdefinition-run}).
 *
 * <p>A view is compiled once, its FHIRPath with it, and applied to one resource after the other; nothing is kept of them.
 */
package io.caregrid.analytics.views;
