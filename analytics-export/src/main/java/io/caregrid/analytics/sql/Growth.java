package io.caregrid.analytics.sql;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Functions that make much out of a small number. DuckDB computes them while it plans when their arguments are known, outside of its memory limit and
 * without listening to an interrupt: {@code repeat('x', 4000000000)} takes 4 GB and minutes. So the number has to stand in the query, and be small. Pure.
 *
 * <p>That does not bound everything: what grows a little with each step of a nested expression ({@code hex(hex(…))}) grows as well, while DuckDB plans.
 */
final class Growth {
  static final int MOST = 10_000;
  /** The second argument says how long. */
  private static final Set<String> LENGTHS = Set.of("repeat", "lpad", "rpad", "list_resize", "array_resize");
  private static final Set<String> RANGES = Set.of("range", "generate_series");
  private static final Pattern WIDE = Pattern.compile("\\d{5}|\\{[^}]*\\{|\\*");

  private Growth() {}

  /** Why this call may not be, or empty. @param arguments as DuckDB's tree has them */
  static Optional<String> refusal(String function, JsonNode arguments) {
    String name = function.toLowerCase(Locale.ROOT);
    if (LENGTHS.contains(name) && !isSmall(arguments.path(1)))
      return Optional.of("the second argument of " + name + " has to be a number, at most " + MOST);
    if (RANGES.contains(name))
      for (JsonNode argument : arguments)
        if (!isSmall(argument))
          return Optional.of("arguments of " + name + " as an expression have to be numbers, at most " + MOST
              + ": FROM " + name + "(…) as a table has no such limit");
    if (name.equals("format") && !isNarrow(arguments.path(0)))
      return Optional.of("the first argument of format has to be a text, its widths of at most 4 digits");
    return Optional.empty();
  }

  private static boolean isSmall(JsonNode argument) {
    JsonNode expression = argument.path("expression");
    boolean minus = expression.path("function_name").asText().equals("-") && expression.path("arguments").size() == 1;
    JsonNode literal = minus
        ? expression.path("arguments").path(0).path("expression").path("literal")
        : expression.path("literal");
    String text = literal.path("text").asText();
    return literal.path("kind").asText().equals("INTEGER") && text.matches("-?\\d{1,5}")
        && Math.abs(Integer.parseInt(text)) <= MOST;
  }

  private static boolean isNarrow(JsonNode argument) {
    JsonNode literal = argument.path("expression").path("literal");
    return literal.path("kind").asText().equals("STRING") && !WIDE.matcher(literal.path("text").asText()).find();
  }
}
