/**
 * The log of a Delta table (protocol reader 1, writer 2), read and written as the public specification says.
 *
 * <p>Start at {@link io.caregrid.analytics.lake.delta.DeltaLog}; a {@link io.caregrid.analytics.lake.delta.Snapshot} is all
 * {@link io.caregrid.analytics.lake.delta.Action}s until a version. Which files are a table is decided here, one version after the other, each by one
 * {@code putIfAbsent}. Never here: what is in the files, when to checkpoint or clean, what may be deleted.
 */
package io.caregrid.analytics.lake.delta;
