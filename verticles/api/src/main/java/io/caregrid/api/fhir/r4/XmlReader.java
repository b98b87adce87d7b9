package io.caregrid.api.fhir.r4;

import com.ctc.wstx.api.WstxInputProperties;
import com.ctc.wstx.stax.WstxInputFactory;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.api.fhir.r4.Trees.Malformed;
import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;
import javax.xml.XMLConstants;
import javax.xml.stream.Location;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import org.codehaus.stax2.XMLStreamReader2;

/**
 * FHIR XML (FHIR R4 xml.html) to the tree that the same resource has in JSON. R4's definitions say what is an array, a number, a resource; what they do not
 * know, or what stands too often, comes into the tree as it is, for {@link Rules} to tell. The narrative's characters stay as they are.
 *
 * <p>Not HAPI's parser: between JSON and XML it makes {@code 100} of {@code 1e2} and {@code 0} of {@code -0}, writes the narrative anew and drops what it does not
 * know (XmlTest holds both beside each other). Document types are refused before a word of them is read, so no entity but XML's own five
 * can be there.
 */
public final class XmlReader {
  private static final String FHIR = "http://hl7.org/fhir";
  static final String XHTML = "http://www.w3.org/1999/xhtml";
  private static final JsonNodeFactory NODES = JsonNodeFactory.withExactBigDecimals(true);
  private static final Pattern NUMBER = Pattern.compile("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?");
  private static final int INT_DIGITS = 9;
  private static final WstxInputFactory XML = new WstxInputFactory();

  static {
    XML.setProperty(XMLInputFactory.SUPPORT_DTD, false);
    XML.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
    XML.setProperty(XMLInputFactory.IS_REPLACING_ENTITY_REFERENCES, true);
    XML.setProperty(XMLInputFactory.IS_COALESCING, true);
    XML.setProperty(WstxInputProperties.P_LAZY_PARSING, false); // what is broken is told where it is read, as XMLStreamException
    XML.setProperty(WstxInputProperties.P_MAX_ELEMENT_DEPTH, Trees.MAX_DEPTH);
    XML.setProperty(WstxInputProperties.P_MAX_ATTRIBUTE_SIZE, Integer.MAX_VALUE); // the body's own limit
    XML.setProperty(WstxInputProperties.P_MAX_ATTRIBUTES_PER_ELEMENT, 100);
  }

  private final String text;
  private final XMLStreamReader2 xml;

  private XmlReader(String text) throws XMLStreamException {
    this.text = text;
    this.xml = (XMLStreamReader2) XML.createXMLStreamReader(new StringReader(text));
  }

  /** @param bytes UTF-8 */
  public static ObjectNode read(byte[] bytes) throws Malformed {
    XmlReader reader = null;
    try {
      reader = new XmlReader(decoded(bytes));
      return reader.document();
    } catch (XMLStreamException malformed) {
      throw new Malformed("the body is not well-formed XML" + place(malformed.getLocation()) + ": " + why(malformed),
          null);
    } finally {
      if (reader != null) reader.close();
    }
  }

