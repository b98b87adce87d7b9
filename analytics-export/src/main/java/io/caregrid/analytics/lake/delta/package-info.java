/**
 * The log of a Delta table (protocol reader 1, writer 2), read and written as the public specification says.
 *
 * <p>Which files are a table is decided here, one version after the other, each by one {@code putIfAbsent}. Never here: what is in the files.
 */
package io.caregrid.analytics.lake.delta;
