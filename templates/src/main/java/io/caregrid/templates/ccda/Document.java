package io.caregrid.templates.ccda;

import io.caregrid.templates.liquid.ConversionException;
import io.caregrid.templates.liquid.ErrorCode;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.xml.XMLConstants;
import javax.xml.stream.XMLInputFactory;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;

/**
 * Reads a C-CDA document into the tree that templates know as {@code msg}. Line breaks inside texts are left out, since templates put texts between quotes; the
 * source without its line breaks is under {@code _originalData}.
 *
 * <p>Elements of a foreign name space that the root declares are called {@code prefix_name}; texts of an element stand behind its elements, the last one first.
 * Both are what Microsoft's converter makes, and ids are hashes of it.
 */
public final class Document {
  /** Deepest nesting of elements. */
  static final int DEEPEST = 256;
  /** Most elements, attributes and texts that are kept: each takes 120 bytes at most, besides its characters. */
  static final int MOST_PARTS = 4_500_000;
  /** Most different names of elements and attributes, which are kept once each: C-CDA has hundreds. */
  static final int MOST_NAMES = 10_000;
  private static final XMLInputFactory FACTORY = factory();
  /** Characters of a tag of which the order of attributes is looked for. */
  private static final int LONGEST_TAG = 10_000;
  /** Looked for at the beginnings of words only, and nothing is given back: the time that a long name takes is its length. */
  private static final Pattern ATTRIBUTE = Pattern
      .compile("(?<=\\s)([^\\s=<>\"'/]++)\\s*+=\\s*+(?:\"[^\"]*+\"|'[^']*+')");
  private final Map<String, String> prefixes = new LinkedHashMap<>();
  private final Map<String, String> names = new HashMap<>();
  private final String source;
  private final XMLStreamReader reader;
  private String defaultNamespace = "";
  private int parts;
  private int line = 1;
  private int lineStart;

  private Document(String source) throws XMLStreamException {
    this.source = source;
    this.reader = reader(source);
  }

  private static XMLInputFactory factory() {
    XMLInputFactory factory = XMLInputFactory.newDefaultFactory();
    factory.setProperty(XMLInputFactory.SUPPORT_DTD, false);
    factory.setProperty(XMLInputFactory.IS_SUPPORTING_EXTERNAL_ENTITIES, false);
    factory.setXMLResolver((publicId, systemId, base, namespace) -> {
      throw new XMLStreamException("external entities are not read");
    });
    return factory;
  }

  /** @throws ConversionException 1202 for nothing, 1201 with line and column for what is no XML or is refused */
  public static Map<String, Object> parse(String text) {
    if (text == null || text.isBlank()) {
      throw new ConversionException(ErrorCode.NULL_OR_WHITE_SPACE_INPUT,
          "there is nothing to convert");
    }
    String source = text.startsWith("\uFEFF") ? text.substring(1) : text;
    try {
      Map<String, Object> document = new Document(source).document();
      document.put("_originalData", unbroken(source));
      return document;
    } catch (XMLStreamException broken) {
      String where = broken.getLocation() == null
          ? ""
          : " at line " + broken.getLocation().getLineNumber() + ", column " + broken.getLocation().getColumnNumber();
      throw unreadable("it is no well-formed XML" + where);
    }
  }

  /** Of a text with or without a byte order mark; it reads nothing but this text. */
  static XMLStreamReader reader(String text) throws XMLStreamException {
    return FACTORY.createXMLStreamReader(new StringReader(text.startsWith("\uFEFF") ? text.substring(1) : text));
  }

  private static ConversionException unreadable(String why) {
    return new ConversionException(ErrorCode.INPUT_PARSING_ERROR,
        "the document is not read: " + why);
  }

  private static String unbroken(String text) {
    if (text.indexOf('\n') < 0 && text.indexOf('\r') < 0) return text;
    return text.replace("\r", "").replace("\n", "");
  }

