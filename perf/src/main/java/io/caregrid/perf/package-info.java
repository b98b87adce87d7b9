/**
 * How fast it is, as numbers anyone can measure again: single steps under JMH, and a driver that puts a whole node under load and then reads back every
 * value it sent.
 *
 * <p>Start at {@link io.caregrid.perf.Perf} (end to end) or at {@link io.caregrid.perf.NormaliseBenchmark} and {@link io.caregrid.perf.FoldBenchmark}. The one
 * invariant: a run that lost or changed a single value has no result. The node runs in a process of its own, so that the driver's CPU is never counted as
 * the node's.
 *
 * <p>Never here: what a node needs to run.
 */
package io.caregrid.perf;
