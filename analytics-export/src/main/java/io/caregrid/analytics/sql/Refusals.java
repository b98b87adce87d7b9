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
  private static final Pattern EXCERPT = Pattern.compile("\\n+LINE (\\d+): ([^\\n]*)\\n( *)\\^\\s*$");
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
   * @param memoryMegabytes what all queries share
   * @return a {@link Failure}, or for a bug an exception that holds no data
   */
  static RuntimeException of(SQLException refused, int memoryMegabytes) {
    String message = refused.getMessage() == null ? "" : refused.getMessage();
    String place = place(message);
    return switch (kind(refused)) {
      case "Parser", "Binder", "Catalog", "Syntax", "Not implemented" ->
        new Failure.Invalid(place + EXCERPT.matcher(message).replaceFirst("").replaceFirst(KIND.pattern(), "").strip());
      case "Conversion" -> ofValues(place, "a value cannot be converted" + target(message)
          + ": TRY_CAST gives NULL in its place");
      case "Out of Range" -> ofValues(place, "a number leaves the range of its type: cast to a wider one, e.g. DOUBLE");
      case "Invalid Input", "Constraint", "Invalid type", "Mismatch Type" ->
        ofValues(place, "a function was given a value that it cannot take");
      case "Out of Memory" -> new Failure.TooCostly("the query needs more memory than there is for all queries, "
          + memoryMegabytes + " MB (lake.sql.memoryMegabytes): filter first, or sort and group less at once");
      case "IO" -> new Failure.Busy("files of the lake could not be read, perhaps because it was being tidied");
      default -> new IllegalStateException("DuckDB failed: " + kind(refused));
    };
  }

  private static Failure ofValues(String place, String reason) {
    return new Failure.Unprocessable(place + reason, null);
  }

  private static String kind(SQLException refused) {
    Matcher kind = KIND.matcher(refused.getMessage() == null ? "" : refused.getMessage());
    return kind.find() ? kind.group(1) : "unknown";
  }

  private static String place(String message) {
    Matcher excerpt = EXCERPT.matcher(message);
    if (!excerpt.find()) return "";
    String line = "line " + excerpt.group(1);
    int label = ("LINE " + excerpt.group(1) + ": ").length();
    boolean whole = !excerpt.group(2).startsWith("...");
    return whole ? line + ", column " + (excerpt.group(3).length() - label + 1) + ": " : line + ": ";
  }

  private static String target(String message) {
    Matcher target = TARGET.matcher(message);
    return target.find() ? " to " + target.group(1) : "";
  }
}
