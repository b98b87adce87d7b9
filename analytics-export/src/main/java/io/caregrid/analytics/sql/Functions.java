package io.caregrid.analytics.sql;

import io.caregrid.cluster.NearMisses;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** What a query may call: the words of {@code functions.txt}, and a few functions that stand where a table stands. */
final class Functions {
  private static final Set<String> ALLOWED = read();
  /** Made of their arguments alone. */
  private static final Set<String> TABLES = new TreeSet<>(
      List.of("generate_series", "json_each", "json_tree", "range", "repeat", "repeat_row", "unnest"));

  private Functions() {}

  static boolean isAllowed(String name) {
    return ALLOWED.contains(name.toLowerCase(Locale.ROOT));
  }

  static boolean isAllowedAsTable(String name) {
    return TABLES.contains(name.toLowerCase(Locale.ROOT));
  }

  static String tables() {
    return String.join(", ", TABLES);
  }

  /** {@code ". Did you mean …?"}, or nothing. */
  static String meant(String name) {
    List<String> near = NearMisses.of(name, ALLOWED);
    return near.isEmpty() ? "" : ". Did you mean " + String.join(" or ", near) + "?";
  }

  private static Set<String> read() {
    try (InputStream in = Functions.class.getResourceAsStream("functions.txt")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines()
          .filter(line -> !line.startsWith("# "))
          .flatMap(line -> List.of(line.split(" ")).stream())
          .collect(Collectors.toUnmodifiableSet());
    } catch (IOException broken) {
      throw new UncheckedIOException(broken);
    }
  }
}
