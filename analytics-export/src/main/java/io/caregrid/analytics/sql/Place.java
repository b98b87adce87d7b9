package io.caregrid.analytics.sql;

import io.caregrid.contract.Failure;
import java.nio.charset.StandardCharsets;

/** Where in the text of a query something is. */
record Place(String sql) {

  /** @param offset in UTF-8 bytes as DuckDB counts; what lies outside the text is no place, and only the reason is told */
  Failure failure(long offset, String reason) {
    return new Failure.Invalid(of(offset) + reason);
  }

  /** {@code "line 2, column 7: "}, both from 1; empty when it is unknown. */
  String of(long offset) {
    byte[] bytes = sql.getBytes(StandardCharsets.UTF_8);
    if (offset < 0 || offset > bytes.length) return "";
    String before = new String(bytes, 0, (int) offset, StandardCharsets.UTF_8);
    long line = before.chars().filter(one -> one == '\n').count() + 1;
    String ahead = before.substring(before.lastIndexOf('\n') + 1);
    return "line " + line + ", column " + (ahead.codePointCount(0, ahead.length()) + 1) + ": ";
  }
}
