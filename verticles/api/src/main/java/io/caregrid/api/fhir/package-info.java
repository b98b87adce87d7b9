/**
 * The FHIR R4 door at {@code /fhir}: REST as http.html and search.html of FHIR R4 describe it, for the types in {@link io.caregrid.api.fhir.ResourceTypes}.
 *
 * <p>Start at {@link io.caregrid.api.fhir.FhirRoutes}, the table of addresses. A resource is read into a JSON tree
 * ({@link io.caregrid.api.fhir.ResourceReader}), checked against FHIR's definitions ({@link io.caregrid.api.fhir.ResourceRules}) and handed to the store as that tree:
 * the one invariant is that <b>what the client wrote is what is kept</b>, exact decimals and order of members included.
 *
 * <p>Never here: SQL, search planning, versions (store).
 */
package io.caregrid.api.fhir;
