package io.caregrid.templates.ccda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import org.junit.jupiter.api.Test;

class NarrativeTest {
  private static final String EMOJI = "\uD83D\uDE00";

  @Test
  void elementsWithinOneAnotherEachSayWhatStandsInThem() {
    Narrative narrative = said(
        "<list ID='all'><item ID='a'>Aspirin <content ID='d'>100 mg</content></item><item ID='b'> </item></list>");
    assertEquals("Aspirin 100 mg", narrative.at("all"));
    assertEquals("Aspirin 100 mg", narrative.at("a"));
    assertEquals("100 mg", narrative.at("d"));
    assertNull(narrative.at("b"), "nothing to read");
    assertNull(narrative.at("c"), "nobody has this ID");
  }

  @Test
  void ofWhatIsTooLongTheBeginningStandsAndNoCharacterIsCutInTwo() {
    assertEquals("x".repeat(999) + " …", said("<content ID='a'>" + "x".repeat(999) + EMOJI + "y</content>").at("a"));
    assertEquals("x".repeat(998) + EMOJI, said("<content ID='a'>" + "x".repeat(998) + EMOJI + "</content>").at("a"));
  }

  private static Narrative said(String text) {
    return new Narrative("<ClinicalDocument><section><text>" + text + "</text></section></ClinicalDocument>");
  }
}