  private Map<String, Object> document() throws XMLStreamException {
    Map<String, Object> document = new LinkedHashMap<>();
    if (reader.getVersion() != null) document.put("?xml", declaration());
    while (reader.hasNext()) {
      int event = reader.next();
      if (event == XMLStreamConstants.DTD) throw unreadable("it has a document type declaration, which is not read");
      if (event == XMLStreamConstants.PROCESSING_INSTRUCTION) {
        count(1);
        document.put(once("?" + reader.getPITarget()), unbroken(reader.getPIData()));
      }
      if (event == XMLStreamConstants.START_ELEMENT) {
        declareNamespaces();
        document.put(name(), element(1));
      }
    }
    return document;
  }

  private Map<String, Object> declaration() {
    Map<String, Object> declaration = new LinkedHashMap<>();
    declaration.put("version", reader.getVersion());
    if (reader.getCharacterEncodingScheme() != null) declaration.put("encoding", reader.getCharacterEncodingScheme());
    if (reader.standaloneSet()) declaration.put("standalone", reader.isStandalone() ? "yes" : "no");
    return declaration;
  }

  private void declareNamespaces() {
    String own = reader.getNamespaceURI(XMLConstants.DEFAULT_NS_PREFIX);
    defaultNamespace = own == null ? "" : own;
    for (int i = 0; i < reader.getNamespaceCount(); i++) {
      if (reader.getNamespacePrefix(i) == null || reader.getNamespaceURI(i).equals(defaultNamespace)) continue;
      prefixes.putIfAbsent(reader.getNamespaceURI(i), reader.getNamespacePrefix(i));
    }
  }

  private String name() {
    String namespace = reader.getNamespaceURI();
    if (namespace == null || namespace.equals(defaultNamespace)) return once(reader.getLocalName());
    String known = prefixes.get(namespace);
    return once(known != null
        ? known + "_" + reader.getLocalName()
        : prefixed(reader.getPrefix(), reader.getLocalName()));
  }

  private static String prefixed(String prefix, String name) {
    return prefix == null || prefix.isEmpty() ? name : prefix + ":" + name;
  }

  /** The same object for the same name. */
  private String once(String name) {
    String known = names.putIfAbsent(name, name);
    if (names.size() > MOST_NAMES)
      throw unreadable(
          String.format(Locale.ROOT, "it has more than %,d different names of elements and attributes", MOST_NAMES));
    return known == null ? name : known;
  }

  /** The reader stands at a start and, afterwards, at its end. */
  private Object element(int depth) throws XMLStreamException {
    if (depth > DEEPEST) throw unreadable("its elements nest deeper than " + DEEPEST);
    count(1 + reader.getAttributeCount() + reader.getNamespaceCount());
    Map<String, Object> members = attributes();
    Content content = new Content();
    int from = reader.getLocation().getCharacterOffset();
    int event = reader.next();
    for (; event != XMLStreamConstants.END_ELEMENT; event = reader.next()) {
      switch (event) {
        case XMLStreamConstants.START_ELEMENT -> {
          String name = name();
          content.add(name, element(depth + 1));
        }
        case XMLStreamConstants.CHARACTERS, XMLStreamConstants.ENTITY_REFERENCE -> content.text(characters());
        case XMLStreamConstants.CDATA -> content.data(reader.getText());
        case XMLStreamConstants.COMMENT -> content.comment();
        case XMLStreamConstants.PROCESSING_INSTRUCTION -> {
          count(1);
          content.add(once("?" + reader.getPITarget()), unbroken(reader.getPIData()));
        }
        default -> {}
      }
    }
    if (members.isEmpty() && content.isEmpty()) return reader.getLocation().getCharacterOffset() == from ? null : "";
    content.into(members);
    return members;
  }

  private void count(int more) {
    parts += more;
    if (parts > MOST_PARTS)
      throw unreadable(
          String.format(Locale.ROOT, "it has more than %,d elements, attributes and texts", MOST_PARTS));
  }

