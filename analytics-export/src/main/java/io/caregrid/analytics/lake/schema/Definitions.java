package io.caregrid.analytics.lake.schema;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;

/**
 * The elements of every R4 type, from the StructureDefinitions that HAPI ships ({@code profiles-types.xml}, {@code profiles-resources.xml}, 21 MB). Read in
 * one pass, of each element only what a column needs; kept as long as the process lives, 7,696 elements.
 */
final class Definitions {
  private static final String FOLDER = "/org/hl7/fhir/r4/model/profile/";

  /**
   * @param name     last part of its path, e.g. {@code value[x]}
   * @param list     more than one may be there
   * @param required at least one has to be there
   * @param types    FHIR type codes, none when it is another element's or the root
   * @param same     path of the element whose children it has ({@code contentReference}), or null
   * @param children in the order of the definition
   */
  record Element(String path, String name, boolean list, boolean required, List<String> types, String same,
      List<Element> children) {}

  enum Kind {
    RESOURCE, COMPLEX, PRIMITIVE
  }

  /** @param isAbstract no resource is just that, e.g. {@code DomainResource} */
  record Definition(String name, Kind kind, boolean isAbstract, Element root) {}

  private final Map<String, Definition> types = new HashMap<>();
  private final Map<String, Element> byPath = new HashMap<>();

  private static final class Loaded {
    static final Definitions R4 = read("profiles-types.xml", "profiles-resources.xml");
  }

  /** Takes about half a second the first time: not on an event loop. */
  static Definitions r4() {
    return Loaded.R4;
  }

  /** Null when there is no such type. */
  Definition type(String name) {
    return types.get(name);
  }

  Element element(String path) {
    return byPath.get(path);
  }

  Iterable<Definition> all() {
    return types.values();
  }

  private static Definitions read(String... files) {
    Definitions definitions = new Definitions();
    for (String file : files) {
      try (InputStream in = Definitions.class.getResourceAsStream(FOLDER + file)) {
        if (in == null) throw new IllegalStateException("not on the class path: " + FOLDER + file);
        definitions.bundle(new BufferedInputStream(in, 1 << 16));
      } catch (IOException cause) {
        throw new UncheckedIOException(cause);
      } catch (XMLStreamException cause) {
        throw new IllegalStateException("not readable: " + file, cause);
      }
    }
    return definitions;
  }

  private void bundle(InputStream in) throws XMLStreamException {
    XMLInputFactory factory = XMLInputFactory.newDefaultFactory();
    factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
    XMLStreamReader xml = factory.createXMLStreamReader(in);
    while (xml.hasNext()) {
      if (xml.next() == XMLStreamConstants.START_ELEMENT && xml.getLocalName().equals("StructureDefinition"))
        structure(xml);
    }
  }

  private void structure(XMLStreamReader xml) throws XMLStreamException {
    Map<String, String> head = new HashMap<>();
    List<Element> elements = List.of();
    while (child(xml)) {
      String name = xml.getLocalName();
      if (name.equals("snapshot")) {
        elements = snapshot(xml);
      } else {
        head.put(name, xml.getAttributeValue(null, "value"));
        skip(xml);
      }
    }
    if ("constraint".equals(head.get("derivation"))) return;
    Kind kind = switch (head.get("kind")) {
      case "resource" -> Kind.RESOURCE;
      case "primitive-type" -> Kind.PRIMITIVE;
      default -> Kind.COMPLEX;
    };
    String name = head.get("type");
    types.put(name, new Definition(name, kind, Boolean.parseBoolean(head.get("abstract")), elements.get(0)));
    elements.forEach(element -> byPath.put(element.path(), element));
  }

  private static List<Element> snapshot(XMLStreamReader xml) throws XMLStreamException {
    List<Element> elements = new ArrayList<>();
    Map<String, Element> byPath = new HashMap<>();
    while (child(xml)) {
      Element element = element(xml);
      elements.add(element);
      byPath.put(element.path(), element);
      int dot = element.path().lastIndexOf('.');
      if (dot > 0) byPath.get(element.path().substring(0, dot)).children().add(element);
    }
    return elements;
  }

  private static Element element(XMLStreamReader xml) throws XMLStreamException {
    String path = null;
    String same = null;
    boolean list = false;
    boolean required = false;
    List<String> types = new ArrayList<>();
    while (child(xml)) {
      String value = xml.getAttributeValue(null, "value");
      switch (xml.getLocalName()) {
        case "path" -> path = value;
        case "min" -> required = !value.equals("0");
        case "max" -> list = !value.equals("1") && !value.equals("0");
        case "contentReference" -> same = value.substring(value.indexOf('#') + 1);
        case "type" -> {
          types.add(typeCode(xml));
          continue;
        }
        default -> {}
      }
      skip(xml);
    }
    return new Element(path, path.substring(path.lastIndexOf('.') + 1), list, required, types, same,
        new ArrayList<>());
  }

  private static String typeCode(XMLStreamReader xml) throws XMLStreamException {
    String code = null;
    while (child(xml)) {
      if (xml.getLocalName().equals("code")) code = xml.getAttributeValue(null, "value");
      skip(xml);
    }
    return code;
  }

  /** Goes to the next child's start; false at the end of the element. */
  private static boolean child(XMLStreamReader xml) throws XMLStreamException {
    while (true) {
      int event = xml.next();
      if (event == XMLStreamConstants.START_ELEMENT) return true;
      if (event == XMLStreamConstants.END_ELEMENT) return false;
    }
  }

  /** From an element's start to its end. */
  private static void skip(XMLStreamReader xml) throws XMLStreamException {
    for (int depth = 1; depth > 0;) {
      int event = xml.next();
      if (event == XMLStreamConstants.START_ELEMENT) depth++;
      if (event == XMLStreamConstants.END_ELEMENT) depth--;
    }
  }
}
