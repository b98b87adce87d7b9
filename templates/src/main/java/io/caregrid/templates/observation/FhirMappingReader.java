package io.caregrid.templates.observation;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.templates.capture.Capture;
import io.caregrid.templates.mapping.Container;
import io.caregrid.templates.mapping.Declaration;
import io.caregrid.templates.mapping.Further;
import io.caregrid.templates.mapping.Located;
import io.caregrid.templates.mapping.Located.Kind;
import io.caregrid.templates.mapping.Members;
import io.caregrid.templates.mapping.Problems;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** Turns the text of a {@code fhirmapping.json} into templates, noting every mistake it finds on the way. */
final class FhirMappingReader {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
  private static final String TEMPLATE = "CodeValueFhirTemplate";
  /** Who may be Observation.performer (FHIR R4). */
  private static final Pattern REFERENCE = Pattern.compile(
      "(Practitioner|PractitionerRole|Organization|CareTeam|Patient|RelatedPerson)/[A-Za-z0-9.-]{1,64}");
  /** Of what FHIR calls a uri with a scheme. */
  private static final Pattern ADDRESS = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]*:[^\\s]+");
  private static final List<String> CONSTANTS = List.of("valueString", "valueCode", "valueUri", "valueBoolean",
      "valueInteger");
  private static final String TYPES = "Use SampledData, Quantity, CodeableConcept, String, Integer, Boolean, Range or Ratio.";
  private static final Further<FhirType> FURTHER = Further.of(FhirType.class, FhirType::templateType);
  private final Problems problems;
  private final Set<String> types = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);

  FhirMappingReader(Problems problems) {
    this.problems = problems;
  }

  List<CodeValueFhir> templates(Located root) {
    List<CodeValueFhir> templates = new ArrayList<>();
    for (Container container : Container.open(root, "CollectionFhir", problems)) {
      CodeValueFhir template = template(container);
      if (template != null) templates.add(template);
    }
    return List.copyOf(templates);
  }

  /** Null when it is wrong beyond use; why is noted. */
  private CodeValueFhir template(Container container) {
    FhirType further = container.is("CodeValueFhir") ? null : FURTHER.named(container.type());
    if (further != null) return further(container, further);
    if (!container.is("CodeValueFhir")) {
      problems.error(container.whole(), "Expected TemplateType value " + TEMPLATE + ", actual "
          + (container.type() == null ? "Not Found" : container.type()) + "." + FURTHER.missing());
      return null;
    }
    return codeValue(container.object(TEMPLATE, problems));
  }

  private CodeValueFhir further(Container container, FhirType type) {
    Located written = container.template() == null ? container.whole() : container.template();
    try {
      if (container.template() == null) throw new IllegalArgumentException("its template is missing.");
      Located meant = Located.of(type.codeValue(written.json()), written.line(), written.column());
      return codeValue(new Container(TEMPLATE, meant, written).object(TEMPLATE, problems));
    } catch (RuntimeException | LinkageError wrong) {
      problems.error(written, "[" + type.templateType() + "] " + Further.why(wrong));
      return null;
    }
  }

  /** Null when it is wrong beyond use; why is noted. */
  private CodeValueFhir codeValue(Members members) {
    if (members == null) return null;
    String type = type(members);
    ArrayNode codes = codes(members.requiredList("codes"));
    Period period = period(members);
    Effective.Form effective = effective(members, period);
    ArrayNode category = category(members);
    ArrayNode performer = performer(members);
    ArrayNode profile = profile(members);
    Located value = members.get("value");
    ValueTemplate template = value == null ? null : value(value, period);
    List<CodeValueFhir.Component> components = components(members, period);
    List<ObjectNode> fixed = new ArrayList<>();
    List<CodeValueFhir.Extension> extensions = extensions(members, period, fixed);
    List<CodeValueFhir.Part> parts = new ArrayList<>(components);
    parts.addAll(extensions);
    Capture capture = CaptureReader.read(members, template, parts, problems);
    members.done();
    if (type == null || period == null) return null;
    CodeValueFhir made = new CodeValueFhir(declaration(members, type, template, parts), codes, period, effective,
        category, performer, profile, List.copyOf(fixed), capture, template, components, extensions);
    if (made.samples() > SampledSlot.MOST_TOGETHER) {
      problems.error(members.object(), "Its SampledData give more than " + SampledSlot.MOST_TOGETHER
          + " samples together in one Observation. Use a longer defaultPeriod, or a shorter periodInterval.");
      return null;
    }
    return made;
  }

  private static Declaration declaration(Members members, String type, ValueTemplate value,
      List<CodeValueFhir.Part> parts) {
    List<ValueTemplate> values = new ArrayList<>();
    if (value != null) values.add(value);
    parts.forEach(part -> values.add(part.value()));
    List<String> names = values.stream().map(ValueTemplate::name).distinct().toList();
    List<String> sampled = values.stream()
        .filter(one -> one instanceof ValueTemplate.Sampled samples && samples.several())
        .map(ValueTemplate::name)
        .toList();
    return new Declaration(type, names, sampled, members.object().line(), members.object().column());
  }

  private String type(Members members) {
    String type = members.requiredText("typeName");
    if (type == null) return null;
    if (type.isBlank()) {
      problems.error(members.get("typeName"), "Empty type name is not allowed: '" + type + "'");
    } else if (!types.add(type)) {
      problems.error(members.get("typeName"), "Duplicate template defined for type name: '" + type + "'");
    }
    return type;
  }

  private Period period(Members members) {
    Located written = members.get("periodInterval");
    if (written == null) return Period.SINGLE;
    Period period = written.text() == null ? null : Period.of(written.text());
    if (period == null) {
      problems.error(written, "ObservationPeriodInterval " + written.text()
          + " is not supported. Use 0 (Single), 60 (Hourly), 1440 (Daily), -1 (CorrelationId) or minutes that divide a day.");
    }
    return period;
  }

  private Effective.Form effective(Members members, Period period) {
    Located written = members.get("effective");
    if (written == null || "Period".equalsIgnoreCase(written.text())) return Effective.Form.PERIOD;
    boolean instant = "Instant".equalsIgnoreCase(written.text());
    if (!instant && !"DateTime".equalsIgnoreCase(written.text())) {
      problems.error(written, "'effective' must be Period, DateTime or Instant.");
    } else if (period != null && !period.equals(Period.SINGLE)) {
      problems.error(written, "'effective' can only be a point in time with periodInterval 0 (Single).");
    }
    return instant ? Effective.Form.INSTANT : Effective.Form.DATE_TIME;
  }

  /** References as FHIR has them; null when there is none. */
  private ArrayNode performer(Members members) {
    ArrayNode references = JSON.arrayNode();
    for (Located item : members.list("performer")) {
      if (item.kind() == Kind.TEXT && REFERENCE.matcher(item.text()).matches()) {
        references.addObject().put("reference", item.text());
      } else {
        problems.error(item, "A performer must be a reference, like Organization/icu or Practitioner/17.");
      }
    }
    return references.isEmpty() ? null : references;
  }

  /** Canonical addresses of profiles; null when there is none. */
  private ArrayNode profile(Members members) {
    ArrayNode profiles = JSON.arrayNode();
    for (Located item : members.list("profile")) {
      if (item.kind() == Kind.TEXT && ADDRESS.matcher(item.text()).matches()) profiles.add(item.text());
      else problems.error(item, "A profile must be the address of a StructureDefinition, like http://…");
    }
    return profiles.isEmpty() ? null : profiles;
  }

  /**
   * Those with {@code value} take what measurements carry; those with {@code valueString} or the like are the same in every Observation.
   *
   * @param fixed gets the latter, as FHIR
   */
  private List<CodeValueFhir.Extension> extensions(Members members, Period period, List<ObjectNode> fixed) {
    List<CodeValueFhir.Extension> extensions = new ArrayList<>();
    Set<String> urls = new HashSet<>();
    for (Members extension : Members.objects(members.list("extensions"), "Extension", problems)) {
      String url = extension.requiredText("url");
      if (url != null && !ADDRESS.matcher(url).matches())
        problems.error(extension.get("url"), "The url of an extension must be an address, like http://…");
      if (url != null && !urls.add(url))
        problems.error(extension.get("url"), "Two extensions have the url " + url + ".");
      Located value = extension.get("value");
      ObjectNode constant = constant(extension, url);
      extension.done();
      ValueTemplate template = value == null ? null : value(value, period);
      if ((value == null) == (constant == null))
        problems.error(extension.object(), "An extension needs value, or one of " + String.join(", ", CONSTANTS) + ".");
      else
        if (template instanceof ValueTemplate.Sampled)
          problems.error(value, "An extension cannot be SampledData.");
        else
          if (template != null && url != null) extensions.add(new CodeValueFhir.Extension(url, template));
          else if (constant != null) fixed.add(constant);
    }
    return List.copyOf(extensions);
  }

  /** Null when there is none. */
  private ObjectNode constant(Members extension, String url) {
    ObjectNode constant = null;
    for (String element : CONSTANTS) {
      Located written = extension.get(element);
      if (written == null) continue;
      if (constant != null) problems.error(written, "An extension has one value.");
      constant = JSON.objectNode().put("url", url);
      if (element.equals("valueBoolean")) constant.put(element, extension.flag(element));
      else if (element.equals("valueInteger")) constant.put(element, integer(extension, element));
      else constant.put(element, extension.text(element));
    }
    return constant;
  }

  private int integer(Members extension, String element) {
    BigDecimal number = extension.number(element);
    try {
      return number == null ? 0 : number.intValueExact();
    } catch (ArithmeticException notWhole) {
      problems.error(extension.get(element), "'" + element + "' must be a whole number of 32 bits.");
      return 0;
    }
  }

  /** Null when there is none. */
  private ArrayNode category(Members members) {
    ArrayNode categories = JSON.arrayNode();
    for (Members category : Members.objects(members.list("category"), "FhirCodeableConcept", problems)) {
      categories.add(concept(category));
      category.done();
    }
    return categories.isEmpty() ? null : categories;
  }

  private List<CodeValueFhir.Component> components(Members members, Period period) {
    List<CodeValueFhir.Component> components = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (Members component : Members.objects(members.list("components"), "CodeValueMapping", problems)) {
      ArrayNode codes = codes(component.requiredList("codes"));
      Located value = component.required("value");
      component.done();
      ValueTemplate template = value == null ? null : value(value, period);
      if (template != null && !names.add(template.name())) {
        problems.error(component.object(),
            "Component value name '" + template.name() + "' is used twice in this template.");
      }
      if (template != null) components.add(new CodeValueFhir.Component(codes, template));
    }
    return List.copyOf(components);
  }

  private ObjectNode concept(Members members) {
    ObjectNode concept = JSON.objectNode();
    ArrayNode coding = codes(members.list("codes"));
    if (!coding.isEmpty()) concept.set("coding", coding);
    String text = members.text("text");
    if (text != null) concept.put("text", text);
    return concept;
  }

  private ArrayNode codes(List<Located> items) {
    ArrayNode codings = JSON.arrayNode();
    for (Members code : Members.objects(items, "FhirCode", problems)) {
      ObjectNode coding = JSON.objectNode();
      for (String name : List.of("system", "code", "display")) {
        String text = code.text(name);
        if (text != null && !text.isEmpty()) coding.put(name, text);
      }
      code.done();
      if (!coding.isEmpty()) codings.add(coding);
    }
    return codings;
  }

  /** Null when it is wrong; why is noted. */
  private ValueTemplate value(Located written, Period period) {
    if (written.kind() != Kind.OBJECT) {
      problems.error(written, "Expected an object for a value.");
      return null;
    }
    Members members = new Members(written, "value", problems);
    String type = members.text("valueType");
    if (type == null) {
      problems.error(written, "Property ValueType is missing. " + TYPES);
      return null;
    }
    String name = members.requiredText("valueName");
    ValueTemplate value = switch (type.toLowerCase(Locale.ROOT)) {
      case "sampleddata" -> sampled(members, name, period);
      case "quantity" ->
        new ValueTemplate.Quantity(name, text(members, "unit"), text(members, "system"), text(members, "code"));
      case "codeableconcept" -> new ValueTemplate.Concept(name, valueConcept(members));
      case "string" -> new ValueTemplate.Text(name);
      case "integer" -> new ValueTemplate.Whole(name);
      case "boolean" -> new ValueTemplate.Truth(name);
      case "range" ->
        new ValueTemplate.Pair(name, "valueRange", "..", "low", "high", text(members, "unit"), text(members, "system"),
            text(members, "code"));
      case "ratio" -> new ValueTemplate.Pair(name, "valueRatio", ":", "numerator", "denominator", text(members, "unit"),
          text(members, "system"),
          text(members, "code"));
      default -> unknown(members, type);
    };
    members.doneLeniently();
    return name == null ? null : value;
  }

  private ValueTemplate unknown(Members members, String type) {
    problems.error(members.get("valueType"),
        "Value type " + type + " is unknown. " + TYPES);
    members.ignore("unit", "system", "code", "codes", "text", "defaultPeriod", "trimmed", "samples");
    return null;
  }

  private ObjectNode valueConcept(Members members) {
    ObjectNode concept = concept(members);
    if (concept.isEmpty()) problems.warning(members.object(), "A CodeableConcept without text and codes says nothing.");
    return concept;
  }

  private ValueTemplate sampled(Members members, String name, Period period) {
    Located written = members.required("defaultPeriod");
    BigDecimal millis = members.number("defaultPeriod");
    String unit = text(members, "unit");
    String system = text(members, "system");
    String code = text(members, "code");
    boolean trimmed = members.flag("trimmed");
    boolean several = members.flag("samples");
    if (millis == null) return null;
    BigDecimal ticks = millis.movePointRight(SampledSlot.TICKS_OF_A_MILLI);
    boolean whole = ticks.stripTrailingZeros().scale() <= 0 && ticks.compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) <= 0;
    if (millis.signum() <= 0 || !whole) {
      problems.error(written, "'defaultPeriod' must be above 0, in milliseconds, a multiple of 0.0001.");
      return null;
    }
    long period100ns = ticks.longValueExact();
    if (period != null && period.seconds() * 10_000_000L / period100ns > SampledSlot.MOST_SAMPLES) {
      problems.error(written,
          "'defaultPeriod' " + millis.toPlainString() + " gives more than " + SampledSlot.MOST_SAMPLES
              + " samples in one Observation. Use a longer one, or a shorter periodInterval.");
      return null;
    }
    BigDecimal plain = millis.stripTrailingZeros();
    return new ValueTemplate.Sampled(name, plain.scale() < 0 ? plain.setScale(0) : plain, period100ns, unit, system,
        code, trimmed, several);
  }

  private static String text(Members members, String name) {
    String text = members.text(name);
    return text == null || text.isEmpty() ? null : text;
  }
}