  private static String decoded(byte[] bytes) throws Malformed {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException other) {
      throw new Malformed("the body is not UTF-8, which FHIR asks for", null);
    }
  }

  private void close() {
    try {
      xml.close();
    } catch (XMLStreamException ignored) {
      // nothing is held but memory
    }
  }

  private ObjectNode document() throws XMLStreamException, Malformed {
    String encoding = xml.getCharacterEncodingScheme();
    if (encoding != null && !encoding.equalsIgnoreCase("UTF-8") && !encoding.equalsIgnoreCase("US-ASCII"))
      throw at("the document says that it is not UTF-8, which FHIR asks for");
    while (xml.next() != XMLStreamConstants.START_ELEMENT) refuse();
    ObjectNode resource = resource(1);
    while (xml.hasNext()) {
      xml.next();
      refuse();
    }
    return resource;
  }

  private void refuse() throws Malformed {
    if (xml.getEventType() == XMLStreamConstants.DTD)
      throw at("a document type (DTD) stands there, which FHIR does not allow: no entity is read from it");
  }

  private ObjectNode resource(int depth) throws XMLStreamException, Malformed {
    requireFhir();
    String name = xml.getLocalName();
    Type type = Definitions.R4.resource(name);
    if (type == null) throw at("the element there is no resource type of FHIR R4");
    ObjectNode resource = NODES.objectNode().put("resourceType", name);
    attributes(resource, type);
    children(resource, type, depth);
    return resource;
  }

  private void requireFhir() throws Malformed {
    if (!FHIR.equals(xml.getNamespaceURI())) throw at("the element there is not in the namespace " + FHIR);
  }

  /** Id of an element, and the url of an extension. */
  private void attributes(ObjectNode object, Type type) throws Malformed {
    for (int i = 0; i < xml.getAttributeCount(); i++) {
      String name = xml.getAttributeLocalName(i);
      String space = xml.getAttributeNamespace(i);
      if (XMLConstants.W3C_XML_SCHEMA_INSTANCE_NS_URI.equals(space)) continue;
      boolean known = name.equals("id") && !type.resource || name.equals("url") && type.name.equals("Extension");
      if (!known || !isPlain(space)) throw foreign(name);
      object.put(name, xml.getAttributeValue(i));
    }
  }

  private static boolean isPlain(String namespace) {
    return namespace == null || namespace.isEmpty();
  }

  private Malformed foreign(String attribute) {
    return at("an attribute stands there that FHIR does not have: " + Suggestion.printable(attribute));
  }

  /** To the end of the element. */
  private void children(ObjectNode object, Type type, int depth) throws XMLStreamException, Malformed {
    if (depth > Trees.MAX_DEPTH) throw at("it is nested more than " + Trees.MAX_DEPTH + " deep");
    for (int event = xml.next(); event != XMLStreamConstants.END_ELEMENT; event = xml.next()) {
      if (event == XMLStreamConstants.START_ELEMENT) child(object, type, depth);
      else requireNoText(event);
    }
    Pairs.level(object, type);
  }

  private void requireNoText(int event) throws Malformed {
    boolean text = (event == XMLStreamConstants.CHARACTERS || event == XMLStreamConstants.CDATA) && !xml.isWhiteSpace();
    if (text || event == XMLStreamConstants.ENTITY_REFERENCE)
      throw at("text stands between elements: FHIR's values are attributes named value");
  }

  private void child(ObjectNode object, Type type, int depth) throws XMLStreamException, Malformed {
    String name = xml.getLocalName();
    Member member = type.member(name);
    if (member != null && member.type().primitive == Primitive.XHTML) {
      object.put(name, narrative());
      return;
    }
    requireFhir();
    boolean attribute = name.equals("id") && !type.resource || name.equals("url") && type.name.equals("Extension");
    if (member == null || member.companion() || attribute) {
      if (name.equals("resourceType")) throw at("resourceType is no element in XML");
      if (!object.has(name)) object.putNull(name); // the rules know what to say
      xml.skipElement();
      return;
    }
    int below = depth + (member.element().repeats() ? 2 : 1);
    if (member.type().primitive != null) primitive(object, member, below);
    else add(object, member, member.type().isAnyResource() ? wrapped(below) : composite(member.type(), below));
  }

  private ObjectNode composite(Type type, int depth) throws XMLStreamException, Malformed {
    ObjectNode object = NODES.objectNode();
    attributes(object, type);
    children(object, type, depth);
    return object;
  }

  /** {@code <contained><Patient>…</Patient></contained>} */
  private JsonNode wrapped(int depth) throws XMLStreamException, Malformed {
    JsonNode found = NODES.nullNode();
    for (int event = xml.next(); event != XMLStreamConstants.END_ELEMENT; event = xml.next()) {
      if (event == XMLStreamConstants.START_ELEMENT) {
        if (!found.isNull()) throw at("a second resource stands where one may");
        found = resource(depth);
      } else {
        requireNoText(event);
      }
    }
    return found;
  }

  private void primitive(ObjectNode object, Member member, int depth) throws XMLStreamException, Malformed {
    String value = null;
    ObjectNode extra = NODES.objectNode();
    for (int i = 0; i < xml.getAttributeCount(); i++) {
      String name = xml.getAttributeLocalName(i);
      if (!isPlain(xml.getAttributeNamespace(i))) throw foreign(name);
      switch (name) {
        case "value" -> value = xml.getAttributeValue(i);
        case "id" -> extra.put("id", xml.getAttributeValue(i));
        default -> throw foreign(name);
      }
    }
    children(extra, Definitions.R4.type("Element"), depth);
    JsonNode json = value == null ? NODES.nullNode() : value(value, member.type().primitive);
    Pairs.add(object, member, json, extra);
  }

  private static JsonNode value(String value, Primitive primitive) {
    return switch (primitive.json) {
      case BOOLEAN -> value.equals("true") || value.equals("false")
          ? NODES.booleanNode(value.equals("true"))
          : NODES.textNode(value);
      case NUMBER -> NUMBER.matcher(value).matches() ? number(value) : NODES.textNode(value);
      case STRING -> NODES.textNode(value);
    };
  }

  private static JsonNode number(String value) {
    boolean small = value.length() <= INT_DIGITS && !value.equals("-0")
        && value.chars().noneMatch(c -> c == '.' || c == 'e' || c == 'E');
    if (small) return NODES.numberNode(Integer.parseInt(value));
    if (value.length() > 18 || value.equals("-0") || !value.chars().allMatch(c -> c == '-' || Character.isDigit(c)))
      return new Digits(value);
    long whole = Long.parseLong(value);
    return whole == (int) whole ? NODES.numberNode((int) whole) : NODES.numberNode(whole);
  }

  private static void add(ObjectNode object, Member member, JsonNode value) {
    if (member.element().repeats()) {
      object.withArray(member.plain()).add(value);
    } else if (object.has(member.plain())) {
      ArrayNode several = NODES.arrayNode().add(object.get(member.plain())).add(value); // the rules know what to say
      object.set(member.plain(), several);
    } else {
      object.set(member.plain(), value);
    }
  }

  /** The div as it is written, to its end; anew where its elements have prefixes, which mean nothing without their surroundings. */
  private String narrative() throws XMLStreamException, Malformed {
    if (!XHTML.equals(xml.getNamespaceURI())) throw at("the div there is not in the namespace " + XHTML);
    int from = (int) xml.getLocationInfo().getStartingCharOffset();
    boolean plain = xml.getPrefix().isEmpty() && XHTML.equals(declared());
    StringBuilder anew = new StringBuilder();
    int depth = 0;
    do {
      switch (xml.getEventType()) {
        case XMLStreamConstants.START_ELEMENT -> {
          plain &= xml.getPrefix().isEmpty();
          start(anew, depth++ == 0);
        }
        case XMLStreamConstants.END_ELEMENT -> {
          depth--;
          anew.append("</").append(xml.getLocalName()).append('>');
        }
        case XMLStreamConstants.CHARACTERS, XMLStreamConstants.CDATA, XMLStreamConstants.SPACE -> XmlWriter
            .escape(xml.getText(), anew);
        case XMLStreamConstants.ENTITY_REFERENCE ->
          throw at("an entity stands there that XML does not have: write its number");
        default -> {} // comments
      }
      if (depth > 0) xml.next();
    } while (depth > 0);
    return plain ? text.substring(from, (int) xml.getLocationInfo().getEndingCharOffset()) : anew.toString();
  }

  private String declared() {
    for (int i = 0; i < xml.getNamespaceCount(); i++) {
      if (xml.getNamespacePrefix(i) == null || xml.getNamespacePrefix(i).isEmpty()) return xml.getNamespaceURI(i);
    }
    return null;
  }

  private void start(StringBuilder anew, boolean first) {
    anew.append('<').append(xml.getLocalName());
    if (first) anew.append(" xmlns=\"").append(XHTML).append('"');
    for (int i = 0; i < xml.getAttributeCount(); i++) {
      String prefix = xml.getAttributePrefix(i);
      anew.append(' ')
          .append(prefix == null || prefix.isEmpty() ? "" : prefix + ":")
          .append(xml.getAttributeLocalName(i))
          .append("=\"");
      XmlWriter.escape(xml.getAttributeValue(i), anew);
      anew.append('"');
    }
    anew.append('>');
  }

  private Malformed at(String why) {
    return new Malformed("the body is not FHIR XML" + place(xml.getLocation()) + ": " + why, null);
  }

  private static String place(Location at) {
    return at == null ? "" : " at line " + at.getLineNumber() + ", column " + at.getColumnNumber();
  }

  /** Woodstox's own words may quote the body: only the kind of problem is told. */
  private static String why(XMLStreamException malformed) {
    String text = String.valueOf(malformed.getMessage());
    if (text.contains("Unexpected EOF") || text.contains("end-of-input") || text.contains("end of input"))
      return "it ends too early";
    if (text.contains("Duplicate attribute")) return "an attribute stands twice";
    if (text.contains("Undeclared") && text.contains("entity")) return "an entity stands there that XML does not have";
    if (text.contains("namespace")) return "a namespace prefix is not declared";
    if (text.contains("limit")) return "it is nested too deeply, or has too many attributes";
    if (text.contains("Unexpected close tag")) return "an element is closed that is not open";
    return "something stands there that XML does not allow";
  }
}
