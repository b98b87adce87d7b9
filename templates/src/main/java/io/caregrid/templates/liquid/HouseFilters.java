package io.caregrid.templates.liquid;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Filters that our own templates need and FHIR-Converter does not have: who assigned a number, which coding system is meant, what of a result is a number. What
 * fits nowhere is null, so that a template can say something else.
 */
final class HouseFilters {
  /** Of who is known by a name of the hospital's own and by nothing worldwide. */
  static final String AUTHORITY = "urn:caregrid:authority:";
  private static final Pattern OID = Pattern.compile("[0-2](\\.(0|[1-9]\\d*)){2,}");
  private static final Pattern UUID = Pattern.compile("(?i)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");
  private static final Pattern ADDRESS = Pattern.compile("(?i)(urn:|https?://)[^\\s\\p{Cntrl},|$\\\\]+");
  private static final Pattern HL7_TABLE = Pattern.compile("(?i)HL7-?(\\d{4})");
  private static final Pattern NUMBER = Pattern.compile("\\s*([+-]?)0*(\\d{0,60})(?:\\.(\\d{0,60}))?\\s*");
  private static final Pattern COMPARATOR = Pattern.compile("\\s*(<=|>=|<|>)\\s*[+-]?[\\d.].*");
  private static final Pattern TIME = Pattern.compile("(\\d\\d)(\\d\\d)?(\\d\\d)?(\\.\\d{1,4})?(?:[+-]\\d{4})?");

  /** UCUM's form with the atoms that are met in hospitals; what else is sent under its name is a unit in words. */
  private static final String ATOM = "(?:(?:da|[YZEPTGMkhdcmunpfazy])?(?:g|L|l|m|mol|eq|osm|s|Pa|J|W|V|A|Hz|K|Cel|cal|bar|U|kat|Bq|Gy|Sv|N|lm|t"
      + "|m\\[Hg\\]|m\\[H2O\\]|\\[iU\\]|\\[IU\\])|min|h|d|wk|mo|a|%|deg|Ohm|\\[[A-Za-z_]+\\]|10[*^])(?:[+-]?\\d{1,2})?(?:\\{[^{}\\s]*\\})?";
  private static final String UNIT = "(?:" + ATOM + "|\\{[^{}\\s]*\\}|[1-9]\\d{0,5})";
  private static final Pattern UCUM = Pattern.compile("/?" + UNIT + "(?:[./]" + UNIT + ")*");
  private static final Pattern JSON_ESCAPE = Pattern.compile("\\\\([\\\\\"])");
  private static final Pattern TOKEN_ESCAPED = Pattern.compile("([\\\\,|$])");
  private static final Pattern SPACES = Pattern.compile("\\s+");

  private HouseFilters() {}

  static void addTo(Filters filters, Set<String> shared) {
    filters.with("authority_system", 0, 3,
        (run, value, with) -> authority(run, shared, Values.text(value), text(with, 0), text(with, 1), text(with, 2)));
    filters.with("series_system", 2, 2,
        (run, value, with) -> series(Values.text(value), Values.text(with[0]), Values.text(with[1])));
    filters.with("root_system", 0, 0, (run, value, with) -> root(run, Values.text(value)));
    filters.with("hex_to_base64", 0, 0, (run, value, with) -> hexToBase64(Values.text(value)));
    filters.with("coding_system", 0, 0, (run, value, with) -> coding(run, Values.text(value)));
    filters.with("oid_system", 0, 0, (run, value, with) -> oid(run, Values.text(value)));
    filters.with("as_code", 0, 0, (run, value, with) -> code(Values.text(value)));
    filters.with("as_number", 0, 0, (run, value, with) -> number(Values.text(value)));
    filters.with("as_comparator", 0, 0, (run, value, with) -> comparator(Values.text(value)));
    filters.with("without_comparator", 0, 0, (run, value, with) -> bare(Values.text(value)));
    filters.with("as_time", 0, 0, (run, value, with) -> time(Values.text(value)));
    filters.with("is_date_time", 0, 0, (run, value, with) -> isDateTime(run, Values.text(value)));
    filters.with("is_ucum", 0, 0, (run, value, with) -> isUcum(Values.text(value)));
    filters.with("search_token", 1, 1, (run, value, with) -> token(run, Values.text(value), text(with, 0)));
    filters.with("as_hl7v2_text", 0, 0, (run, value, with) -> hl7v2Text(Values.rendered(value)));
    filters.with("distinct", 0, 0, (run, value, with) -> run.distinct(Values.text(value)));
    filters.with("push", 1, 1, (run, value, with) -> pushed(value, with[0]));
    filters.with("require", 1, 1, (run, value, with) -> required(value, Values.required(with[0])));
  }

