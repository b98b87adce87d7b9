package io.caregrid.templates.bundle;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.templates.ccda.Document;
import io.caregrid.templates.ccda.Narrative;
import io.caregrid.templates.ccda.SectionFilters;
import io.caregrid.templates.hl7v2.Header;
import io.caregrid.templates.hl7v2.Message;
import io.caregrid.templates.hl7v2.MessageDefinition;
import io.caregrid.templates.hl7v2.SegmentFilters;
import io.caregrid.templates.hl7v2.Unused;
import io.caregrid.templates.liquid.ConversionException;
import io.caregrid.templates.liquid.ConversionFilters;
import io.caregrid.templates.liquid.ErrorCode;
import io.caregrid.templates.liquid.Filters;
import io.caregrid.templates.liquid.Limits;
import io.caregrid.templates.liquid.TemplateFiles;
import io.caregrid.templates.liquid.Templates;
import java.nio.file.Path;
import java.time.Clock;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Converts messages of one kind with one set of templates. Immutable, for any number of threads; one conversion is bounded by its {@link Limits} and by
 * {@link #longest}.
 */
public final class Conversion {
  /** Most characters of one input. */
  public static final int LONGEST_INPUT = 32 << 20;
  /** The same of a C-CDA document, which may hold scans and long tables: what Java keeps of it is bounded by its parts. */
  public static final int LONGEST_DOCUMENT = 64 << 20;

  /** Most resources of one Bundle. */
  public static final int MOST_RESOURCES = 10_000;
  private static final String RESOURCE = "\"resourceType\"";

  /**
   * What goes in and comes out: HL7 v2, C-CDA, any JSON and FHIR STU3 become FHIR R4; FHIR R4 becomes HL7 v2.
   *
   * @param folder where a tree of several kinds keeps this one
   * @param type   what a set's {@code metadata.json} calls it
   */
  public enum Kind {
    HL7V2("Hl7v2", "hl7v2"),
    CCDA("Ccda", "ccda"),
    JSON("Json", "json"),
    STU3("Stu3ToR4", "fhir"),
    FHIR("FhirToHl7v2",
        "fhir");

    final String folder;
    final String type;

    Kind(String folder, String type) {
      this.folder = folder;
      this.type = type;
    }

    /** Whether its input is JSON. */
    public boolean isJson() {
      return this != HL7V2 && this != CCDA;
    }
  }

  private final Kind kind;
  private final Templates templates;
  private final Metadata metadata;
  private final Limits limits;
  private final ZoneId zone;
  private final Clock clock;

  private Conversion(Kind kind, Templates templates, Metadata metadata, Limits limits, ZoneId zone, Clock clock) {
    this.kind = kind;
    this.templates = templates;
    this.metadata = metadata;
    this.limits = limits;
    this.zone = zone;
    this.clock = clock;
  }

  /**
   * @param place folder or zip, either of this kind or with a folder such as {@code Hl7v2} or {@code Ccda} in it
   * @param zone  of dates and times that name none
   * @throws ConversionException 1101 to 1105, and 1305 for a schema that is named and missing
   */
  public static Conversion load(Kind kind, Path place, Limits limits, ZoneId zone, Clock clock) {
    return of(kind, TemplateFiles.under(TemplateFiles.read(place), kind.folder), limits, zone, clock);
  }

  public static Conversion of(Kind kind, Map<String, String> files, Limits limits, ZoneId zone, Clock clock) {
    return of(kind, files, Set.of(), limits, zone, clock);
  }

  /** @param shared names of assigning authorities that mean the same whoever says them */
  public static Conversion of(Kind kind, Map<String, String> files, Set<String> shared, Limits limits, ZoneId zone,
      Clock clock) {
    Filters filters = ConversionFilters.all(shared);
    SegmentFilters.addTo(filters);
    SectionFilters.addTo(filters);
    return new Conversion(kind, Templates.of(files, filters), Metadata.of(files), limits, zone, clock);
  }

  /** The same templates for data of another kind. */
  Conversion as(Kind other) {
    return new Conversion(other, templates, metadata, limits, zone, clock);
  }

  /** Most characters of one input. */
  public static int longest(Kind kind) {
    return kind == Kind.CCDA ? LONGEST_DOCUMENT : LONGEST_INPUT;
  }

  /** What a conversion can start with. */
  public Set<String> roots() {
    return templates.roots();
  }

  public boolean has(String root) {
    return templates.has(root);
  }

  public int size() {
    return templates.size();
  }

  /** @param root for instance {@code ADT_A01} or {@code CCD}; the folder of its kind may stand before it, {@code Hl7v2/ADT_A01} */
  public Outcome convert(String input, String root) {
    String prefix = kind.folder + "/";
    boolean foldered = root != null && root.startsWith(prefix) && !templates.has(root);
    return begun(input, foldered ? root.substring(prefix.length()) : root);
  }

  private Outcome begun(String input, String root) {
    try {
      if (input != null && input.length() > longest(kind)) {
        throw new ConversionException(ErrorCode.INPUT_PARSING_ERROR,
            "the input has more than " + longest(kind) + " characters");
      }
      return switch (kind) {
        case HL7V2 -> message(Message.parse(input, metadata.lean()), input, root);
        case CCDA -> document(Document.parse(input), input, root);
        case JSON, STU3 -> new Outcome.Converted(resource(JsonInput.parse(input), root), List.of());
        case FHIR ->
          new Outcome.Written(MessageDefinition.written(LooseJson.read(rendered(JsonInput.parse(input), root))));
      };
    } catch (ConversionException failure) {
      return new Outcome.Refused(failure);
    }
  }

  private Outcome message(Message message, String input, String root) {
    ZoneId its = metadata.sendersZone() ? Header.zone(input, zone) : zone;
    String json = templates.render(root, Map.of("hl7v2Data", message), limits, its, clock);
    return new Outcome.Converted(Entries.merged(LooseJson.read(bounded(json))), Unused.of(message));
  }

  /** Counted before it is read: a tree of it takes some ten times its characters. */
  private static String bounded(String json) {
    int found = 0;
    for (int at = json.indexOf(RESOURCE); at >= 0; at = json.indexOf(RESOURCE, at + 1)) {
      if (++found > MOST_RESOURCES)
        throw new ConversionException(ErrorCode.TEMPLATE_RENDERING_ERROR,
            "the Bundle has more than " + MOST_RESOURCES + " resources");
    }
    return json;
  }

  private ObjectNode resource(Object input, String root) {
    ObjectNode made = Entries.merged(LooseJson.read(rendered(input, root)));
    if (made.has(MessageDefinition.MEMBER) && !made.has("resourceType"))
      throw new ConversionException(ErrorCode.TEMPLATE_DATA_MISMATCH,
          "the template makes an HL7 v2 message, and a FHIR resource is asked for");
    return made;
  }

  private String rendered(Object input, String root) {
    return bounded(templates.renderQuoting(root, Map.of("msg", input), limits, zone, clock));
  }

  /** @param input as it was sent, for templates that keep the document itself */
  private Outcome document(Map<String, Object> document, String input, String root) {
    Map<String, Object> variables = Map.of("msg", document, "caregrid_original", input, "caregrid_narrative",
        new Narrative(input));
    String json = templates.renderQuoting(root, variables, limits, zone, clock);
    return new Outcome.Converted(Entries.merged(LooseJson.read(bounded(json))), List.of());
  }
}
