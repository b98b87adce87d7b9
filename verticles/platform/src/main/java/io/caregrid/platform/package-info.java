/**
 * Switches the house on: the command line, and the one class that builds everything in order.
 *
 * <p>Start at {@link io.caregrid.platform.Platform}: it is the wiring of the whole system, readable from top to bottom. What each room of a node is made
 * of stands in a class of its own, on a {@link io.caregrid.platform.Ground} that all of them share: {@link io.caregrid.platform.ClusterRoom},
 * {@link io.caregrid.platform.StoreRoom}, {@link io.caregrid.platform.DeviceRoom}, {@link io.caregrid.platform.IngestRoom},
 * {@link io.caregrid.platform.DicomRoom}, {@link io.caregrid.platform.AnalyticsRoom}, {@link io.caregrid.platform.EventsRoom} and
 * {@link io.caregrid.platform.ApiRoom}. What else listens is a door: {@link io.caregrid.platform.HttpDoor}, {@link io.caregrid.platform.MqttDoor},
 * {@link io.caregrid.platform.Hl7Door} and {@link io.caregrid.platform.LoadDoor}. Who may come in is asked in {@link io.caregrid.platform.Callers}.
 * {@link io.caregrid.platform.Main} turns words typed at a terminal into all this. The one invariant: whatever was opened is closed in reverse, whether
 * the start succeeded or not.
 *
 * <p>Never here: anything a room could do itself.
 */
package io.caregrid.platform;
