package io.caregrid.templates.ccda;

import io.caregrid.templates.liquid.Indexed;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import javax.xml.stream.XMLStreamConstants;
import javax.xml.stream.XMLStreamException;
import javax.xml.stream.XMLStreamReader;

/**
 * What a document's sections say to people, by the ID of the element that says it: where {@code <reference value="#a7"/>} stands for a text, {@code at("a7")} is that text
 * (HL7 CDA R2 4.3.5.1, 4.3.5.10). Plain, without markup and with single blanks; what is marked as deleted is left out. It is read when the first one is asked for; one thread.
 */
public final class Narrative implements Indexed {
  /** Characters of one text; of a longer one the beginning, with … behind it. It is the name of something, not a story. */
  static final int LONGEST = 1_000;
  private static final Set<String> WITHIN_WORDS = Set.of("content", "sub", "sup");
  private final String document;
  private Map<String, Said> texts;

  /** @param document well-formed, as {@link Document#parse} takes it */
  public Narrative(String document) {
    this.document = document;
  }

  @Override
  public Object at(String id) {
    if (texts == null) texts = read();
    Said said = texts.get(id);
    return said == null ? null : said.text();
  }

  @Override
  public Object at(int index) {
    return at(Integer.toString(index));
  }

  /**
   * Where a text stands; it is made when somebody asks for it. Elements lie in one another, and each would hold a copy of what the innermost says.
   *
   * @param section all that the section says
   * @param whole   whether it ends at {@code to}, and does not only go on for too long
   */
  private record Said(StringBuilder section, int from, int to, boolean whole) {
    /** null when there is nothing to read. */
    String text() {
      String text = section.substring(from, to).replaceAll("[\\s\u00a0]+", " ").strip();
      boolean fits = text.length() <= LONGEST;
      if (!fits) text = text.substring(0, LONGEST);
      if (!text.isEmpty() && Character.isHighSurrogate(text.charAt(text.length() - 1)))
        text = text.substring(0, text.length() - 1);
      if (!fits || !whole) text = text.strip() + " …";
      return text.isEmpty() ? null : text;
    }
  }

  /** @param id null: it has none @param from where its text begins */
  private record Open(String id, int from, boolean deleted) {}

  private Map<String, Said> read() {
    Map<String, Said> found = new HashMap<>();
    try {
      XMLStreamReader reader = Document.reader(document);
      String parent = "";
      Deque<String> names = new ArrayDeque<>();
      while (reader.hasNext()) {
        int event = reader.next();
        if (event == XMLStreamConstants.START_ELEMENT) {
          if (reader.getLocalName().equals("text") && parent.equals("section")) {
            text(reader, found);
            continue;
          }
          names.push(parent);
          parent = reader.getLocalName();
        }
        if (event == XMLStreamConstants.END_ELEMENT && !names.isEmpty()) parent = names.pop();
      }
    } catch (XMLStreamException broken) {
      throw new IllegalStateException("the document was read before", broken);
    }
    return found;
  }

  /** The reader stands at the start of a section's text and, afterwards, at its end. */
  private static void text(XMLStreamReader reader, Map<String, Said> found) throws XMLStreamException {
    StringBuilder said = new StringBuilder();
    Deque<Open> open = new ArrayDeque<>();
    open.push(new Open(reader.getAttributeValue(null, "ID"), 0, false));
    while (!open.isEmpty()) {
      switch (reader.next()) {
        case XMLStreamConstants.START_ELEMENT -> {
          boolean deleted = open.peek().deleted || "delete".equals(reader.getAttributeValue(null, "revised"));
          if (!WITHIN_WORDS.contains(reader.getLocalName())) said.append(' ');
          open.push(new Open(reader.getAttributeValue(null, "ID"), said.length(), deleted));
        }
        case XMLStreamConstants.END_ELEMENT -> {
          Open ended = open.pop();
          if (ended.id != null) keep(ended.id, said, ended.from, found);
          if (!WITHIN_WORDS.contains(reader.getLocalName())) said.append(' ');
        }
        case XMLStreamConstants.CHARACTERS, XMLStreamConstants.CDATA -> {
          if (!open.peek().deleted) said.append(reader.getText());
        }
        default -> {}
      }
    }
  }

  private static void keep(String id, StringBuilder said, int from, Map<String, Said> found) {
    int to = Math.min(said.length(), from + 4 * LONGEST);
    found.putIfAbsent(id, new Said(said, from, to, to == said.length()));
  }
}
