package io.caregrid.store;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.text.Normalizer;
import java.util.Locale;
import java.util.regex.Pattern;

/** What the index's search columns hold of an object in DICOM JSON (PS3.18 annex F). Pure; the same folding is done to what is asked for. */
final class ImageColumns {
  private static final Pattern MARKS = Pattern.compile("\\p{M}+");
  private static final Pattern DATE = Pattern.compile("\\d{8}");
  private static final Pattern OLD_DATE = Pattern.compile("\\d{4}\\.\\d{2}\\.\\d{2}");
  private static final Pattern NAME_BREAKS = Pattern.compile("[\\s^=,.\\-]+");
  /** At the end of a DT (PS3.5 6.2): it is compared as it was on the clock there. */
  private static final Pattern OFFSET = Pattern.compile("[+-]\\d{4}$");
  private static final int LONGEST = 512;

  private ImageColumns() {}

  /** Everything below a study's row: columns by their names in the database. */
  static void study(ObjectNode row, ObjectNode attributes) {
    row.put("patient_id", folded(text(attributes, "00100020")));
    name(row, "patient", attributes, "00100010");
    row.put("birth_date", date(text(attributes, "00100030")));
    row.put("accession", folded(text(attributes, "00080050")));
    name(row, "referring", attributes, "00080090");
    row.put("study_date", date(text(attributes, "00080020")));
    row.put("description", folded(text(attributes, "00081030")));
  }

  static void series(ObjectNode row, ObjectNode attributes) {
    row.put("modality", folded(text(attributes, "00080060")));
    row.put("model", folded(text(attributes, "00081090")));
    row.put("step_date", date(text(attributes, "00400244")));
  }

  /** Of an extended query tag: text, or names and words of a person's name, or a number; none of them when the first value is empty. */
  static void tag(ObjectNode row, String vr, ObjectNode element) {
    JsonNode value = element.path("Value").path(0);
    if (value.isMissingNode() || value.isNull()) return;
    if (vr.equals("PN")) tagName(row, value);
    else if (ImageTags.NUMBERS.contains(vr)) number(row, value.asText());
    else if (vr.equals("UI")) row.put("text", cut(value.asText().strip()));
    else if (vr.equals("DA")) row.put("text", date(value.asText()));
    else if (vr.equals("DT")) row.put("text", folded(OFFSET.matcher(value.asText().strip()).replaceAll("")));
    else row.put("text", folded(value.asText()));
  }

  private static void number(ObjectNode row, String text) {
    try {
      double number = Double.parseDouble(text.strip());
      if (Double.isFinite(number)) row.put("number", number);
    } catch (NumberFormatException not) {
      row.put("text", folded(text)); // kept, and found by nobody who asks for a number
    }
  }

  private static void tagName(ObjectNode row, JsonNode value) {
    ObjectNode name = Json.MAPPER.createObjectNode();
    name.putObject("tag").putArray("Value").add(value);
    ObjectNode columns = Json.MAPPER.createObjectNode();
    name(columns, "tag", name, "tag");
    row.set("text", columns.get("tag_name"));
    row.set("names", columns.get("tag_names"));
    row.set("words", columns.get("tag_words"));
  }

  private static void name(ObjectNode row, String whose, ObjectNode attributes, String tag) {
    JsonNode name = attributes.path(tag).path("Value").path(0);
    String alphabetic = named(group(name, "Alphabetic"));
    String others = named(group(name, "Ideographic")) + "=" + named(group(name, "Phonetic"));
    row.put(whose + "_name", cut(alphabetic.isEmpty() ? null : alphabetic));
    row.put(whose + "_names", cut(others.equals("=") ? null : "=" + others + "="));
    String words = words(alphabetic + " " + others);
    row.put(whose + "_words", cut(words.isBlank() ? null : words));
  }

  private static String group(JsonNode name, String group) {
    return name.path(group).asText("");
  }

  /** First value as text, or null. */
  static String text(ObjectNode attributes, String tag) {
    JsonNode value = attributes.path(tag).path("Value").path(0);
    return value.isMissingNode() || value.isNull() ? null : value.asText();
  }

  /** Lower case, without blanks around it; an index takes no more than {@link #LONGEST} characters, far above what the VRs allow. */
  static String folded(String text) {
    return text == null || text.isBlank() ? null : cut(text.strip().toLowerCase(Locale.ROOT));
  }

  private static String cut(String text) {
    return text == null || text.length() <= LONGEST ? text : text.substring(0, LONGEST);
  }

  /** One group of a person name: lower case, without accents, without empty components at its end (PS3.5 6.2.1). */
  static String named(String group) {
    String bare = bare(group.strip());
    int end = bare.length();
    while (end > 0 && (bare.charAt(end - 1) == '^' || bare.charAt(end - 1) == ' ')) end--;
    return bare.substring(0, end);
  }

  /** {@code " doe john"}: so that {@code like '% jo%'} finds the beginning of a part. */
  static String words(String folded) {
    return " " + NAME_BREAKS.matcher(folded).replaceAll(" ").strip();
  }

  private static String bare(String text) {
    String lower = text.toLowerCase(Locale.ROOT);
    if (isAscii(lower)) return lower;
    String decomposed = MARKS.matcher(Normalizer.normalize(lower, Normalizer.Form.NFKD)).replaceAll("");
    return Normalizer.normalize(undecomposed(decomposed), Normalizer.Form.NFC);
  }

  /** Letters that Unicode does not take apart, though people type them without. */
  private static String undecomposed(String text) {
    return text.replace("ß", "ss")
        .replace("ø", "o")
        .replace("ł", "l")
        .replace("đ", "d")
        .replace("ð", "d")
        .replace("þ", "th")
        .replace("æ", "ae")
        .replace("œ", "oe")
        .replace("ı", "i");
  }

  private static boolean isAscii(String text) {
    return text.chars().allMatch(c -> c < 0x80);
  }

  /** YYYYMMDD, also from ACR-NEMA's YYYY.MM.DD (PS3.5 6.2 DA); null when it is no date. */
  static String date(String text) {
    if (text == null) return null;
    String stripped = text.strip();
    if (OLD_DATE.matcher(stripped).matches()) stripped = stripped.replace(".", "");
    return DATE.matcher(stripped).matches() ? stripped : null;
  }
}
