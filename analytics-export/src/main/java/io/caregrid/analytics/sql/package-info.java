/**
 * SQL on the lake: {@code POST /analytics/sql}.
 *
 * <p>Start at {@link io.caregrid.analytics.sql.SqlRoutes}: it hands a query to {@link io.caregrid.analytics.sql.QueryEngine}, which asks
 * {@link io.caregrid.analytics.sql.SqlGate} and gives a complete {@link io.caregrid.analytics.sql.Answer}. What may run is decided on the parsed
 * statement, by naming what is allowed; it runs on an embedded DuckDB that sees views of one head of the lake and nothing else, within limits of time,
 * memory and size. Never here: what stands in the views.
 */
package io.caregrid.analytics.sql;
