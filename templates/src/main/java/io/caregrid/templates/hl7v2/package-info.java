/**
 * HL7 v2 messages as templates see them: segments, fields, components and subcomponents by position, without a schema.
 *
 * <p>Start at {@link io.caregrid.templates.hl7v2.Message}. A text is handed out with its escapes resolved ({@code \F\}, {@code \X0D\}) and then escaped for JSON
 * ({@code \} and {@code "} only), because templates put it between quotes as it is. The one invariant: what is not there is null, at every level.
 *
 * <p>The other way a template says a message ({@link io.caregrid.templates.hl7v2.MessageDefinition}), and {@code ResultFilters} refuses a Bundle that cannot become one
 * of results.
 *
 * <p>Never here: what a field of a message means, conformance to a version, MLLP.
 */
package io.caregrid.templates.hl7v2;
