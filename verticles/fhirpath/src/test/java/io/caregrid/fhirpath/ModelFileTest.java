package io.caregrid.fhirpath;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;
import org.junit.jupiter.api.Test;

/** Holds {@code r4.model} against R4's StructureDefinitions. {@code -Dmodel.write=true} writes it anew. */
class ModelFileTest {
  private static final Path FILE = Path.of("src", "main", "resources", "io", "caregrid", "fhirpath", "r4.model");
  private static final String PROFILES = "/org/hl7/fhir/r4/model/profile/";

  private final Map<String, Definition> definitions = new LinkedHashMap<>();

  private record Definition(String name, String base, List<Element> elements) {}

  private record Element(String path, String max, List<String> types, String reference) {}

  @Test
  void theTableOfTypesIsThatOfFhirsDefinitions() throws Exception {
    read("profiles-types.xml");
    read("profiles-resources.xml");

    List<String> lines = lines();

    if (Boolean.getBoolean("model.write")) Files.write(FILE, lines);
    assertEquals(lines, Files.readAllLines(FILE));
  }

  private List<String> lines() {
    List<String> open = choices("Extension", "Extension.value[x]");
    Map<String, String> lines = new LinkedHashMap<>();
    definitions.keySet().forEach(name -> write(name, open, lines));
    List<String> all = new ArrayList<>(List.of("* " + String.join("|", open)));
    all.addAll(lines.values());
    return all;
  }

  private List<String> choices(String type, String path) {
    return definitions.get(type).elements().stream().filter(e -> e.path().equals(path)).findFirst().get().types();
  }

  /** Ancestors first. */
  private void write(String name, List<String> open, Map<String, String> lines) {
    Definition definition = definitions.get(name);
    if (definition == null || lines.containsKey(name)) return;
    write(definition.base(), open, lines);
    Map<String, StringBuilder> inner = new LinkedHashMap<>();
    inner.put(name, new StringBuilder(name + (definition.base().isEmpty() ? "" : "<" + definition.base())));
    for (Element element : definition.elements()) {
      if (!element.path().contains(".")) continue;
      boolean nested = element.types().equals(List.of("BackboneElement")) || element.types().equals(List.of("Element"));
      if (nested) inner.put(element.path(), new StringBuilder(element.path() + "<" + element.types().get(0)));
      String owner = element.path().substring(0, element.path().lastIndexOf('.'));
      if (inner.containsKey(owner)) inner.get(owner).append(' ').append(word(element, nested, open));
    }
    inner.forEach((type, line) -> lines.put(type, line.toString()));
  }

  private static String word(Element element, boolean nested, List<String> open) {
    String name = element.path().substring(element.path().lastIndexOf('.') + 1);
    boolean choice = name.endsWith("[x]");
    String types = nested
        ? element.path()
        : element.reference() != null
            ? element.reference()
            : choice && element.types().equals(open) ? "*" : String.join("|", element.types());
    return name + (element.max().equals("1") || element.max().equals("0") ? "" : "*") + ":" + types;
  }

  private void read(String file) throws IOException, XMLStreamException {
    try (InputStream in = ModelFileTest.class.getResourceAsStream(PROFILES + file)) {
      XMLStreamReader xml = XMLInputFactory.newDefaultFactory().createXMLStreamReader(in);
      while (xml.hasNext()) {
        if (xml.next() == XMLStreamConstants.START_ELEMENT && xml.getLocalName().equals("StructureDefinition")) {
          Definition definition = definition(xml);
          if (definition != null) definitions.put(definition.name(), definition);
        }
      }
    }
  }

  /** Null for a profile of another type. */
  private static Definition definition(XMLStreamReader xml) throws XMLStreamException {
    String name = null;
    String base = "";
    boolean constraint = false;
    List<Element> elements = new ArrayList<>();
    while (!(xml.next() == XMLStreamConstants.END_ELEMENT && xml.getLocalName().equals("StructureDefinition"))) {
      if (xml.getEventType() != XMLStreamConstants.START_ELEMENT) continue;
      switch (xml.getLocalName()) {
        case "snapshot", "text", "context", "contact", "mapping", "extension" -> skip(xml);
        case "type" -> name = value(xml);
        case "derivation" -> constraint = value(xml).equals("constraint");
        case "baseDefinition" -> base = last(value(xml));
        case "element" -> elements.add(element(xml));
        default -> {}
      }
    }
    return constraint ? null : new Definition(name, base, elements);
  }

  private static Element element(XMLStreamReader xml) throws XMLStreamException {
    String path = null;
    String max = "1";
    String reference = null;
    List<String> types = new ArrayList<>();
    for (int depth = 1; depth > 0;) {
      int event = xml.next();
      if (event == XMLStreamConstants.END_ELEMENT) depth--;
      if (event != XMLStreamConstants.START_ELEMENT) continue;
      depth++;
      if (depth == 2 && xml.getLocalName().equals("path")) path = value(xml);
      if (depth == 2 && xml.getLocalName().equals("max")) max = value(xml);
      if (depth == 2 && xml.getLocalName().equals("contentReference")) reference = value(xml).substring(1);
      if (depth == 3 && xml.getLocalName().equals("code") && !types.contains(value(xml))) types.add(value(xml));
    }
    String of = path;
    return new Element(path, max, types.stream().map(type -> named(of, type)).toList(), reference);
  }

  /** Ids and URLs are of FHIRPath's own type there, though FHIR's documentation gives them one of FHIR's. */
  private static String named(String path, String type) {
    if (!type.startsWith("http://hl7.org/fhirpath/")) return type;
    return path.equals("Resource.id") ? "id" : path.equals("Extension.url") ? "uri" : "string";
  }

  private static void skip(XMLStreamReader xml) throws XMLStreamException {
    for (int depth = 1; depth > 0;) {
      int event = xml.next();
      if (event == XMLStreamConstants.START_ELEMENT) depth++;
      if (event == XMLStreamConstants.END_ELEMENT) depth--;
    }
  }

  private static String value(XMLStreamReader xml) {
    return xml.getAttributeValue(null, "value");
  }

  private static String last(String url) {
    return url.substring(url.lastIndexOf('/') + 1);
  }
}
