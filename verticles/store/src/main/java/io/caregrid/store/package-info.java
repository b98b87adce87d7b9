/**
 * The FHIR store on PostgreSQL: a library, not a verticle. Current resources, their history, search, the change feed, and the progress of the shards.
 *
 * <p>Start at {@link io.caregrid.store.FhirStore} for people's and programs' reads and writes, at {@link io.caregrid.store.ShardStore} for what devices send, at
 * {@link io.caregrid.store.ChangeFeed} for everybody who wants to know what changed. Who follows it with the resources themselves takes them in bulk
 * from {@link io.caregrid.store.Bodies}, and begins with an {@link io.caregrid.store.Export}. Each node runs a {@link io.caregrid.store.Sequencer}. The index of the
 * image archive lives here too, because its SQL does: {@link io.caregrid.store.ImageIndex}, with a feed of its own, {@link io.caregrid.store.ImageChanges},
 * and {@link io.caregrid.store.ImageTags}, by which more attributes pictures are found; so do browsers' sessions,
 * {@link io.caregrid.store.WebSessions}, and the trail of who touched what, {@link io.caregrid.store.AuditEvents}, which
 * {@link io.caregrid.store.audit} fills. Who has still to be told of which change is kept by {@link io.caregrid.store.Deliveries}.
 * Single writes go through {@link io.caregrid.store.Writes}, bundles through {@link io.caregrid.store.Transaction}, searches through {@link io.caregrid.store.Search}: a
 * {@link io.caregrid.store.Criterion} finds candidates in SQL and decides on their {@link io.caregrid.store.Values} (docs/SEARCH.md). What an older version wrote is indexed
 * anew by {@link io.caregrid.store.Reindex}.
 *
 * The one invariant: a change, its history row and its line in the change log are one transaction; so are a shard's batch and its progress.
 *
 * <p>Never here: HTTP, Kafka, what a value means.
 */
package io.caregrid.store;
