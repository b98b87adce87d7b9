package io.caregrid.api.fhir.r4;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.parser.IParser;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.hl7.fhir.r4.model.Bundle;
import org.hl7.fhir.r4.model.CanonicalType;
import org.hl7.fhir.r4.model.CodeSystem;
import org.hl7.fhir.r4.model.CodeSystem.ConceptDefinitionComponent;
import org.hl7.fhir.r4.model.ElementDefinition;
import org.hl7.fhir.r4.model.ElementDefinition.ConstraintSeverity;
import org.hl7.fhir.r4.model.ElementDefinition.TypeRefComponent;
import org.hl7.fhir.r4.model.Enumerations.BindingStrength;
import org.hl7.fhir.r4.model.StructureDefinition;
import org.hl7.fhir.r4.model.StructureDefinition.StructureDefinitionKind;
import org.hl7.fhir.r4.model.StructureDefinition.TypeDerivationRule;
import org.hl7.fhir.r4.model.ValueSet;
import org.hl7.fhir.r4.model.ValueSet.ConceptSetComponent;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Holds {@code r4.definitions} and {@code r4.codes} against R4's StructureDefinitions and value sets. {@code -Ddefinitions.write=true} writes them anew. */
@Tag("full")
class DefinitionFilesTest {
  private static final Path FOLDER = Path.of("src", "main", "resources", "io", "caregrid", "api", "fhir", "r4");
  private static final String MODEL = "/org/hl7/fhir/r4/model/";
  private static final IParser XML = FhirContext.forR4().newXmlParser();

  private final Map<String, StructureDefinition> types = new LinkedHashMap<>();
  private final Map<String, ValueSet> valueSets = new LinkedHashMap<>();
  private final Map<String, CodeSystem> codeSystems = new LinkedHashMap<>();
  private final Map<String, List<String>> codes = new TreeMap<>();

  @Test
  void theTablesAreThoseOfFhirsDefinitions() throws Exception {
    read("profile/profiles-types.xml");
    read("profile/profiles-resources.xml");
    read("valueset/valuesets.xml");
    read("valueset/v3-codesystems.xml");
    read("valueset/v2-tables.xml");

    List<String> definitions = definitions();
    List<String> sets = codes.entrySet()
        .stream()
        .flatMap(
            set -> java.util.stream.Stream.concat(java.util.stream.Stream.of(set.getKey()), set.getValue().stream()))
        .toList();

    held("r4.definitions", definitions);
    held("r4.codes", sets);
  }

  private static void held(String file, List<String> lines) throws IOException {
    if (Boolean.getBoolean("definitions.write")) Files.write(FOLDER.resolve(file), lines);
    assertEquals(lines, Files.readAllLines(FOLDER.resolve(file)));
  }

  private void read(String file) throws IOException {
    try (InputStream in = DefinitionFilesTest.class.getResourceAsStream(MODEL + file)) {
      Bundle bundle = XML.parseResource(Bundle.class, new InputStreamReader(in, StandardCharsets.UTF_8));
      bundle.getEntry().forEach(entry -> {
        if (entry.getResource() instanceof StructureDefinition type && isType(type)) types.put(type.getType(), type);
        if (entry.getResource() instanceof ValueSet set) valueSets.put(set.getUrl(), set);
        if (entry.getResource() instanceof CodeSystem system) codeSystems.put(system.getUrl(), system);
      });
    }
  }

  private static boolean isType(StructureDefinition definition) {
    return definition.getDerivation() != TypeDerivationRule.CONSTRAINT
        && definition.getKind() != StructureDefinitionKind.PRIMITIVETYPE;
  }

  private List<String> definitions() {
    Map<String, List<String>> lines = new LinkedHashMap<>();
    types.keySet().forEach(name -> write(name, lines));
    return lines.values().stream().flatMap(List::stream).toList();
  }

  /** Ancestors first. */
  private void write(String name, Map<String, List<String>> lines) {
    StructureDefinition definition = types.get(name);
    if (definition == null || lines.containsKey(name)) return;
    String base = last(definition.getBaseDefinition());
    write(base, lines);
    Map<String, List<String>> inner = new LinkedHashMap<>();
    for (ElementDefinition element : definition.getDifferential().getElement()) {
      String path = element.getPath();
      if (!path.contains(".")) {
        inner.put(path, first(path + (base.isEmpty() ? "" : "<" + base), element, " "));
        continue;
      }
      List<String> owner = inner.get(path.substring(0, path.lastIndexOf('.')));
      owner.add(" " + word(element));
      if (isNested(element)) {
        inner.put(path, first(path + "<" + element.getTypeFirstRep().getCode(), element, " "));
      } else {
        rules(element, "  ").forEach(owner::add);
      }
    }
    lines.putAll(inner);
  }

  private static List<String> first(String head, ElementDefinition element, String indent) {
    List<String> lines = new ArrayList<>(List.of(head));
    lines.addAll(rules(element, indent));
    return lines;
  }

  private static List<String> rules(ElementDefinition element, String indent) {
    return element.getConstraint()
        .stream()
        .filter(rule -> rule.getSeverity() == ConstraintSeverity.ERROR && rule.hasExpression())
        .map(rule -> indent + "!" + rule.getKey() + "\t" + line(rule.getHuman()) + "\t" + line(rule.getExpression()))
        .toList();
  }