  private String characters() {
    if (reader.getEventType() != XMLStreamConstants.ENTITY_REFERENCE) return reader.getText();
    throw unreadable("it uses an entity that XML does not define, at line " + reader.getLocation().getLineNumber());
  }

  private Map<String, Object> attributes() {
    Map<String, Object> members = new LinkedHashMap<>(
        2 * (1 + reader.getNamespaceCount() + reader.getAttributeCount()));
    for (int i = 0; i < reader.getNamespaceCount(); i++) {
      String prefix = reader.getNamespacePrefix(i);
      String uri = reader.getNamespaceURI(i) == null ? "" : reader.getNamespaceURI(i);
      if (prefix == null) members.put("xmlns", uri);
      else if (!uri.equals(defaultNamespace)) members.put(once("xmlns:" + prefix), uri);
    }
    for (int i = 0; i < reader.getAttributeCount(); i++) {
      members.put(once(prefixed(reader.getAttributePrefix(i), reader.getAttributeLocalName(i))),
          unbroken(reader.getAttributeValue(i)));
    }
    return reader.getNamespaceCount() == 0 || reader.getAttributeCount() == 0 ? members : asWritten(members);
  }

  /** Declarations of name spaces stand among the attributes: the reader tells them apart, and only the source has their order. */
  private Map<String, Object> asWritten(Map<String, Object> members) {
    int end = position();
    int begin = source.lastIndexOf('<', end - 1);
    if (begin < 0 || end - begin > LONGEST_TAG) return members;
    Map<String, Object> ordered = new LinkedHashMap<>(2 * (1 + members.size()));
    Matcher attribute = ATTRIBUTE.matcher(source).region(begin, end);
    while (attribute.find()) {
      String name = attribute.group(1);
      if (members.containsKey(name)) ordered.put(once(name), members.get(name));
    }
    return ordered.size() == members.size() ? ordered : members;
  }

  /** Where the reader stands, behind a tag. Its own offset counts from somewhere else; line and column are right. */
  private int position() {
    while (line < reader.getLocation().getLineNumber() && lineStart < source.length()) {
      char one = source.charAt(lineStart++);
      boolean ends = one == '\n' || one == '\r' && (lineStart == source.length() || source.charAt(lineStart) != '\n');
      if (ends) line++;
    }
    return Math.min(source.length(), lineStart + reader.getLocation().getColumnNumber() - 1);
  }

  /** What stands inside one element, in order. */
  private final class Content {
    private final Map<String, List<Object>> byName = new LinkedHashMap<>();
    private final List<String> texts = new ArrayList<>();
    private final StringBuilder open = new StringBuilder();
    private int comments;

    void text(String piece) {
      open.append(piece);
    }

    void data(String piece) {
      closeText();
      keep(piece);
    }

    private void keep(String text) {
      count(1);
      texts.add(text);
    }

    void add(String name, Object value) {
      closeText();
      byName.computeIfAbsent(name, absent -> new ArrayList<>(1)).add(value);
    }

    void comment() {
      closeText();
      comments++;
      if (comments > 0) byName.computeIfAbsent("#comment", absent -> new ArrayList<>(0));
    }

    private void closeText() {
      if (!open.toString().isBlank()) keep(open.toString());
      open.setLength(0);
    }

    boolean isEmpty() {
      closeText();
      return byName.isEmpty() && texts.isEmpty();
    }

    void into(Map<String, Object> members) {
      closeText();
      byName.forEach((name, values) -> {
        if (name.equals("#comment")) {
          if (comments > 1) members.put(name, List.of());
        } else {
          members.put(name, values.size() == 1 ? values.get(0) : values);
        }
      });
      List<Object> unbroken = new ArrayList<>();
      for (int i = texts.size() - 1; i >= 0; i--) unbroken.add(Document.unbroken(texts.get(i)));
      if (unbroken.size() == 1) members.put("_", unbroken.get(0));
      if (unbroken.size() > 1) members.put("_", unbroken);
    }
  }
}
