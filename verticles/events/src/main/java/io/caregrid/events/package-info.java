/**
 * Every way news leaves: who is told of changes in the store, and what is concluded from them.
 *
 * <p>Start at {@link io.caregrid.events.TellerVerticle}: on one node at a time it follows the change feed; {@link io.caregrid.events.Sieve} says which change
 * concerns which {@link io.caregrid.events.Target} and what fits a {@link io.caregrid.events.Rule}; the store's {@code Deliveries} keeps that with the cursor,
 * in one transaction. From there each target has a {@link io.caregrid.events.Sender}, whose {@link io.caregrid.events.Courier} knows the way:
 * {@link io.caregrid.events.HttpCourier} with the {@link io.caregrid.events.Form} of a webhook, of Teams or of Power BI, and
 * {@link io.caregrid.events.KafkaCourier}. {@link io.caregrid.events.FhirCourier} puts the Observations of devices on another FHIR server: whose they are there says
 * {@link io.caregrid.events.RemoteIdentity}, what they are there {@link io.caregrid.events.RemoteObservation}.
 *
 * <p>The one invariant: <b>what a cursor has passed is delivered or kept</b>, at least once, and of one resource no version before the one ahead of it.
 *
 * <p>Never here: SQL; addresses that come from a resource; what a resource says, unless the target is a reader.
 */
package io.caregrid.events;
