/**
 * What devices say right now: the live feed for browsers, the latest of one device, and what could not be used.
 *
 * <p>Start at {@link io.caregrid.api.live.LiveRoutes}. The one invariant: <b>a slow reader costs one buffered reading per device, never more</b>, and what it
 * gets late is the latest.
 *
 * <p>Never here: Kafka, grouping (device).
 */
package io.caregrid.api.live;
