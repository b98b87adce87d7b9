package io.caregrid.templates.hl7v2;

import io.caregrid.templates.liquid.ConversionException;
import io.caregrid.templates.liquid.ErrorCode;
import io.caregrid.templates.liquid.Filters;
import io.caregrid.templates.liquid.Values;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** How templates pick segments: {@code hl7v2Data | get_first_segments: 'PID|PV1'}. */
public final class SegmentFilters {
  private SegmentFilters() {}

  public static void addTo(Filters filters) {
    ResultFilters.addTo(filters);
    filters.with("get_first_segments", 1, 1, (run, value, with) -> first(message(value), wanted(with[0])));
    filters.with("get_segment_lists", 1, 1, (run, value, with) -> lists(message(value), wanted(with[0])));
    filters.with("get_related_segment_list", 2, 2,
        (run, value, with) -> related(message(value), with[0], Values.text(with[1])));
    filters.with("get_parent_segment", 3, 3,
        (run, value, with) -> parent(message(value), Values.text(with[0]), Values.integer(with[1]),
            Values.text(with[2])));
    filters.with("has_segments", 1, 1, (run, value, with) -> message(value).ids().containsAll(wanted(with[0])));
    filters.with("at_most_one", 1, 1, (run, value, with) -> atMostOne(message(value), wanted(with[0])));
    filters.with("message_hash", 0, 0, (run, value, with) -> hash(message(value)));
    filters.with("split_data_by_segments", 1, 1, (run, value, with) -> split(message(value), wanted(with[0])));
  }

  private static Message message(Object value) {
    if (value instanceof Message message) return message;
    throw new ConversionException(ErrorCode.TEMPLATE_DATA_MISMATCH,
        "a filter for HL7 v2 messages gets something else");
  }

  private static List<String> wanted(Object ids) {
    return Arrays.asList(Values.required(ids).split("\\|", -1));
  }

  private static Map<String, Segment> first(Message message, List<String> wanted) {
    Map<String, Segment> found = new LinkedHashMap<>();
    for (int i = 0; i < message.ids().size(); i++) {
      if (wanted.contains(message.ids().get(i))) found.putIfAbsent(message.ids().get(i), message.segments().get(i));
    }
    return found;
  }

  private static Map<String, List<Segment>> lists(Message message, List<String> wanted) {
    Map<String, List<Segment>> found = new LinkedHashMap<>();
    for (int i = 0; i < message.ids().size(); i++) {
      if (!wanted.contains(message.ids().get(i))) continue;
      found.computeIfAbsent(message.ids().get(i), absent -> new ArrayList<>()).add(message.segments().get(i));
    }
    return found;
  }

  /** The first unbroken run of {@code child} anywhere behind {@code parent}: the next parent does not end the search. */
  private static Map<String, List<Segment>> related(Message message, Object parent, String child) {
    boolean seen = false;
    for (int i = 0; i < message.ids().size(); i++) {
      if (message.segments().get(i) == parent) {
        seen = true;
      } else if (seen && message.ids().get(i).equalsIgnoreCase(child)) {
        int end = i;
        while (end < message.ids().size() && message.ids().get(end).equalsIgnoreCase(child)) end++;
        return Map.of(child, new ArrayList<>(message.segments().subList(i, end)));
      }
    }
    return Map.of();
  }

  /** From the {@code index}-th child (0-based) backwards to its parent. */
  private static Map<String, Segment> parent(Message message, String child, int index, String parent) {
    int left = index;
    for (int i = 0; i < message.ids().size(); i++) {
      if (!message.ids().get(i).equalsIgnoreCase(child) || left-- > 0) continue;
      for (int back = i; back >= 0; back--) {
        if (message.ids().get(back).equalsIgnoreCase(parent)) return Map.of(parent, message.segments().get(back));
      }
      return Map.of();
    }
    return Map.of();
  }

  /** The message, of which a template takes only the first of these segments: with a second one it would tell what is the second's of the first. */
  private static Message atMostOne(Message message, List<String> ids) {
    for (String id : ids) {
      long found = message.ids().stream().filter(id::equals).count();
      if (found > 1) {
        throw new ConversionException(ErrorCode.TEMPLATE_DATA_MISMATCH,
            "the message has " + found + " " + id + " and is taken with one only: send a message for each");
      }
    }
    return message;
  }

  /** SHA-256 of all segments as they were sent. */
  private static String hash(Message message) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (Segment segment : message.segments()) digest.update((segment.raw + "\r").getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException everyJavaHasIt) {
      throw new IllegalStateException(everyJavaHasIt);
    }
  }

  /** Pieces that each begin with one of {@code starts}; what stands before the first is a piece too. */
  private static List<Message> split(Message message, List<String> starts) {
    Set<String> wanted = Set.copyOf(starts);
    if (message.ids().stream().noneMatch(wanted::contains)) return List.of(message);
    List<Message> pieces = new ArrayList<>();
    Message piece = new Message(new ArrayList<>(), new ArrayList<>());
    for (int i = 0; i < message.ids().size(); i++) {
      if (wanted.contains(message.ids().get(i))) {
        pieces.add(piece);
        piece = new Message(new ArrayList<>(), new ArrayList<>());
      }
      piece.ids().add(message.ids().get(i));
      piece.segments().add(message.segments().get(i));
    }
    pieces.add(piece);
    return pieces;
  }
}
