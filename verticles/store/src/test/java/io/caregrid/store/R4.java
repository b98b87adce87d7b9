package io.caregrid.store;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;

/** HL7's definitions of R4, as HAPI ships them: what {@code r4.search} is made of. */
final class R4 {
  private static final String FOLDER = "/org/hl7/fhir/r4/model/";

  /** Element path, {@code [x]} for a choice → canonical of the value set it is bound to, where it is required. */
  final Map<String, String> bindings = new LinkedHashMap<>();
  /** Value set → its only code system. */
  final Map<String, String> systems = new LinkedHashMap<>();
  /** Resource type → compartment → parameters, {@code {def}} left out. */
  final Map<String, Map<String, List<String>>> compartments = new TreeMap<>();
  /** Type → element → {@code type}, {@code *} behind it where it repeats. */
  final Map<String, Map<String, String>> elements = new LinkedHashMap<>();
  final Map<String, String> bases = new LinkedHashMap<>();
  final List<JsonNode> parameters = new ArrayList<>();

  /** The types and their elements only. */
  R4() throws IOException {
    readModel();
  }

  /** With everything else, which takes some seconds. */
  R4 whole() throws IOException, XMLStreamException {
    for (String file : List.of("profile/profiles-types.xml", "profile/profiles-resources.xml")) {
      try (InputStream in = R4.class.getResourceAsStream(FOLDER + file)) {
        readProfiles(XMLInputFactory.newDefaultFactory().createXMLStreamReader(in));
      }
    }
    try (InputStream in = R4.class.getResourceAsStream(FOLDER + "valueset/valuesets.xml")) {
      readValueSets(XMLInputFactory.newDefaultFactory().createXMLStreamReader(in));
    }
    try (InputStream in = R4.class.getResourceAsStream(FOLDER + "sp/search-parameters.json")) {
      new ObjectMapper().readTree(in).path("entry").forEach(entry -> parameters.add(entry.get("resource")));
    }
    return this;
  }

  /** Types that have instances. */
  List<String> resources() {
    return new TreeSet<>(elements.keySet()).stream()
        .filter(type -> !type.contains(".") && isResource(type))
        .filter(type -> !List.of("Resource", "DomainResource", "MetadataResource").contains(type))
        .toList();
  }

  private boolean isResource(String type) {
    return type != null && (type.equals("Resource") || isResource(bases.get(type)));
  }

  private void readModel() throws IOException {
    try (BufferedReader lines = new BufferedReader(new InputStreamReader(
        R4.class.getResourceAsStream("/io/caregrid/fhirpath/r4.model"), StandardCharsets.UTF_8))) {
      lines.lines().skip(1).forEach(line -> {
        String[] words = line.split(" ");
        String[] names = words[0].split("<");
        Map<String, String> own = new LinkedHashMap<>(names.length > 1 ? elements.get(names[1]) : Map.of());
        for (String word : Arrays.asList(words).subList(1, words.length)) {
          String[] parts = word.split(":", -1);
          own.put(parts[0].replace("*", ""), parts[1] + (parts[0].contains("*") ? "*" : ""));
        }
        elements.put(names[0], own);
        if (names.length > 1) bases.put(names[0], names[1]);
      });
    }
  }

  private void readProfiles(XMLStreamReader xml) throws XMLStreamException {
    String path = null;
    boolean required = false;
    String compartment = null;
    String type = null;
    boolean inBinding = false;
    while (xml.hasNext()) {
      int event = xml.next();
      if (event == XMLStreamConstants.END_ELEMENT && xml.getLocalName().equals("binding")) inBinding = false;
      if (event == XMLStreamConstants.END_ELEMENT && xml.getLocalName().equals("CompartmentDefinition"))
        compartment = null;
      if (event != XMLStreamConstants.START_ELEMENT) continue;
      String value = xml.getAttributeValue(null, "value");
      switch (xml.getLocalName()) {
        case "CompartmentDefinition" -> compartment = "?";
        case "code" -> {
          if ("?".equals(compartment)) compartment = value;
          else if (compartment != null) type = value;
        }
        case "param" -> {
          if (compartment != null && !value.equals("{def}"))
            compartments.computeIfAbsent(type, made -> new TreeMap<>())
                .computeIfAbsent(compartment, made -> new ArrayList<>())
                .add(value);
        }
        case "path" -> path = value != null ? value : path;
        case "binding" -> {
          inBinding = true;
          required = false;
        }
        case "strength" -> required = inBinding && value.equals("required");
        case "valueSet" -> {
          if (inBinding && required) bindings.putIfAbsent(path, value.split("\\|")[0]);
        }
        default -> {}
      }
    }
  }

  private void readValueSets(XMLStreamReader xml) throws XMLStreamException {
    String url = null;
    TreeSet<String> found = null;
    boolean plain = true;
    boolean composed = false;
    int depth = 0;
    int at = 0;
    while (xml.hasNext()) {
      int event = xml.next();
      if (event == XMLStreamConstants.END_ELEMENT) {
        if (xml.getLocalName().equals("ValueSet") && at == depth) {
          if (plain && found.size() == 1) systems.put(url, found.first());
          at = 0;
        }
        depth--;
      }
      if (event != XMLStreamConstants.START_ELEMENT) continue;
      depth++;
      String value = xml.getAttributeValue(null, "value");
      switch (xml.getLocalName()) {
        case "ValueSet" -> {
          at = depth;
          url = null;
          found = new TreeSet<>();
          plain = true;
          composed = false;
        }
        case "compose" -> composed = true;
        case "url" -> url = at > 0 && depth == at + 1 ? value : url;
        case "system" -> {
          if (composed && depth == at + 3) found.add(value);
        }
        case "valueSet" -> plain &= !(composed && depth == at + 3);
        default -> {}
      }
    }
  }
}
