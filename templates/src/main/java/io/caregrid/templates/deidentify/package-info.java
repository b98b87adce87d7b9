/**
 * De-identification of FHIR R4 resources by rules, read from configurations of Microsoft's Tools for Health Data Anonymization as they are.
 *
 * <p>Start at {@link io.caregrid.templates.deidentify.Deidentifier}: {@code RuleFile} reads a configuration once, into rules of a {@code Selector} (which
 * elements) and a {@code Method} (what is done to them). A resource becomes a tree of {@code Element}s, which know their types; rules are tried in the order of
 * the file, and the first that meets an element decides about it and all below it. What is left is written again.
 *
 * <p>The one invariant: <b>no value of a resource is in an error, in a report or in a log</b>. What no rule meets comes out as it came in, digits and order included.
 *
 * <p>Never here: I/O, HTTP, keys of a server. {@code docs/DEIDENTIFY.md} tells what each method does; docs/adr/2611-deidentify.md, why so.
 */
package io.caregrid.templates.deidentify;
