package io.caregrid.templates.deidentify;

import com.fasterxml.jackson.databind.node.TextNode;
import java.math.BigDecimal;
import java.util.Set;
import java.util.regex.Pattern;

/** Takes values away; of dates, ages and ZIP codes leaves what the parameters say may stay. */
final class Redact implements Method {
  private static final int OLDEST = 89;
  private static final int ZIP = 3;
  private static final Pattern ZIP_CODE = Pattern.compile("[0-9]{5}(?:-?[0-9]{4})?");
  private static final Set<String> MOMENTS = Set.of("date", "dateTime", "instant");
  private final Parameters parameters;

  Redact(Parameters parameters) {
    this.parameters = parameters;
  }

  static boolean isMoment(Element element) {
    return MOMENTS.contains(element.type);
  }

  @Override
  public void apply(Element element, Work work) {
    if (!element.hasValue()) return;
    if (isMoment(element)) {
      redactMoment(element, work);
    } else if (isAge(element)) {
      redactAge(element, work);
    } else if (element.name.equals("postalCode") && parameters.partialZips()) {
      zip(element, work);
    } else {
      work.changed(element, Label.REDACTED, null);
    }
  }

  /** The year stays where it may, unless somebody born then would be over 89 by now. */
  void redactMoment(Element element, Work work) {
    Day day = Day.of(element.value.asText());
    boolean stays = parameters.partialDates() && day != null && !day.isOver(OLDEST, work.today);
    String year = stays ? element.value.asText().substring(0, 4) : null;
    if (element.value.asText().equals(year)) work.said(Label.REDACTED);
    else work.changed(element, Label.REDACTED, year == null ? null : TextNode.valueOf(year));
  }

  private static boolean isAge(Element element) {
    return element.name.equals("value") && element.parent != null && element.parent.type.equals("Age");
  }

  /** Years are not asked for: what is counted in months or days is younger than its number. */
  private void redactAge(Element element, Work work) {
    boolean stays = parameters.partialAges() && element.value.isNumber()
        && element.value.decimalValue().compareTo(BigDecimal.valueOf(OLDEST)) <= 0;
    if (stays) work.said(Label.REDACTED);
    else work.changed(element, Label.REDACTED, null);
  }

  /** What has not the digits of a ZIP code is none: three of its characters may be all of it. */
  private void zip(Element element, Work work) {
    String code = element.value.asText();
    if (ZIP_CODE.matcher(code).matches()) work.changed(element, Label.ABSTRED, TextNode.valueOf(zip(code)));
    else work.changed(element, Label.REDACTED, null);
  }

  private String zip(String code) {
    if (parameters.restrictedZips().stream().anyMatch(code::startsWith)) return zeros(code);
    return code.substring(0, ZIP) + zeros(code.substring(ZIP));
  }

  private static String zeros(String text) {
    return text.replaceAll("\\d", "0");
  }
}
