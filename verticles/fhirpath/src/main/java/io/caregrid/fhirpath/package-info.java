/**
 * FHIRPath compiled for JSON trees.
 *
 * <p>Start at {@link io.caregrid.fhirpath.FhirPath}: {@code Lexer} makes words of a text, {@code Parser} a tree of evaluators, which is evaluated often, on
 * Jackson trees as FHIR's JSON writes them. {@link io.caregrid.fhirpath.Node} is an element where it stands, its type known from R4's definitions
 * ({@code r4.model}); the other values are FHIRPath's own.
 *
 * <p>What lies outside of the resource (terminology, profiles, other resources, who hears traces) is an {@link io.caregrid.fhirpath.Environment}, given when
 * an expression is compiled; what an expression needs and is not there is refused then. {@link io.caregrid.fhirpath.Compiled} keeps the expressions used last.
 *
 * <p>The one invariant: <b>whatever an expression asks for, it ends</b>, with a result or with an error that names line and column, never a value.
 *
 * <p>Never here: I/O, waiting, the store. Without an environment's references a reference is followed to contained resources only; that {@code resolve() is
 * Patient} its text tells. Where the specifications leave a choice, {@code KnownFailures} and {@code Differences} among the tests say how it is decided.
 */
package io.caregrid.fhirpath;
