/**
 * A keyed table: a log of what happened and a state of what is, each a Delta table; and the lake's head over all of them.
 *
 * <p>Start at {@link io.caregrid.analytics.lake.table.KeyedTable}; {@link io.caregrid.analytics.lake.table.Ledger} writes, {@link
 * io.caregrid.analytics.lake.table.Pin} reads. Planning (which files go, which come) is pure and apart from the DuckDB runs that rewrite files. The one
 * invariant: what is committed takes a number that nobody has taken, and nothing is deleted that the newest head needs. So whoever stops anywhere has spoiled
 * nothing. Running twice changes nothing: a row is replaced only by what the log says later of its key.
 */
package io.caregrid.analytics.lake.table;