  private static String line(String text) {
    return text.replaceAll("\\s+", " ").trim();
  }

  private static boolean isNested(ElementDefinition element) {
    return element.getType().size() == 1
        && Set.of("BackboneElement", "Element").contains(element.getTypeFirstRep().getCode());
  }

  private String word(ElementDefinition element) {
    String name = element.getPath().substring(element.getPath().lastIndexOf('.') + 1);
    String flags = (element.getIsSummary() ? "S" : "") + (element.getIsModifier() ? "M" : "");
    return name + " " + element.getMin() + ".." + element.getMax() + " " + (flags.isEmpty() ? "-" : flags) + " "
        + typesOf(element) + binding(element) + targets(element);
  }

  private static String typesOf(ElementDefinition element) {
    if (isNested(element)) return element.getPath();
    if (element.hasContentReference()) return element.getContentReference().substring(1);
    return element.getType()
        .stream()
        .map(type -> named(element.getPath(), type))
        .distinct()
        .collect(Collectors.joining("|"));
  }

  private static String named(String path, TypeRefComponent type) {
    if (!type.getCode().startsWith("http://hl7.org/fhirpath/")) return type.getCode();
    return path.equals("Resource.id") ? "id" : path.equals("Extension.url") ? "uri" : "string";
  }

  private String binding(ElementDefinition element) {
    boolean required = element.hasBinding() && element.getBinding().getStrength() == BindingStrength.REQUIRED
        && element.getBinding().hasValueSet();
    if (!required) return "";
    String url = element.getBinding().getValueSet().replaceFirst("\\|.*", "");
    if (!codes.containsKey(url)) {
      Map<String, Set<String>> all = expanded(url);
      if (all == null) return "";
      codes.put(url,
          all.entrySet().stream().map(set -> " " + set.getKey() + "\t" + String.join("\t", set.getValue())).toList());
    }
    return " =" + url;
  }

  /** System to codes; null when it cannot be listed. */
  private Map<String, Set<String>> expanded(String url) {
    ValueSet set = valueSets.get(url);
    if (set == null) return null;
    Map<String, Set<String>> all = new LinkedHashMap<>();
    for (ConceptSetComponent part : set.getCompose().getInclude()) {
      Map<String, Set<String>> included = included(part);
      if (included == null) return null;
      included.forEach((system, some) -> all.computeIfAbsent(system, key -> new LinkedHashSet<>()).addAll(some));
    }
    for (ConceptSetComponent part : set.getCompose().getExclude()) {
      Map<String, Set<String>> excluded = included(part);
      if (excluded == null) return null;
      excluded.forEach((system, some) -> all.getOrDefault(system, Set.of()).removeAll(some));
    }
    return all;
  }

  private Map<String, Set<String>> included(ConceptSetComponent part) {
    if (part.hasValueSet()) {
      Map<String, Set<String>> all = new LinkedHashMap<>();
      for (CanonicalType other : part.getValueSet()) {
        Map<String, Set<String>> some = expanded(other.getValue());
        if (some == null || part.hasSystem()) return null;
        some.forEach((system, codes) -> all.computeIfAbsent(system, key -> new LinkedHashSet<>()).addAll(codes));
      }
      return all;
    }
    if (part.hasConcept()) {
      return Map.of(part.getSystem(),
          part.getConcept()
              .stream()
              .map(concept -> concept.getCode())
              .collect(Collectors.toCollection(LinkedHashSet::new)));
    }
    CodeSystem system = codeSystems.get(part.getSystem());
    if (system == null || system.getConcept().isEmpty() || part.getFilter().size() > 1) return null;
    Set<String> found = new LinkedHashSet<>();
    if (!part.hasFilter()) {
      system.getConcept().forEach(concept -> below(concept, found));
    } else
      if (part.getFilterFirstRep().getProperty().equals("concept")
          && part.getFilterFirstRep().getOp() == ValueSet.FilterOperator.ISA) {
            system.getConcept().forEach(concept -> from(concept, part.getFilterFirstRep().getValue(), found));
          } else {
            return null;
          }
    return Map.of(part.getSystem(), found);
  }

  private static void below(ConceptDefinitionComponent concept, Set<String> found) {
    found.add(concept.getCode());
    concept.getConcept().forEach(child -> below(child, found));
  }

  private static void from(ConceptDefinitionComponent concept, String root, Set<String> found) {
    if (concept.getCode().equals(root)) below(concept, found);
    else concept.getConcept().forEach(child -> from(child, root, found));
  }

  private static String targets(ElementDefinition element) {
    List<String> targets = element.getType()
        .stream()
        .filter(type -> type.getCode().equals("Reference"))
        .flatMap(type -> type.getTargetProfile().stream())
        .map(profile -> last(profile.getValue()))
        .toList();
    return targets.isEmpty() || targets.contains("Resource") ? "" : " >" + String.join("|", targets);
  }

  private static String last(String url) {
    return url == null ? "" : url.substring(url.lastIndexOf('/') + 1);
  }
}
