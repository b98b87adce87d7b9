/**
 * Messages and documents of hospitals into FHIR Bundles, by templates; also JSON and FHIR STU3, and FHIR into messages.
 *
 * <p>Start at {@link io.caregrid.templates.bundle.Conversions}: all sets of a node, ours ({@code /hl7v2} and {@code /ccda} in the resources) among them. A set is a
 * {@link io.caregrid.templates.bundle.Conversion}: input and root template in; {@link io.caregrid.templates.bundle.Outcome} out. What templates
 * render is JSON with gaps: {@link io.caregrid.templates.bundle.LooseJson} reads it and leaves out what is empty, {@link io.caregrid.templates.bundle.Entries}
 * joins what was said about one resource in several places. The one invariant: no result without everything in it; a failure is an answer with a code.
 *
 * <p>Never here: storing the Bundle, HTTP, which templates a caller means.
 */
package io.caregrid.templates.bundle;
