package io.caregrid.templates.liquid;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Clock;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Templates and data of a size that nobody writes end with an answer. */
class LiquidBoundsTest {
  @Test
  void aLongTagIsReadAsAShortOne() {
    String name = "n".repeat(100_000);

    assertEquals("1", rendered("{% assign " + name + " = 1 %}{{ " + name + " }}", Map.of()));
    assertEquals("", rendered("{{ a" + "[".repeat(100_000) + "b" + "]".repeat(100_000) + " }}", Map.of()));
    assertEquals("x", rendered("{% if " + name + " == nil and 'a' != '" + name + "' %}x{% endif %}", Map.of()));
    assertEquals("", rendered("{% for i in " + name + " %}x{% endfor %}", Map.of()));
  }

  private static String rendered(String template, Map<String, ?> data) {
    return Templates.of(Map.of("root.liquid", template), ConversionFilters.all())
        .render("root", new HashMap<>(data), Limits.DEFAULT, ZoneOffset.UTC, Clock.systemUTC());
  }
}
