package io.caregrid.analytics.sql;

import io.caregrid.contract.Failure;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How deep a text goes, told before it is parsed: DuckDB's parser takes seconds for a thousand open brackets and cannot be interrupted. Strings and comments
 * are passed over roughly; what is misread here costs time and lets nothing through, since the tree decides.
 */
final class Brackets {
  static final int DEEPEST = 100;
  private static final Pattern PASSED_OVER = Pattern.compile(
      "'[^']*+'|\"[^\"]*+\"|--[^\n]*+|/\\*.*?\\*/|\\$([A-Za-z_]*)\\$.*?\\$\\1\\$", Pattern.DOTALL);

  private Brackets() {}

  static void check(String sql) {
    if (sql.indexOf('\0') >= 0) throw new Failure.Invalid("the query holds a NUL character");
    Matcher passed = PASSED_OVER.matcher(sql);
    int next = passed.find() ? passed.start() : sql.length();
    int depth = 0;
    for (int i = 0; i < sql.length(); i++) {
      if (i == next) {
        i = passed.end() - 1;
        next = passed.find() ? passed.start() : sql.length();
        continue;
      }
      char one = sql.charAt(i);
      if (one == '(' || one == '[' || one == '{') depth++;
      if (one == ')' || one == ']' || one == '}') depth = Math.max(0, depth - 1);
      if (depth > DEEPEST)
        throw new Failure.Invalid("more than " + DEEPEST + " brackets are open at once: take the query apart by WITH");
    }
  }
}
