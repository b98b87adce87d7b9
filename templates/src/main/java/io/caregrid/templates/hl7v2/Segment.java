package io.caregrid.templates.hl7v2;

import io.caregrid.templates.liquid.ConversionException;
import io.caregrid.templates.liquid.ErrorCode;
import io.caregrid.templates.liquid.Indexed;
import java.util.ArrayList;
import java.util.List;

/** One segment; {@code segment.0} is its name, {@code segment.3} its third field. In MSH field 1 is the separator and field 2 the other separators. */
public final class Segment implements Indexed {
  final String raw;
  final Separators separators;
  final List<Field> fields;

  private Segment(String raw, Separators separators, List<Field> fields) {
    this.raw = raw;
    this.separators = separators;
    this.fields = fields;
  }

  static Segment parse(String line, Separators separators, boolean header) {
    List<Field> fields = new ArrayList<>();
    int from = 0;
    for (int f = 0; from <= line.length(); f++) {
      int to = line.indexOf(separators.field(), from);
      if (to < 0) to = line.length();
      if (header && f == 1) {
        fields.add(Field.literal(String.valueOf(separators.field()), separators));
        fields.add(Field.literal(line.substring(from, to), separators));
      } else {
        fields.add(separators.isNothing(line, from, to) ? null : Field.parse(line, from, to, separators));
      }
      from = to + 1;
    }
    if (line.contains("\\X")) separators.text(line);
    return new Segment(line, separators, fields);
  }

  String id() {
    return fields.get(0) == null ? "" : fields.get(0).value();
  }

  @Override
  public Object at(int index) {
    return index >= 0 && index < fields.size() ? fields.get(index) : null;
  }

  @Override
  public Object at(String key) {
    if (key.equalsIgnoreCase("Value")) {
      for (Field field : fields) if (field != null) field.readAll();
      return separators.text(raw);
    }
    if (key.equalsIgnoreCase("Fields")) return fields;
    return at(number(key, "a segment"));
  }

  static int number(String key, String owner) {
    try {
      return Integer.parseInt(key);
    } catch (NumberFormatException name) {
      throw new ConversionException(ErrorCode.PROPERTY_NOT_FOUND, owner + " has no part '" + key + "'");
    }
  }
}
