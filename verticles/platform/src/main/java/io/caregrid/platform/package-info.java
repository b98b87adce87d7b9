/**
 * Switches the house on: the command line, and the one class that builds everything in order.
 *
 * <p>Start at {@link io.caregrid.platform.Platform}: it is the wiring of the whole system, readable from top to bottom. {@link io.caregrid.platform.Main}
 * turns words typed at a terminal into it. The one invariant: whatever was opened is closed in reverse, whether the start succeeded or not.
 *
 * <p>Never here: anything a room could do itself.
 */
package io.caregrid.platform;
