/**
 * The FHIR R4 door at {@code /fhir}: REST as http.html and search.html of FHIR R4 describe it, for the types in {@link io.caregrid.api.fhir.ResourceTypes}.
 *
 * <p>Start at {@link io.caregrid.api.fhir.FhirRoutes}, the table of addresses. On its way in a request meets, in this order: {@link io.caregrid.api.fhir.Negotiation}
 * (which form the answer has: from then on errors have it too), {@link io.caregrid.api.fhir.CommonAddresses} (the way to where nearly all go), {@code Gate}, {@link io.caregrid.api.fhir.Bodies} (size, zip, charset),
 * {@link io.caregrid.api.fhir.ResourceReader} (JSON or XML to a JSON tree), {@link io.caregrid.api.fhir.r4.Rules} (R4's own rules, all findings at once), the
 * store, which keeps that very tree. On its way out the store's bytes are copied unless somebody asked for a part of them
 * ({@link io.caregrid.api.fhir.Selection}), indented, or as XML: {@link io.caregrid.api.fhir.FhirAnswer} is the one place that does it.
 *
 * <p>The one invariant: <b>what the client wrote is what is kept</b>, digits of decimals and order of members included. Work that grows with a body stands on
 * worker threads; HAPI's validator, for profiles only, on a few of its own ({@link io.caregrid.api.fhir.ProfileValidator}, {@link io.caregrid.api.fhir.Workbench}).
 *
 * <p>{@link io.caregrid.api.fhir.Interactions} is what FHIR's interactions do, whoever asks: a request ({@link io.caregrid.api.fhir.FhirRoutes},
 * {@link io.caregrid.api.fhir.WriteRoutes}) or an entry of a bundle ({@link io.caregrid.api.fhir.BundleRun}). Patches are pure functions on trees
 * ({@link io.caregrid.api.fhir.JsonPatch}, {@link io.caregrid.api.fhir.FhirPathPatch}).
 *
 * <p>Never here: SQL, search planning, versions (store).
 */
package io.caregrid.api.fhir;
