/**
 * Follows the change feed and turns it into commits.
 *
 * <p>Start at {@link io.caregrid.analytics.lake.AnalyticsVerticle} and its {@link io.caregrid.analytics.lake.Follower}. One node works: who holds the
 * lease. Each turn reads the feed behind the lake's newest head, coalesces, fetches bodies in bulk and hands rows to the tables
 * ({@link io.caregrid.analytics.lake.table}); only then is the feed's cursor committed. The lake's head is the truth, the database's cursor never runs
 * ahead of it, so a crash repeats nothing and leaves nothing to clean by hand (docs/adr/2611-lake-table-format.md).
 */
package io.caregrid.analytics.lake;
