package io.caregrid.analytics.sql;

/**
 * What somebody wants to know.
 *
 * @param sql         one query in DuckDB's SQL
 * @param rows        the answer ends after so many, and says so; 0: all of them, or a failure when there are more than this node gives
 * @param spreadsheet CSV for a person's spreadsheet: with a byte order mark, and text that the spreadsheet would run as a formula made plain
 */
record Query(String sql, Form form, int rows, boolean spreadsheet) {}
