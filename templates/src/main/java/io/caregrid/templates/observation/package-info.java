/**
 * FHIR mappings ({@code fhirmapping.json}): measurements in, Observations out, as a fold of one event at a time.
 *
 * <p>Start at {@link io.caregrid.templates.observation.FhirMapping}: it names the Observation an event belongs to ({@link io.caregrid.templates.observation.GroupKey})
 * and opens the {@link io.caregrid.templates.observation.ObservationFold} that takes events in. The one invariant: folding 1, 10 or 1000 events at
 * a time gives the same resource byte for byte.
 *
 * <p>Never here: I/O, the store, who a device belongs to.
 */
package io.caregrid.templates.observation;
