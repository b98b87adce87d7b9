package io.caregrid.templates.bundle;

import static io.caregrid.templates.bundle.Samples.resources;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.templates.liquid.ErrorCode;
import io.caregrid.templates.liquid.Limits;
import java.time.Clock;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Documents of 50 MB, in the memory and time that every other one has. */
class LargeDocumentTest {
  private static final int CHARACTERS = 50_000_000;
  /** As the command has them, with the time that a busy machine needs. */
  private static final Limits LIMITS = new Limits(Conversions.DOOR.iterations(), Duration.ofMinutes(5),
      Conversions.DOOR.output(), Conversions.DOOR.depth());
  private static final Conversions OWN = Conversions.load(Map.of(), Set.of(), LIMITS, ZoneOffset.UTC,
      Clock.systemUTC());
  private static final String BEFORE = "<component><section><code code=\"10164-2\"";

  /** The sample, with one more section. */
  private static StringBuilder with(CharSequence section) {
    String sample = Samples.text("ccd.xml");
    int at = sample.indexOf(BEFORE);
    assertTrue(at > 0, "the sample has such a section");
    return new StringBuilder(sample).insert(at, section);
  }

  private static String results(CharSequence narrative, CharSequence entries) {
    return "<component><section><code code=\"30954-2\" codeSystem=\"2.16.840.1.113883.6.1\"/><title>Results</title><text>"
        + narrative
        + "</text>" + entries + "</section></component>";
  }

  /** A panel with its result, and the row of a table that says it to people. */
  private static void panel(int number, int words, StringBuilder rows, StringBuilder entries) {
    rows.append(
        "<tr ID=\"row%1$d\"><td ID=\"name%1$d\">Glucose no. %1$d</td><td>5.6%2$d mmol/L</td><td>".formatted(number,
            number % 10))
        .append("within what is usual, ".repeat(words))
        .append("</td></tr>\n");
    entries.append(
        """
            <entry typeCode="DRIV"><organizer classCode="BATTERY" moodCode="EVN"><id root="2.999.77.70" extension="o%1$d"/>
            <code code="24323-8" codeSystem="2.16.840.1.113883.6.1" displayName="Comprehensive panel"/><statusCode code="completed"/>
            <effectiveTime><low value="20261103100000+0100"/><high value="20261103101500+0100"/></effectiveTime>
            <component><observation classCode="OBS" moodCode="EVN"><templateId root="2.16.840.1.113883.10.20.22.4.2" extension="2015-08-01"/>
            <id root="2.999.77.71" extension="r%1$d"/><code code="2345-7" codeSystem="2.16.840.1.113883.6.1">
            <originalText><reference value="#name%1$d"/></originalText></code><statusCode code="completed"/>
            <effectiveTime value="20261103100000+0100"/><value xsi:type="PQ" value="5.6%2$d" unit="mmol/L"/></observation></component>
            </organizer></entry>""".formatted(number, number % 10));
  }

  private static String panels(int count, int words) {
    StringBuilder rows = new StringBuilder("<table><tbody>");
    StringBuilder entries = new StringBuilder();
    for (int number = 1; number <= count; number++) panel(number, words, rows, entries);
    return with(results(rows.append("</tbody></table>"), entries)).toString();
  }

  @Test
  void aScanOfFiftyMegabytesKeepsNothingElseFromBeingRead() {
    String line = "JVBERi0xLjQKJcfsj6IKNSAwIG9iago8PC9MZW5ndGggNiAwIFIvRmlsdGVyIC9GbGF0ZURlY29k\n";
    String media = "<entry><observationMedia classCode=\"OBS\" moodCode=\"EVN\" ID=\"m1\"><value mediaType=\"application/pdf\" "
        + "representation=\"B64\">" + line.repeat(CHARACTERS / line.length() + 1)
        + "</value></observationMedia></entry>";
    String document = with(results("a scan", media)).toString();

    Outcome outcome = OWN.ccda(document);

    JsonNode bundle = assertInstanceOf(Outcome.Converted.class, outcome, () -> "refused: " + outcome).bundle();
    assertTrue(document.length() > CHARACTERS);
    assertEquals(2, resources(bundle, "Condition").size());
    assertEquals(1, resources(bundle, "Composition").size());
  }

  @Test
  @Tag("full")
  void fourThousandPanelsOfFiftyMegabytesAreAllThere() {
    String document = panels(4_200, 510);

    Outcome outcome = OWN.ccda(document);

    JsonNode bundle = assertInstanceOf(Outcome.Converted.class, outcome, () -> "refused: " + outcome).bundle();
    assertTrue(document.length() > CHARACTERS, "characters " + document.length());
    assertEquals(4_200 + 1, resources(bundle, "DiagnosticReport").size());
    assertTrue(bundle.toString().contains("Glucose no. 4200"), "the text of the last row");
  }

  @Test
  @Tag("full")
  void moreResourcesThanABundleMayHaveAreRefusedByName() {
    String document = panels(5_100, 1);

    Outcome.Refused refused = assertInstanceOf(Outcome.Refused.class, OWN.ccda(document));

    assertEquals(ErrorCode.TEMPLATE_RENDERING_ERROR, refused.why().code);
    assertTrue(refused.why().told().contains("more than 10000 resources"), refused.why().told());
  }
}
