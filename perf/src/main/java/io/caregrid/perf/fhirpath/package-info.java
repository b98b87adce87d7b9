/**
 * FHIRPath beside HAPI's engine: R4's search parameters on Synthea's resources. Start at {@link io.caregrid.perf.fhirpath.FhirPathPerf}; an
 * {@link io.caregrid.perf.fhirpath.Engine} is either of the two. Both run in this process, in turn, on one thread; values are compared before time is.
 */
package io.caregrid.perf.fhirpath;
