package io.caregrid.api.fhir.r4;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.fhirpath.Narrative;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A resource's tree as FHIR XML (FHIR R4 xml.html): elements in the order of the definitions, numbers as they are written, the narrative as it is. What R4 does
 * not know follows at the end by its shape, so that nothing is lost that somehow came into the store; what XML cannot write becomes U+FFFD.
 */
public final class XmlWriter {
  private static final String HEAD = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";
  private final StringBuilder out;
  private final boolean pretty;

  private XmlWriter(boolean pretty, int size) {
    this.out = new StringBuilder(size);
    this.pretty = pretty;
  }

  /** @param size about how long it will be */
  public static byte[] write(ObjectNode resource, boolean pretty, int size) {
    XmlWriter writer = new XmlWriter(pretty, size);
    writer.out.append(HEAD);
    writer.resource(resource, 0, true);
    return writer.out.toString().getBytes(StandardCharsets.UTF_8);
  }

  private void resource(JsonNode resource, int depth, boolean root) {
    String name = resource.path("resourceType").asText();
    Type type = Definitions.R4.resource(name);
    line(depth);
    out.append('<').append(safe(name));
    if (root) out.append(" xmlns=\"http://hl7.org/fhir\"");
    body((ObjectNode) resource, type, safe(name), depth);
  }

  /** The rest of a start tag, what is inside, and the end tag. */
  private void body(ObjectNode object, Type type, String tag, int depth) {
    String[] found = new String[type == null ? 0 : type.elements.size()];
    List<String> unknown = new ArrayList<>(0);
    sort(object, type, found, unknown);
    boolean empty = true;
    for (int i = 0; i < found.length; i++) {
      if (found[i] == null) continue;
      if (isAttribute(type, type.elements.get(i))) attribute(found[i], object.path(found[i]).asText());
      else empty = false;
    }
    if (empty && unknown.isEmpty()) {
      out.append("/>");
      return;
    }
    out.append('>');
    for (int i = 0; i < found.length; i++) {
      if (found[i] == null || isAttribute(type, type.elements.get(i))) continue;
      element(found[i], object, type.member(found[i]).type(), depth + 1);
    }
    for (String name : unknown) element(name, object, null, depth + 1);
    line(depth);
    out.append("</").append(tag).append('>');
  }

  private static void sort(ObjectNode object, Type type, String[] found, List<String> unknown) {
    for (Map.Entry<String, JsonNode> entry : object.properties()) {
      Member member = type == null ? null : type.member(entry.getKey());
      if (member != null) found[member.element().index()] = member.plain();
      else if (!entry.getKey().equals("resourceType")) unknown.add(entry.getKey());
    }
  }

  private static boolean isAttribute(Type type, Element element) {
    return !type.resource && (element.name().equals("id") && element.index() == 0
        || type.name.equals("Extension") && element.name().equals("url"));
  }

  private void attribute(String name, String value) {
    out.append(' ').append(name).append("=\"");
    escape(value, out);
    out.append('"');
  }

  private void element(String name, ObjectNode object, Type type, int depth) {
    JsonNode value = object.path(name);
    JsonNode extra = object.path("_" + name);
    if (!value.isArray() && !extra.isArray()) {
      one(name, value, extra, type, depth);
      return;
    }
    int count = Math.max(value.size(), extra.size());
    for (int i = 0; i < count; i++) one(name, value.path(i), extra.path(i), type, depth);
  }

  private void one(String name, JsonNode value, JsonNode extra, Type type, int depth) {
    line(depth);
    if (type != null && type.primitive == Primitive.XHTML) {
      out.append(div(value.asText()));
      return;
    }
    String tag = safe(name);
    out.append('<').append(tag);
    if (value instanceof ObjectNode object) {
      if (object.has("resourceType") && (type == null || type.isAnyResource())) {
        out.append('>');
        resource(object, depth + 1, false);
        line(depth);
        out.append("</").append(tag).append('>');
      } else {
        body(object, type, tag, depth);
      }
      return;
    }
    if (extra.path("id").isTextual()) attribute("id", extra.path("id").asText());
    if (value.isValueNode() && !value.isNull()) attribute("value", value.asText());
    if (!extra.has("extension")) {
      out.append("/>");
      return;
    }
    out.append('>');
    element("extension", (ObjectNode) extra, Definitions.R4.type("Extension"), depth + 1);
    line(depth);
    out.append("</").append(tag).append('>');
  }

  /** What is no XHTML, however it came into the store, is shown as text. */
  private static String div(String text) {
    if (!Narrative.isWellFormed(text)) {
      StringBuilder escaped = new StringBuilder("<div xmlns=\"" + XmlReader.XHTML + "\">");
      escape(text, escaped);
      return escaped.append("</div>").toString();
    }
    String bare = text.stripLeading();
    return Narrative.isDeclared(bare)
        ? bare
        : "<div xmlns=\"" + XmlReader.XHTML + "\"" + bare.substring("<div".length());
  }

  private void line(int depth) {
    if (!pretty) return;
    out.append('\n');
    for (int i = 0; i < depth; i++) out.append("  ");
  }

  /** Names come from R4's definitions; those that do not may hold anything. */
  private static String safe(String name) {
    return name.matches("[A-Za-z_][A-Za-z0-9_.-]*") ? name : "unnamed";
  }

  static void escape(String text, StringBuilder out) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '&' -> out.append("&amp;");
        case '<' -> out.append("&lt;");
        case '>' -> out.append("&gt;");
        case '"' -> out.append("&quot;");
        case '\n' -> out.append("&#xA;");
        case '\r' -> out.append("&#xD;");
        case '\t' -> out.append("&#x9;");
        default -> {
          boolean pair = Character.isHighSurrogate(c) && i + 1 < text.length()
              && Character.isLowSurrogate(text.charAt(i + 1));
          if (pair) out.append(c).append(text.charAt(++i));
          else out.append(c < ' ' || Character.isSurrogate(c) || c >= 0xFFFE ? '\uFFFD' : c);
        }
      }
    }
  }
}
