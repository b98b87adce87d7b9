/**
 * What people and programs ask: the node's one HTTP port, the FHIR door, the live feed, health, metrics and the pages.
 *
 * <p>Start at {@link io.caregrid.api.HttpVerticle}: it opens the port, guards it ({@link io.caregrid.api.DoorGuard}), hangs every door's
 * {@link io.caregrid.contract.Routes} into it and turns whatever fails into one FHIR OperationOutcome ({@link io.caregrid.api.Answers}).
 * Who calls is learned from tokens ({@link io.caregrid.api.auth}) or a browser's session ({@link io.caregrid.api.signin}); what each route
 * asks of him stands at the route ({@link io.caregrid.contract.Gate}). The one invariant:
 * <b>every error names the thing and the fix, and no answer ever holds a stack trace</b>.
 *
 * <p>Never here: SQL (store), reading device messages (ingest, templates), grouping them (device).
 */
package io.caregrid.api;
