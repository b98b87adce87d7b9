package io.caregrid.templates.liquid;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.templates.ccda.SectionFilters;
import io.caregrid.templates.hl7v2.Message;
import io.caregrid.templates.hl7v2.SegmentFilters;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
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

  @Test
  void whatFiltersMakeIsCountedAsOutput() {
    refused(1301, "{% assign a = 'aaaaaaaaaa' %}{% for i in (1..60) %}{% assign a = a | append: a %}{% endfor %}");
    refused(1301, "{% assign a = 'a' | to_array %}{% for i in (1..60) %}{% assign a = a | concat: a %}{% endfor %}");
    String long1 = "{% assign a = 'aaaaaaaaaa' %}{% for i in (1..15) %}{% assign a = a | append: a %}{% endfor %}";
    refused(1301, long1 + "{{ a | replace: 'a', a | size }}");
    refused(1301, long1 + "{{ a | replace: 'a+', '$0$0$0$0$0' | replace: '[a]', a | size }}");
    refused(1301, long1 + "{{ a | split: '' | join: a | size }}");
    refused(1301, long1 + "{% for i in a %}{% endfor %}");
    refused(1301, long1 + "{% include 'root' with a %}");
  }

  @Test
  void numbersHaveASize() {
    refused(1301, "{{ '1e999999999' | times: 1 }}");
    refused(1301, "{{ '1e-999999999' | plus: 1 | times: '1e-999999999' }}");
    refused(1301, "{% assign a = 1.0e300 %}{% for i in (1..40) %}{% assign a = a | times: a %}{% endfor %}{{ a }}");
    assertEquals("1" + "0".repeat(300), rendered("{{ '1e300' | times: 1 }}", Map.of()));
  }

  @Test
  void blocksNestToADepth() {
    refused(1104, "{% if true %}".repeat(5000) + "{% endif %}".repeat(5000));
    assertEquals("x", rendered("{% if true %}".repeat(150) + "x" + "{% endif %}".repeat(150), Map.of()));
    refused(1301, "{% for i in " + "(".repeat(3000) + "1" + "..1)".repeat(3000) + " %}x{% endfor %}");
  }

  @Test
  void secondsDoNotLeaveTheCalendar() {
    for (String seconds : new String[] {"1e300", "400000000000", "310000000000", "-100000000000"})
      refused(1307, "{{ '2020-01-01T00:00:00Z' | add_seconds: '" + seconds + "' }}");
    assertEquals("2314-09-15T21:20:00Z", rendered("{{ '2020-01-01T00:00:00Z' | add_seconds: 9300000000 }}", Map.of()));
    assertEquals("2019-12-31T23:59:58.500Z", rendered("{{ '2020-01-01T00:00:00Z' | add_seconds: -1.5 }}", Map.of()));
  }

  /** Whatever a filter gets, it gives a value or a failure with a code. */
  @Test
  void everyFilterAnswersToNothingAndToAnything() {
    Filters filters = ConversionFilters.all();
    SegmentFilters.addTo(filters);
    SectionFilters.addTo(filters);
    Map<String, Object> data = Map.of("text", "x", "list", List.of("x", 1), "map", Map.of("x", 1), "number", 7,
        "message", Message.parse("MSH|^~\\&|A"));
    for (String filter : filters.names()) {
      int most = filters.find(filter).most();
      for (String value : List.of("nothing", "text", "list", "map", "number", "message"))
        for (String with : List.of("nothing", "text", "list", "map", "number", "message"))
          for (int count = filters.find(filter).fewest(); count <= most; count++) {
            String arguments = count == 0 ? "" : ": " + String.join(", ", Collections.nCopies(count, with));
            answers("{{ " + value + " | " + filter + arguments + " }}", filters, data);
          }
    }
  }

  private static void answers(String template, Filters filters, Map<String, Object> data) {
    try {
      Templates.of(Map.of("root.liquid", template), filters)
          .render("root", data, Limits.DEFAULT, ZoneOffset.UTC, Clock.systemUTC());
    } catch (ConversionException failure) {
      assertTrue(failure.code.number > 1000, template);
    } catch (RuntimeException bug) {
      throw new AssertionError(template, bug);
    }
  }

  private static void refused(int code, String template) {
    String shown = template.length() < 100 ? template : template.substring(0, 100);
    assertEquals(code, assertThrows(ConversionException.class, () -> rendered(template, Map.of()), shown).code.number,
        shown);
  }

  private static String rendered(String template, Map<String, ?> data) {
    return Templates.of(Map.of("root.liquid", template), ConversionFilters.all())
        .render("root", new HashMap<>(data), Limits.DEFAULT, ZoneOffset.UTC, Clock.systemUTC());
  }
}
