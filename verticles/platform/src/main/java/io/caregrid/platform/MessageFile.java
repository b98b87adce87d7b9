package io.caregrid.platform;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * JSON values, one after the other. What is no JSON is skipped up to the next line that begins with a brace or a bracket.
 *
 * @param messages   those that could be read
 * @param unreadable why, by the place the others have among all, 0-based and ascending
 */
record MessageFile(List<JsonNode> messages, SortedMap<Integer, String> unreadable) {
  private static final ObjectReader JSON = new ObjectMapper().readerFor(JsonNode.class);

  /**
   * @param name of a file; {@code -} for standard input
   * @throws StartException when there are more than {@code most}, or no bytes can be read
   */
  static MessageFile read(String name, int most) {
    String text;
    try {
      byte[] bytes = name.equals("-") ? System.in.readAllBytes() : Files.readAllBytes(Path.of(name));
      text = new String(bytes, StandardCharsets.UTF_8);
    } catch (IOException unreadable) {
      throw new StartException("messages " + name + " cannot be read: " + FileTrouble.why(unreadable), unreadable);
    }
    MessageFile file = new MessageFile(new ArrayList<>(), new TreeMap<>());
    int from = 0;
    while (from < text.length()) from = file.readFrom(text, from, most);
    return file;
  }

  private int size() {
    return messages.size() + unreadable.size();
  }

  /** Reads until something is no JSON; gives where to go on. */
  private int readFrom(String text, int from, int most) {
    int read = from;
    try (MappingIterator<JsonNode> values = JSON.readValues(text.substring(from))) {
      while (values.hasNextValue()) {
        if (size() == most) throw tooMany(most);
        messages.add(values.nextValue());
        read = from + (int) values.getCurrentLocation().getCharOffset();
      }
      return text.length();
    } catch (JsonProcessingException noJson) {
      if (size() == most) throw tooMany(most);
      return skip(text, from, read, noJson.getLocation());
    } catch (IOException impossible) {
      throw new IllegalStateException("a text in memory cannot be read", impossible);
    }
  }

  /** Notes what begins behind {@code read}, and gives where the next one may begin. @param wrong null for what nests too deep */
  private int skip(String text, int from, int read, JsonLocation wrong) {
    int start = Math.min(read, text.length());
    while (start < text.length() && Character.isWhitespace(text.charAt(start))) start++;
    long firstLine = lines(text, start) + 1;
    unreadable.put(size(), "Message " + (size() + 1) + ", from line " + firstLine + " on, is no JSON: line "
        + (wrong == null ? firstLine : lines(text, from) + wrong.getLineNr())
        + (wrong == null ? ", it nests too deep or has a name too long." : ", column " + wrong.getColumnNr() + "."));
    int next = start;
    do {
      next = text.indexOf('\n', next) + 1;
      if (next == 0) return text.length();
    } while (next < text.length() && "{[".indexOf(text.charAt(next)) < 0);
    return next;
  }

  private static long lines(String text, int before) {
    return text.substring(0, before).chars().filter(c -> c == '\n').count();
  }

  private static StartException tooMany(int most) {
    return new StartException("more than " + most + " messages; preview some of them", null);
  }
}
