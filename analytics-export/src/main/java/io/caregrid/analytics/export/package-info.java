/**
 * Resources leave in bulk: {@code $export} as FHIR Bulk Data Access 2.0 describes it, of everything, of all Patients or of a Group.
 *
 * <p>Start at {@link io.caregrid.analytics.export.ExportRoutes}, which turns an address into an {@link io.caregrid.analytics.export.ExportRequest} and that into a
 * row of {@link io.caregrid.store.ExportJobs}; {@link io.caregrid.analytics.export.ExportVerticle} of any node takes it, and an
 * {@link io.caregrid.analytics.export.ExportRun} makes the files out of one {@link io.caregrid.store.ExportSnapshot}. The one invariant: <b>a manifest names only
 * files of one snapshot, which were whole before it was written</b>. Who dies in the middle leaves an attempt that nobody names, and the next one begins anew.
 *
 * <p>Memory: two pages of a megabyte (packed) for each export, the ids of a Group's members, and where something may be found twice the ids found.
 *
 * <p>Never here: SQL (store), who may ask (contract).
 */
package io.caregrid.analytics.export;
