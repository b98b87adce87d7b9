/**
 * FHIR over HTTP: creates, reads, updates, deletes, searches and Synthea's transactions, against our door and against HAPI's JPA server on the same PostgreSQL, or
 * against any base URL.
 *
 * <p>Start at {@link io.caregrid.perf.fhir.FhirPerf}. A {@link io.caregrid.perf.fhir.Server} is filled once by {@link io.caregrid.perf.fhir.Fill}, with what
 * {@link io.caregrid.perf.fhir.Chart} makes of a number, so that all hold the same; a {@link io.caregrid.perf.fhir.Workload} makes the requests of a turn, and a
 * {@link io.caregrid.perf.fhir.Load} sends them. CPU is that of the server and its database, the driver's apart.
 *
 * <p>Never here: JUnit, and the settings of the peer (perf/hapi).
 */
package io.caregrid.perf.fhir;
