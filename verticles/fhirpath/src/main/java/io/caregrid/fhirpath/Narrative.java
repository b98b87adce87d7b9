package io.caregrid.fhirpath;

import java.io.StringReader;
import java.util.List;
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
public final class Narrative {
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
  private static final List<String> SCRIPTS = List.of("javascript:", "vbscript:");
  private static final int MAX_DEPTH = 100;
  private static final int LONGEST_SCRIPT = 16;
  private static final XMLInputFactory XML = XMLInputFactory.newDefaultFactory();

  static {
    XML.setProperty(XMLInputFactory.SUPPORT_DTD, false);
    XML.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
  }

  private Narrative() {}

  static boolean keepsRules(String xhtml) {
    return fault(xhtml) == null;
  }

  /** What is wrong with it, without a word of it; null when nothing is. Completes "Patient.text.div …". */
  public static String fault(String xhtml) {
    if (!begins(xhtml)) return "must begin with <div>";
    try {
      return fault(XML.createXMLStreamReader(new StringReader(xhtml)));
    } catch (XMLStreamException unreadable) {
      return "is not well-formed XHTML: it must be one <div>, closed, and have no entity but &amp; &lt; &gt; &quot; &apos; and numbers";
    }
  }

  /** Nothing stands before the div, not even a comment: whoever looks for the div finds no other. */
  private static boolean begins(String xhtml) {
    return xhtml.stripLeading().startsWith("<div");
  }

  /** Of what is well-formed: the div itself says that it is XHTML, by a namespace without a prefix. */
  public static boolean isDeclared(String xhtml) {
    try {
      XMLStreamReader reader = XML.createXMLStreamReader(new StringReader(xhtml));
      while (reader.next() != XMLStreamConstants.START_ELEMENT);
      return reader.getNamespaceURI() != null;
    } catch (XMLStreamException unreadable) {
      return false;
    }
  }

  /** One div, and no document type, processing instruction or entity. */
  public static boolean isWellFormed(String xhtml) {
    if (!begins(xhtml)) return false;
    try {
      XMLStreamReader reader = XML.createXMLStreamReader(new StringReader(xhtml));
      boolean root = true;
      while (reader.hasNext()) {
        int event = reader.next();
        if (!isPlain(event) || event == XMLStreamConstants.START_ELEMENT && root && !isDiv(reader)) return false;
        if (event == XMLStreamConstants.START_ELEMENT) root = false;
      }
      return !root;
    } catch (XMLStreamException unreadable) {
      return false;
    }
  }

  private static boolean isPlain(int event) {
    return event != XMLStreamConstants.DTD && event != XMLStreamConstants.PROCESSING_INSTRUCTION
        && event != XMLStreamConstants.ENTITY_REFERENCE;
  }

  /** Without a prefix, which is declared elsewhere if anywhere. */
  private static boolean isDiv(XMLStreamReader reader) {
    return reader.getLocalName().equals("div") && (reader.getPrefix() == null || reader.getPrefix().isEmpty());
  }

  private static String fault(XMLStreamReader reader) throws XMLStreamException {
    boolean seen = false;
    boolean root = true;
    int depth = 0;
    while (reader.hasNext()) {
      int event = reader.next();
      if (event == XMLStreamConstants.END_ELEMENT) depth--;
      if (!isPlain(event)) {
        return "holds a document type, processing instruction or entity, which no narrative may (txt-1)";
      } else if (event == XMLStreamConstants.START_ELEMENT) {
        if (root && !isDiv(reader)) return "must begin with <div>";
        if (++depth > MAX_DEPTH) return "is nested more than " + MAX_DEPTH + " deep";
        String fault = element(reader);
        if (fault != null) return fault;
        root = false;
        seen |= reader.getLocalName().equals("img");
      } else if (event == XMLStreamConstants.CHARACTERS || event == XMLStreamConstants.CDATA) {
        seen |= !reader.isWhiteSpace();
      }
    }
    return seen ? null : "has nothing to read or see (txt-2)";
  }

  private static String element(XMLStreamReader reader) {
    String name = reader.getLocalName();
    boolean html = reader.getNamespaceURI() == null || reader.getNamespaceURI().equals(XHTML);
    if (!html || !ELEMENTS.contains(name)) {
      return "holds an element that is no formatting of HTML 4.0's chapters 7 to 11 and 15 (txt-1)";
    }
    for (int i = 0; i < reader.getAttributeCount(); i++) {
      String attribute = reader.getAttributeLocalName(i);
      if (!EVERYWHERE.contains(attribute) && !OWN.getOrDefault(name, Set.of()).contains(attribute))
        return "holds an attribute that a narrative may not have (txt-1)";
      if (isScript(reader.getAttributeValue(i))) return "holds a link that runs a script (narrative.html#security)";
    }
    return null;
  }

  /** As a browser reads an address: whatever the case, without blanks and control characters. */
  private static boolean isScript(String address) {
    if (address.indexOf(':') < 0) return false;
    StringBuilder begin = new StringBuilder();
    for (int i = 0; i < address.length() && begin.length() < LONGEST_SCRIPT; i++) {
      if (address.charAt(i) > ' ') begin.append(Character.toLowerCase(address.charAt(i)));
    }
    String scheme = begin.toString();
    return SCRIPTS.stream().anyMatch(scheme::startsWith)
        || scheme.startsWith("data:") && !scheme.startsWith("data:image/");
  }
}