  private static String text(Object[] with, int at) {
    return with.length <= at ? null : Values.text(with[at]);
  }

  /**
   * The identifier system of an assigning authority, HL7 v2 HD.
   *
   * <p>What is known by a name only is so within what one sender sends: every second hospital calls its numbers MRN or HIS. A name that the set's mapping
   * {@code SharedAuthority} has, or the configuration, means the same whoever says it.
   *
   * @param shared    those of the configuration
   * @param id        universal id
   * @param type      its type, ISO, UUID, URI, …
   * @param name      namespace id
   * @param otherwise the sender, whose it is when nobody is named
   */
  private static String authority(Run run, Set<String> shared, String id, String type, String name, String otherwise) {
    String worldwide = worldwide(id, type);
    if (worldwide == null) worldwide = worldwide(name, null);
    if (worldwide != null) return worldwide;
    String local = name != null ? name : id != null ? id : otherwise;
    if (local == null || local.isBlank()) return null;
    local = local.strip();
    boolean alone = otherwise == null || otherwise.isBlank() || otherwise.strip().equals(local)
        || shared.contains(local)
        || "true".equals(run.templates().codes().property(local, "SharedAuthority", "mapped"));
    return AUTHORITY + (alone ? "" : encoded(otherwise.strip()) + ":") + encoded(local);
  }

  /** Numbers of another type are other numbers: 777 of type AN is not the patient with the record 777. {@code plain}: the types that have the system itself. */
  private static String series(String system, String type, String plain) {
    if (system == null || !system.startsWith(AUTHORITY) || type == null || type.isBlank()) return system;
    return List.of(plain.split("\\|")).contains(type.strip()) ? system : system + ":" + encoded(type.strip());
  }

  /** The identifier system of a C-CDA root; what is neither OID nor UUID is a name. */
  private static String root(Run run, String root) {
    String known = oid(run, root);
    return known != null || root == null || root.isBlank() ? known : AUTHORITY + encoded(root.strip());
  }

  private static String hexToBase64(String hex) {
    try {
      return hex == null ? null : Base64.getEncoder().encodeToString(HexFormat.of().parseHex(hex.strip()));
    } catch (IllegalArgumentException none) {
      throw new ConversionException(ErrorCode.TEMPLATE_DATA_MISMATCH, "a part that is said to be Hex is none");
    }
  }

  private static String worldwide(String id, String type) {
    if (id == null) return null;
    String of = type == null ? "" : type.toUpperCase(Locale.ROOT);
    if (OID.matcher(id).matches() && (of.isEmpty() || of.equals("ISO"))) return "urn:oid:" + id;
    if (UUID.matcher(id).matches()) return "urn:uuid:" + id.toLowerCase(Locale.ROOT);
    return ADDRESS.matcher(id).matches() ? id : null;
  }

  /** Nothing in it is written in another way in an address. */
  private static boolean isPlain(String text) {
    for (int i = 0; i < text.length(); i++) {
      char one = text.charAt(i);
      boolean plain = one >= 'a' && one <= 'z' || one >= 'A' && one <= 'Z' || one >= '0' && one <= '9' || one == '-'
          || one == '.' || one == '_';
      if (!plain) return false;
    }
    return true;
  }

