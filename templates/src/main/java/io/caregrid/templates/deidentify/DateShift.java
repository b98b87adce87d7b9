package io.caregrid.templates.deidentify;

import com.fasterxml.jackson.databind.node.TextNode;
import java.nio.charset.StandardCharsets;

/** Moves days by an offset of at most 50 that belongs to the resource, file or folder, so that distances stay. What has no day, or tells an age over 89, is redacted. */
final class DateShift implements Method {
  private static final int MULTIPLIER = 131;
  private static final int WIDTH = 101;
  private static final int OLDEST = 89;
  private final Parameters parameters;
  private final Redact redact;

  DateShift(Parameters parameters, Redact redact) {
    this.parameters = parameters;
    this.redact = redact;
  }

  @Override
  public void apply(Element element, Work work) {
    if (!element.hasValue() || !Redact.isMoment(element)) return;
    Day day = Day.of(element.value.asText());
    boolean movable = day != null && day.whole() && !day.isOver(OLDEST, work.today);
    String moved = movable ? day.plus(offset(work)) : null;
    if (moved == null) redact.redactMoment(element, work);
    else work.changed(element, Label.PERTURBED, TextNode.valueOf(moved));
  }

  private int offset(Work work) {
    if (parameters.fixedOffset() != null) return parameters.fixedOffset();
    return offset(prefix(work) + parameters.dateShiftKey());
  }

  static int offset(String text) {
    int offset = 0;
    for (byte one : text.getBytes(StandardCharsets.UTF_8)) offset = (offset * MULTIPLIER + (one & 0xff)) % WIDTH;
    return offset - WIDTH / 2;
  }

  private String prefix(Work work) {
    return switch (parameters.shiftScope()) {
      case FILE -> work.origin.file();
      case FOLDER -> work.origin.folder();
      default -> {
        Element id = work.root.child("id");
        yield id == null || !id.hasValue() ? "" : id.value.asText();
      }
    };
  }
}
