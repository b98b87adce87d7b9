/**
 * FHIRPath compiled for JSON trees.
 *
 * <p>An expression is parsed once and evaluated often, on Jackson trees as FHIR's JSON writes them. Pure: nothing here does I/O, waits, or knows of the
 * store; what an expression may resolve or look up is given to it.
 */
package io.caregrid.fhirpath;
