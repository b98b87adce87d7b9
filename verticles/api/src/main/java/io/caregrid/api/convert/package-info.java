/**
 * {@code POST /fhir/$convert-data}, {@code POST /convertToFhir} and {@code POST /convertToHl7v2}: a message or document in, a FHIR Bundle out; or a Bundle in, a
 * message out. Nothing is stored.
 *
 * <p>Start at {@link io.caregrid.api.convert.ConvertRoutes}: bodies, bounds and the audit trail. {@link io.caregrid.api.convert.Refusal} is how FHIR-Converter's
 * clients are told what is wrong. What converting means stands in {@code io.caregrid.templates.bundle}.
 *
 * <p>The one invariant: <b>an answer is a whole Bundle or a code</b>; what was sent is quoted to its sender alone, and never in a log.
 *
 * <p>Never here: templates, HL7, the store.
 */
package io.caregrid.api.convert;
