/** Rows to Parquet files and back, by parquet-java without Hadoop: one file at a time, zstd, with only the columns that carry a value. */
package io.caregrid.analytics.lake.parquet;
