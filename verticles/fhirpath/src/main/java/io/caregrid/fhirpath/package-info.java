/**
 * FHIRPath compiled for JSON trees.
 *
 * <p>Start at {@link io.caregrid.fhirpath.FhirPath}: {@code Lexer} makes words of a text, {@code Parser} a tree of evaluators, which is evaluated often, on
 * Jackson trees as FHIR's JSON writes them. {@link io.caregrid.fhirpath.Node} is an element where it stands, its type known from R4's definitions
 * ({@code r4.model}); the other values are FHIRPath's own.
 *
 * <p>The one invariant: <b>whatever an expression asks for, it ends</b>, with a result or with an error that names line and column, never a value.
 *
 * <p>Never here: I/O, waiting, the store. What lies outside of the resource is not resolved, and there is no terminology: a function that would need it is
 * refused when the expression is compiled.
 */
package io.caregrid.fhirpath;
