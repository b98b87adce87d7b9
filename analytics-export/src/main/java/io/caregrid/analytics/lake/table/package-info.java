/**
 * A keyed table: a log of what happened and a state of what is, each a Delta table; and the lake's head over all of them.
 *
 * <p>Planning (which files go, which come) is pure and apart from the DuckDB runs that rewrite files. A row is replaced only by a higher version: running
 * twice changes nothing.
 */
package io.caregrid.analytics.lake.table;
