package io.caregrid.templates.observation;

import io.caregrid.templates.capture.Capture;
import io.caregrid.templates.capture.Capture.Keep;
import io.caregrid.templates.mapping.Located;
import io.caregrid.templates.mapping.Located.Kind;
import io.caregrid.templates.mapping.Members;
import io.caregrid.templates.mapping.Problems;
import java.math.BigDecimal;
import java.util.List;
import java.util.Locale;

/** Reads member {@code capture} of a template. */
final class CaptureReader {
  private static final int TICKS_OF_A_MILLI = 4;
  /** A day. */
  private static final BigDecimal LONGEST = BigDecimal.valueOf(86_400_000);
  private final Members members;
  private final Problems problems;

  private CaptureReader(Members members, Problems problems) {
    this.members = members;
    this.problems = problems;
  }

  /**
   * Null when there is none, or when it is wrong; why is noted.
   *
   * @param value of the template, which decides unless the rule names another; may be null
   * @param parts its components and extensions
   */
  static Capture read(Members template, ValueTemplate value, List<CodeValueFhir.Part> parts, Problems problems) {
    Located written = template.get("capture");
    if (written == null) return null;
    if (written.kind() != Kind.OBJECT) {
      problems.error(written, "'capture' must be an object.");
      return null;
    }
    return new CaptureReader(new Members(written, "Capture", problems), problems).capture(value, parts);
  }

  private Capture capture(ValueTemplate value, List<CodeValueFhir.Part> parts) {
    String named = members.text("value");
    String deciding = named == null && value != null ? value.name() : named;
    if (deciding == null) wrong("needs 'value': the name of the value that decides");
    long every = ticks("every");
    Keep keep = keep();
    BigDecimal deadband = members.number("deadband");
    long atLeastEvery = ticks("atLeastEvery");
    BigDecimal above = members.number("above");
    BigDecimal below = members.number("below");
    BigDecimal least = members.number("least");
    BigDecimal most = members.number("most");
    members.done();
    if (deadband != null && deadband.signum() <= 0) wrong("needs a deadband above 0");
    if (keep != Keep.FIRST && every == 0) wrong("needs 'every' with keep " + keep.name().toLowerCase(Locale.ROOT));
    boolean whole = value instanceof ValueTemplate.Whole
        || parts.stream().anyMatch(part -> part.value() instanceof ValueTemplate.Whole);
    if (keep == Keep.MEAN && whole) wrong("cannot keep the mean where a value is an Integer; make it a Quantity");
    if (keep != Keep.FIRST && deadband != null) wrong("cannot have a deadband where a window is one reading");
    if (atLeastEvery > 0 && deadband == null) wrong("needs a deadband with atLeastEvery");
    if (least != null && most != null && least.compareTo(most) > 0) wrong("has a least above its most");
    if (above != null && below != null && below.compareTo(above) > 0) wrong("has a below above its above");
    if (deciding == null) return null;
    return new Capture(deciding, every, keep, deadband, atLeastEvery, above, below, least, most);
  }

  private Keep keep() {
    String written = members.text("keep");
    if (written == null) return Keep.FIRST;
    for (Keep keep : Keep.values()) {
      if (keep.name().equalsIgnoreCase(written)) return keep;
    }
    wrong("has an unknown keep. Use first, last, mean, min or max");
    return Keep.FIRST;
  }

  /** 0 when absent. */
  private long ticks(String name) {
    BigDecimal millis = members.number(name);
    if (millis == null) return 0;
    if (millis.signum() > 0 && millis.compareTo(LONGEST) <= 0
        && millis.stripTrailingZeros().scale() <= TICKS_OF_A_MILLI)
      return millis.movePointRight(TICKS_OF_A_MILLI).longValueExact();
    wrong("needs '" + name + "' in milliseconds, above 0, at most a day");
    return 0;
  }

  private void wrong(String what) {
    problems.error(members.object(), "A capture rule " + what + ".");
  }
}
