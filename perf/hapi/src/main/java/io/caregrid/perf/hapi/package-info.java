/**
 * The peer of {@code perf/fhir}: HAPI's JPA server for FHIR R4, as small as it starts, on a PostgreSQL that the driver gives it. A program of its own, with the
 * versions that HAPI was published with.
 *
 * <p>Start at {@link io.caregrid.perf.hapi.HapiServer}; {@link io.caregrid.perf.hapi.HapiConfig} holds every setting and says where it comes from.
 *
 * <p>Never here: the load, what is measured, and anything of Caregrid.
 */
package io.caregrid.perf.hapi;
