package io.caregrid.analytics.sql;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** How an answer is written. */
enum Form {
  /** {@code {"asOf", "columns": [{"name", "type"}], "rows": [[…]], "count", "more"}} */
  JSON("application/json", "application/json"),
  /** RFC 4180, the first line names the columns */
  CSV("text/csv", "text/csv; charset=utf-8; header=present"),
  PARQUET("application/vnd.apache.parquet",
      "application/vnd.apache.parquet");

  /** In an Accept header; without parameters. */
  final String type;
  final String contentType;

  Form(String type, String contentType) {
    this.type = type;
    this.contentType = contentType;
  }

  /** {@code json}, {@code csv}, {@code parquet}, in any case. */
  static Optional<Form> of(String word) {
    return Arrays.stream(values()).filter(form -> form.word().equalsIgnoreCase(word)).findFirst();
  }

  String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
