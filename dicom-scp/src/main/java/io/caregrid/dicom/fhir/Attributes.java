package io.caregrid.dicom.fhir;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.StringJoiner;
import java.util.stream.StreamSupport;

/** Attributes in DICOM JSON (PS3.18 annex F), read as FHIR needs them: an empty text is none, and there are no control characters. */
record Attributes(JsonNode json) {

  /** First value, or null. @param tag eight hexadecimal digits */
  String text(String tag) {
    List<String> texts = texts(tag);
    return texts.isEmpty() ? null : texts.get(0);
  }

  List<String> texts(String tag) {
    List<String> texts = new ArrayList<>();
    for (JsonNode value : json.path(tag).path("Value")) {
      String text = clean(value.asText());
      if (!text.isEmpty()) texts.add(text);
    }
    return texts;
  }

  private static String clean(String text) {
    return text.replaceAll("[\\p{Cntrl}\\p{Cs}&&[^\\t\\r\\n]]", " ").strip();
  }

  /** A whole number from 0, as FHIR's unsignedInt takes it. */
  OptionalInt count(String tag) {
    return countOf(text(tag));
  }

  /** @param text as it is written, or null */
  static OptionalInt countOf(String text) {
    return text != null && text.strip().matches("\\+?\\d{1,9}")
        ? OptionalInt.of(Integer.parseInt(text.strip()))
        : OptionalInt.empty();
  }

  List<Attributes> items(String tag) {
    return StreamSupport.stream(json.path(tag).path("Value").spliterator(), false).map(Attributes::new).toList();
  }

  /** First name, or null. */
  Name name(String tag) {
    List<Name> names = names(tag);
    return names.isEmpty() ? null : names.get(0);
  }

  List<Name> names(String tag) {
    List<Name> names = new ArrayList<>();
    for (JsonNode value : json.path(tag).path("Value")) {
      String group = clean(value.path("Alphabetic").asText(""));
      if (group.replace("^", "").isBlank()) group = clean(value.path("Ideographic").asText(""));
      if (!group.replace("^", "").isBlank()) names.add(Name.of(group));
    }
    return names;
  }

  /** The components of a person name (PS3.5 6.2.1.1); an empty one is the empty string. */
  record Name(String family, String given, String middle, String prefix, String suffix) {
    static Name of(String group) {
      String[] parts = (group + "^^^^").split("\\^", -1);
      return new Name(parts[0].strip(), parts[1].strip(), parts[2].strip(), parts[3].strip(), parts[4].strip());
    }

    /** {@code Dr. John Quincy Adams, MD}. */
    String display() {
      StringJoiner words = new StringJoiner(" ");
      for (String part : List.of(prefix, given, middle, family)) if (!part.isEmpty()) words.add(part);
      return suffix.isEmpty() ? words.toString() : words + ", " + suffix;
    }
  }
}
