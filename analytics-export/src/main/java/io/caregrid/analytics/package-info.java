/**
 * FHIR leaves here as Parquet that analysts' own tools read, and answers SQL.
 *
 * <p>{@link io.caregrid.analytics.lake} keeps the lake, {@link io.caregrid.analytics.sql} answers queries on it,
 * {@link io.caregrid.analytics.views} runs SQL on FHIR's ViewDefinitions. The one invariant: <b>a resource stands in the lake once, as it is now, or not at
 * all when it is deleted</b>, whatever crashes in between; every version stands in the history beside it.
 *
 * <p>Never here: writing to the store, deciding what a resource means, who may ask (contract).
 */
package io.caregrid.analytics;
