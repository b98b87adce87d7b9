package io.caregrid.analytics.sql;

import io.caregrid.contract.Failure;
import java.sql.SQLException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a client is told when DuckDB refuses. About the query's text DuckDB may speak for itself; when it speaks of values, they are a patient's perhaps, and
 * a sentence of ours with the same meaning takes their place. Pure.
 */
final class Refusals {
  private static final Pattern KIND = Pattern.compile("^([A-Za-z][A-Za-z ]*) Error: ");
  private static final Pattern EXCERPT = Pattern.compile("\\n+LINE (\\d+): ([^\\n]*)\\n( *)\\^+\\s*$");
  private static final Pattern TARGET = Pattern
      .compile(
          "\\b(?:to|type) ((?:U?(?:TINY|SMALL|BIG|HUGE)?INT(?:EGER)?\\d*|DOUBLE|FLOAT|DECIMAL\\(\\d+,\\d+\\)|DATE|TIME|TIMESTAMP"
              + "(?: WITH TIME ZONE)?|BOOL(?:EAN)?|UUID|INTERVAL))\\b");

  private Refusals() {}

  /** True: that DuckDB instance answers nothing any more. */
  static boolean isFatal(Throwable cause) {
    return cause instanceof SQLException refused && kind(refused).matches("FATAL|INTERNAL|Invalidated");
  }

  /**
   * @param sql             of the query; DuckDB's places are in it, or in a text around it
   * @param memoryMegabytes what all queries share
   * @return a {@link Failure}, or for a bug an exception that holds no data
   */
  static RuntimeException of(SQLException refused, String sql, int memoryMegabytes) {
    String message = refused.getMessage() == null ? "" : refused.getMessage();
    String place = place(message, sql);
    return switch (kind(refused)) {
      case "Parser", "Binder", "Catalog", "Syntax", "Not implemented" ->
        new Failure.Invalid(place + KIND.matcher(EXCERPT.matcher(message).replaceFirst("")).replaceFirst("").strip());
      case "Conversion" -> ofValues(place, "a value cannot be converted" + target(message)
          + ": TRY_CAST gives NULL in its place");
      case "Out of Range" -> ofValues(place, "a number leaves the range of its type: cast to a wider one, e.g. DOUBLE");
      case "Invalid Input", "Constraint", "Invalid type", "Mismatch Type" -> ofValues(place, input(message));
      case "Out of Memory" -> new Failure.TooCostly("the query needs more memory than there is for all queries, "
          + memoryMegabytes + " MB (lake.sql.memoryMegabytes): filter first, or sort and group less at once");
      case "IO" -> new Failure.Busy("files of the lake could not be read, perhaps because it was being tidied");
      default -> new IllegalStateException("DuckDB failed: " + kind(refused));
    };
  }

  private static String input(String message) {
    if (message.contains("Division by zero")) return "a division by zero: NULLIF(divisor, 0) gives NULL in its place";
    if (message.contains("More than one row returned by a subquery"))
      return "a subquery in an expression gives more than one row";
    return "a function was given a value that it cannot take: TRY(…) gives NULL in its place";
  }

  private static Failure ofValues(String place, String reason) {
    return new Failure.Unprocessable(place + reason, null);
  }

  private static String kind(SQLException refused) {
    Matcher kind = KIND.matcher(refused.getMessage() == null ? "" : refused.getMessage());
    return kind.find() ? kind.group(1) : "unknown";
  }

  /** The excerpt's line and caret are counted from the beginning of the query, also when the line shown is that of a text around it. */
  private static String place(String message, String sql) {
    Matcher excerpt = EXCERPT.matcher(message);
    if (!excerpt.find() || excerpt.group(2).startsWith("...")) return "";
    int line = Integer.parseInt(excerpt.group(1));
    int column = excerpt.group(3).length() - ("LINE " + line + ": ").length();
    String shown = excerpt.group(2).endsWith("...")
        ? excerpt.group(2).substring(0, excerpt.group(2).length() - 3)
        : excerpt.group(2);
    String[] lines = sql.split("\n", -1);
    if (line <= lines.length && lines[line - 1].startsWith(shown))
      return "line " + line + ", column " + (column + 1) + ": ";
    return line == 1 ? new Place(sql).of(column) : "";
  }

  private static String target(String message) {
    Matcher target = TARGET.matcher(message);
    return target.find() ? " to " + target.group(1) : "";
  }
}
