package io.caregrid.fhirpath;

import java.io.StringReader;
import java.util.Map;
import java.util.Set;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;

/**
 * What a narrative may hold (FHIR R4 narrative.html#rules, txt-1 and txt-2): a div with the formatting elements of HTML 4.0's chapters 7 to 11 and 15,
 * images and links; no scripts, forms or frames; no entity but XML's own five; and something to read or see.
 */
final class Narrative {
  private static final String XHTML = "http://www.w3.org/1999/xhtml";
  private static final Set<String> ELEMENTS = Set.of("p", "br", "div", "h1", "h2", "h3", "h4", "h5", "h6", "a", "span",
      "b", "em", "i", "strong", "small", "big", "tt", "dfn", "q", "var", "abbr", "acronym", "cite", "blockquote", "hr",
      "address", "bdo", "kbd", "sub", "sup", "ul", "ol", "li", "dl", "dt", "dd", "pre", "table", "caption", "colgroup",
      "col", "thead", "tr", "tfoot", "tbody", "th", "td", "code", "samp", "img", "map", "area");
  private static final Set<String> EVERYWHERE = Set.of("title", "style", "class", "id", "lang", "dir", "accesskey",
      "tabindex", "span", "width", "align", "valign", "char", "charoff", "abbr", "axis", "headers", "scope", "rowspan",
      "colspan");
  private static final Set<String> AREA = Set.of("shape", "coords", "href", "nohref", "alt", "target");
  private static final Map<String, Set<String>> OWN = Map.of(
      "a", Set.of("href", "name", "charset", "type", "hreflang", "rel", "rev", "shape", "coords", "target"),
      "img", Set.of("src", "alt", "longdesc", "height", "usemap", "ismap", "border"),
      "table", Set.of("summary", "border", "frame", "rules", "cellspacing", "cellpadding"),
      "blockquote", Set.of("cite"), "q", Set.of("cite"), "map", Set.of("name"), "area", AREA, "pre", Set.of("space"));
  private static final XMLInputFactory XML = XMLInputFactory.newDefaultFactory();

  static {
    XML.setProperty(XMLInputFactory.SUPPORT_DTD, false);
    XML.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
  }

  private Narrative() {}

  static boolean keepsRules(String xhtml) {
    try {
      XMLStreamReader reader = XML.createXMLStreamReader(new StringReader(xhtml));
      return keepsRules(reader);
    } catch (XMLStreamException unreadable) {
      return false;
    }
  }

  private static boolean keepsRules(XMLStreamReader reader) throws XMLStreamException {
    boolean seen = false;
    boolean root = true;
    while (reader.hasNext()) {
      int event = reader.next();
      if (event == XMLStreamConstants.DTD || event == XMLStreamConstants.PROCESSING_INSTRUCTION
          || event == XMLStreamConstants.ENTITY_REFERENCE) {
        return false;
      } else if (event == XMLStreamConstants.START_ELEMENT) {
        if (root && !reader.getLocalName().equals("div") || !isAllowed(reader)) return false;
        root = false;
        seen |= reader.getLocalName().equals("img");
      } else if (event == XMLStreamConstants.CHARACTERS) {
        seen |= !reader.isWhiteSpace();
      }
    }
    return seen;
  }

  private static boolean isAllowed(XMLStreamReader reader) {
    String name = reader.getLocalName();
    boolean html = reader.getNamespaceURI() == null || reader.getNamespaceURI().equals(XHTML);
    if (!html || !ELEMENTS.contains(name)) return false;
    for (int i = 0; i < reader.getAttributeCount(); i++) {
      String attribute = reader.getAttributeLocalName(i);
      if (!EVERYWHERE.contains(attribute) && !OWN.getOrDefault(name, Set.of()).contains(attribute)) return false;
    }
    return true;
  }
}
