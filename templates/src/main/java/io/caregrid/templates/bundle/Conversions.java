package io.caregrid.templates.bundle;

import io.caregrid.templates.bundle.Conversion.Kind;
import io.caregrid.templates.hl7v2.Header;
import io.caregrid.templates.liquid.ConversionException;
import io.caregrid.templates.liquid.ErrorCode;
import io.caregrid.templates.liquid.Limits;
import io.caregrid.templates.liquid.TemplateFiles;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.ZoneId;
import java.util.EnumMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * All sets of templates of a node, each compiled once: ours under the names that FHIR-Converter's clients use for its own, and those of the configuration, which may
 * take these names over. Immutable, for any number of threads; a changed folder or zip counts after a restart.
 *
 * <p>Blocking: a conversion takes from a millisecond to {@link Limits#time()}.
 */
public final class Conversions {
  public static final String HL7V2 = "microsofthealth/hl7v2templates:default";
  public static final String CCDA = "microsofthealth/ccdatemplates:default";
  /** There are no templates of ours for any JSON, nor for STU3: a configured set takes these names. */
  public static final String JSON = "microsofthealth/jsontemplates:default";
  public static final String STU3 = "microsofthealth/stu3tor4templates:default";
  /** FHIR to HL7 v2. */
  public static final String FHIR = "microsofthealth/fhirtohl7v2templates:default";
  /** The name from before there were several sets; it means HL7 v2. */
  public static final String LEGACY = "microsofthealth/fhirconverter:default";
  /** For what strangers send: as {@link Limits#DEFAULT}, with a quarter of its output. */
  public static final Limits DOOR = new Limits(100_000, Duration.ofSeconds(30), 32 << 20, 100);
  private static final String OLDEST_DOCUMENT = "CCD";
  private final Map<String, Map<Kind, Conversion>> sets;

  private Conversions(Map<String, Map<Kind, Conversion>> sets) {
    this.sets = sets;
  }

  /** With the limits of {@link #DOOR}; every authority's name is its sender's own. */
  public static Conversions load(Map<String, Path> configured, ZoneId zone, Clock clock) {
    return load(configured, Set.of(), DOOR, zone, clock);
  }

  /**
   * @param configured name to folder or zip, of one kind or with folders such as {@code Hl7v2} and {@code Ccda}
   * @param shared     names of assigning authorities that mean the same whoever says them
   * @param limits     of one conversion
   * @param zone       of dates and times that name none
   * @throws ConversionException 1101 to 1105 and 1305, beginning with the set's name
   */
  public static Conversions load(Map<String, Path> configured, Set<String> shared, Limits limits, ZoneId zone,
      Clock clock) {
    Conversion messages = Conversion.of(Kind.HL7V2, OwnTemplates.files("hl7v2"), shared, limits, zone, clock);
    Conversion documents = Conversion.of(Kind.CCDA, OwnTemplates.files("ccda"), shared, limits, zone, clock);
    Map<String, Map<Kind, Conversion>> sets = new TreeMap<>();
    sets.put(HL7V2, Map.of(Kind.HL7V2, messages));
    sets.put(LEGACY, Map.of(Kind.HL7V2, messages));
    sets.put(CCDA, Map.of(Kind.CCDA, documents));
    sets.put(FHIR,
        Map.of(Kind.FHIR, Conversion.of(Kind.FHIR, OwnTemplates.files("fhirtohl7v2"), shared, limits, zone, clock)));
    configured.forEach(
        (name, place) -> sets.put(name.toLowerCase(Locale.ROOT), set(name, place, shared, limits, zone, clock)));
    return new Conversions(sets);
  }

  private static Map<Kind, Conversion> set(String name, Path place, Set<String> shared, Limits limits, ZoneId zone,
      Clock clock) {
    try {
      Map<String, String> files = TemplateFiles.read(place);
      Map<Kind, Conversion> kinds = new EnumMap<>(Kind.class);
      Map<Map<String, String>, Conversion> compiled = new IdentityHashMap<>();
      for (Kind kind : kinds(files)) {
        Conversion one = compiled.computeIfAbsent(TemplateFiles.under(files, kind.folder),
            its -> Conversion.of(kind, its, shared, limits, zone, clock));
        kinds.put(kind, one.as(kind));
      }
      if (kinds.values().stream().allMatch(each -> each.roots().isEmpty())) {
        throw new ConversionException(ErrorCode.TEMPLATE_LOADING_ERROR,
            "there is no template in it that a conversion could begin with");
      }
      return kinds;
    } catch (ConversionException wrong) {
      throw new ConversionException(wrong.code, "templates '" + name + "' at " + place + ": " + wrong.told(),
          wrong.template, wrong.line);
    }
  }

  /** What a set is for: its folders say it, or its {@code metadata.json}; without either it is taken for all. */
  private static List<Kind> kinds(Map<String, String> files) {
    List<Kind> folders = List.of(Kind.values())
        .stream()
        .filter(kind -> files.keySet().stream().anyMatch(path -> path.startsWith(kind.folder + "/")))
        .toList();
    if (!folders.isEmpty()) return folders;
    List<Kind> said = Metadata.of(files).kinds();
    return said.isEmpty() ? List.of(Kind.values()) : said;
  }

  /** The name under which data of a kind find their templates when nobody says by which. */
  public static String house(Kind kind) {
    return switch (kind) {
      case HL7V2 -> HL7V2;
      case CCDA -> CCDA;
      case JSON -> JSON;
      case STU3 -> STU3;
      case FHIR -> FHIR;
    };
  }

  /** What a set is for; nothing when there is none of that name. */
  public Set<Kind> kinds(String set) {
    return sets.getOrDefault(set.toLowerCase(Locale.ROOT), Map.of()).keySet();
  }

  /** Of all sets, in small letters. */
  public Set<String> names() {
    return sets.keySet();
  }

  /** One HL7 v2 message by the set {@link #HL7V2}, beginning with the template that MSH-9 names. */
  public Outcome hl7v2(String message) {
    return convert(HL7V2, Kind.HL7V2, null, message);
  }

  /** One C-CDA document by the set {@link #CCDA}. */
  public Outcome ccda(String document) {
    return convert(CCDA, Kind.CCDA, null, document);
  }

  /**
   * @param set  a name, case aside
   * @param root with which template to begin; null: what MSH-9 names, of a document {@code CCD}, of STU3 its type, of other JSON the set's only one
   */
  public Outcome convert(String set, Kind kind, String root, String input) {
    try {
      Conversion conversion = find(set, kind);
      return conversion.convert(input, root == null ? guessed(conversion, kind, input) : root);
    } catch (ConversionException failure) {
      return new Outcome.Refused(failure);
    }
  }

  private Conversion find(String set, Kind kind) {
    Map<Kind, Conversion> found = sets.get(set.toLowerCase(Locale.ROOT));
    if (found == null)
      throw new ConversionException(ErrorCode.TEMPLATE_FOLDER_NOT_FOUND,
          "this node has no templates of that name; it has " + String.join(", ", names()));
    if (!found.containsKey(kind))
      throw new ConversionException(ErrorCode.TEMPLATE_DATA_MISMATCH,
          "these templates are not for " + kind.folder + " data");
    return found.get(kind);
  }

  /** ADT^A01^ADT_A01: the type and event, or else the structure, or else the only template of that type. */
  private static String guessed(Conversion conversion, Kind kind, String input) {
    if (kind == Kind.CCDA) return OLDEST_DOCUMENT;
    if (kind.isJson()) return ofJson(conversion, kind, input);
    Header header = Header.of(input);
    String named = header.type() + "_" + header.event();
    if (header.type().isEmpty() || conversion.has(named)) return named(header, named);
    if (!header.structure().isEmpty() && conversion.has(header.structure())) return header.structure();
    List<String> ofType = conversion.roots().stream().filter(root -> root.startsWith(header.type() + "_")).toList();
    return header.event().isEmpty() && ofType.size() == 1 ? ofType.get(0) : named;
  }

  private static String ofJson(Conversion conversion, Kind kind, String input) {
    if (kind == Kind.STU3 && JsonInput.parse(input) instanceof Map<?, ?> resource
        && resource.get("resourceType") instanceof String type)
      return type;
    if (conversion.roots().size() == 1) return conversion.roots().iterator().next();
    throw new ConversionException(ErrorCode.NULL_OR_EMPTY_ROOT_TEMPLATE,
        "JSON does not say what it is: name the template to begin with");
  }

  private static String named(Header header, String named) {
    if (!header.type().isEmpty()) return named;
    throw new ConversionException(ErrorCode.NULL_OR_EMPTY_ROOT_TEMPLATE,
        "MSH-9 does not say what the message is: name the template to begin with");
  }
}
