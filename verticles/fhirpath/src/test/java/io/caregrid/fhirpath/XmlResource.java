package io.caregrid.fhirpath;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.fhirpath.Model.Field;
import io.caregrid.fhirpath.Model.Type;
import java.io.InputStream;
import java.math.BigDecimal;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Element;

/** A resource in FHIR's XML as the JSON tree of it: enough of it for the inputs of HL7's test suite. */
final class XmlResource {
  private static final JsonNodeFactory NODES = JsonNodeFactory.withExactBigDecimals(true);

  private XmlResource() {}

  static JsonNode read(InputStream in) throws Exception {
    DocumentBuilderFactory factory = DocumentBuilderFactory.newDefaultInstance();
    factory.setNamespaceAware(true);
    Element root = factory.newDocumentBuilder().parse(in).getDocumentElement();
    return resource(root);
  }

  private static ObjectNode resource(Element root) {
    ObjectNode json = NODES.objectNode().put("resourceType", root.getLocalName());
    members(root, Model.R4.type(root.getLocalName()), json);
    return json;
  }

  private static void members(Element element, Type type, ObjectNode json) {
    if (element.hasAttribute("id")) json.put("id", element.getAttribute("id"));
    if (element.hasAttribute("url")) json.put("url", element.getAttribute("url"));
    for (var child = element.getFirstChild(); child != null; child = child.getNextSibling()) {
      if (child instanceof Element inner) member(inner, type, json);
    }
  }

  private static void member(Element element, Type type, ObjectNode json) {
    String name = element.getLocalName();
    if (name.equals("div")) {
      json.put(name, "<div>" + element.getTextContent() + "</div>");
      return;
    }
    Field field = type.field(name);
    Field choice = field == null ? type.choiceOf(name) : null;
    Type of = choice != null ? Model.R4.type(choice.choices.get(name)) : field.type();
    boolean repeats = choice == null && field.repeats;
    if (of.isPrimitive()) {
      primitive(element, of, repeats, json);
    } else if (of.isA("Resource")) {
      put(json, name, resource((Element) element.getElementsByTagNameNS("*", "*").item(0)), repeats);
    } else {
      ObjectNode inner = NODES.objectNode();
      members(element, of, inner);
      put(json, name, inner, repeats);
    }
  }

  private static void primitive(Element element, Type of, boolean repeats, ObjectNode json) {
    ObjectNode extra = NODES.objectNode();
    members(element, Model.R4.type("Element"), extra);
    String text = element.getAttribute("value");
    JsonNode value = !element.hasAttribute("value")
        ? NODES.nullNode()
        : of.isA("boolean")
            ? NODES.booleanNode(text.equals("true"))
            : of.isA("integer")
                ? NODES.numberNode(Integer.parseInt(text))
                : of.isA("decimal") ? NODES.numberNode(new BigDecimal(text)) : NODES.textNode(text);
    if (repeats || !value.isNull()) put(json, element.getLocalName(), value, repeats);
    if (!extra.isEmpty() || repeats)
      put(json, "_" + element.getLocalName(), extra.isEmpty() ? NODES.nullNode() : extra, repeats);
  }

  private static void put(ObjectNode json, String name, JsonNode value, boolean repeats) {
    if (!repeats) {
      json.set(name, value);
    } else {
      ArrayNode all = json.has(name) ? (ArrayNode) json.get(name) : json.putArray(name);
      all.add(value);
    }
  }
}