  private static String encoded(String text) {
    if (isPlain(text)) return text;
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  /** HL7 table 0396 to FHIR's address; without one null. */
  private static String coding(Run run, String name) {
    if (name == null || name.isBlank()) return null;
    String known = run.templates().codes().property(name.strip().toUpperCase(Locale.ROOT), "CodingSystem", "system");
    if (known != null) return known;
    Matcher table = HL7_TABLE.matcher(name.strip());
    if (table.matches()) return "http://terminology.hl7.org/CodeSystem/v2-" + table.group(1);
    return worldwide(name.strip(), null);
  }

  /** The address of a code system that C-CDA names by its OID. */
  private static String oid(Run run, String oid) {
    if (oid == null || oid.isBlank()) return null;
    String known = run.templates().codes().property(oid.strip(), "CodeSystemOid", "system");
    return known != null ? known : worldwide(oid.strip(), null);
  }

  /** FHIR R4 datatypes.html#code: no white space around it, and single spaces only within. */
  private static String code(String text) {
    if (text == null) return null;
    String code = text.chars().noneMatch(Character::isWhitespace) ? text : SPACES.matcher(text.strip()).replaceAll(" ");
    return code.isEmpty() ? null : code;
  }

  /** {@code 5.60} or {@code +.5} as JSON writes it, with its digits as they were sent; null for anything else. */
  private static String number(String text) {
    Matcher number = text == null ? null : NUMBER.matcher(text);
    if (number == null || !number.matches()) return null;
    String whole = number.group(2);
    String fraction = number.group(3);
    boolean digits = text.chars().anyMatch(Character::isDigit);
    if (!digits) return null;
    String plain = (whole.isEmpty() ? "0" : whole) + (fraction == null || fraction.isEmpty() ? "" : "." + fraction);
    return number.group(1).equals("-") ? "-" + plain : plain;
  }

  private static String comparator(String text) {
    Matcher comparator = text == null ? null : COMPARATOR.matcher(text);
    return comparator != null && comparator.matches() ? comparator.group(1) : null;
  }

  private static String bare(String text) {
    String comparator = comparator(text);
    return comparator == null ? text : text.strip().substring(comparator.length());
  }

  /** HL7 v2 TM as FHIR's time; null when the clock has no such time. */
  private static String time(String text) {
    Matcher time = text == null ? null : TIME.matcher(text.strip());
    if (time == null || !time.matches()) return null;
    int hour = Integer.parseInt(time.group(1));
    int minute = time.group(2) == null ? 0 : Integer.parseInt(time.group(2));
    int second = time.group(3) == null ? 0 : Integer.parseInt(time.group(3));
    if (hour > 23 || minute > 59 || second > 59) return null;
    return String.format(Locale.ROOT, "%02d:%02d:%02d%s", hour, minute, second,
        time.group(4) == null ? "" : time.group(4));
  }

  private static boolean isUcum(String unit) {
    return unit != null && unit.length() <= 40 && UCUM.matcher(unit).matches();
  }

  private static boolean isDateTime(Run run, String text) {
    if (text == null || text.isEmpty()) return false;
    try {
      PartialDateTime.ofHl7(text, run.zone);
      return true;
    } catch (ConversionException none) {
      return false;
    }
  }

  /** {@code system|value} as a search parameter's value (FHIR R4 search.html#token, #escaping), fit for an address. */
  private static String token(Run run, String value, String system) {
    if (value == null || value.isBlank() || system == null || system.isBlank()) return null;
    String plain = run.quoting != null || value.indexOf('\\') < 0 ? value : JSON_ESCAPE.matcher(value).replaceAll("$1");
    String escaped = isPlain(plain) ? plain : TOKEN_ESCAPED.matcher(plain).replaceAll("\\\\$1");
    return encoded(system + "|" + escaped);
  }

  /** A list grows where it is, so that a long one is not copied for each item. */
  private static List<Object> pushed(Object list, Object item) {
    @SuppressWarnings("unchecked")
    List<Object> grown = list instanceof ArrayList<?> own ? (List<Object>) own : Values.listed(list);
    if (item != grown) grown.add(item);
    return grown;
  }

  private static Object required(Object segments, String wanted) {
    for (String each : wanted.split("\\|")) {
      if (segments instanceof Map<?, ?> found && found.get(each) != null) continue;
      throw new ConversionException(ErrorCode.TEMPLATE_DATA_MISMATCH, "the input has no " + each);
    }
    return segments;
  }

  /** HL7 v2.5.1 2.7: nothing in it separates anything. Its backslashes are escaped for JSON, where it is going. */
  private static String hl7v2Text(String text) {
    StringBuilder escaped = new StringBuilder(text.length() + 16);
    String plain = text.replace("\r\n", "\n").replace('\r', '\n');
    for (int i = 0; i < plain.length(); i++) {
      char one = plain.charAt(i);
      switch (one) {
        case '\\' -> escaped.append("\\\\E\\\\");
        case '|' -> escaped.append("\\\\F\\\\");
        case '^' -> escaped.append("\\\\S\\\\");
        case '&' -> escaped.append("\\\\T\\\\");
        case '~' -> escaped.append("\\\\R\\\\");
        case '\n' -> escaped.append("\\\\.br\\\\");
        case '"' -> escaped.append("\\\"");
        default -> escaped.append(one);
      }
    }
    return escaped.toString();
  }
}
