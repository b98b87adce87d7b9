package io.caregrid.ingest.mqtt;

import java.util.Comparator;
import java.util.List;
import java.util.Map;

/** Which mapping a topic's messages are for, by patterns of topics (MQTT 5 section 4.7). Of several that fit the one that says most decides. Pure. */
final class TopicMappings {
  private final List<Line> lines;

  private record Line(String[] levels, String mapping) {
    boolean fits(String[] topic) {
      if (topic[0].startsWith("$") && isWild(levels[0])) return false;
      for (int n = 0; n < levels.length; n++) {
        if (levels[n].equals("#")) return true;
        if (n >= topic.length || !levels[n].equals("+") && !levels[n].equals(topic[n])) return false;
      }
      return levels.length == topic.length;
    }

    private static boolean isWild(String level) {
      return level.equals("+") || level.equals("#");
    }
  }

  /** @param topics filter → one mapping */
  TopicMappings(Map<String, List<String>> topics) {
    lines = topics.entrySet()
        .stream()
        .map(line -> new Line(line.getKey().split("/", -1), line.getValue().get(0)))
        .sorted(Comparator.comparing(Line::levels, TopicMappings::compare))
        .toList();
  }

  /** What is named before what is open, from the left. */
  private static int compare(String[] one, String[] other) {
    for (int n = 0; n < Math.min(one.length, other.length); n++) {
      int open = Integer.compare(openness(one[n]), openness(other[n]));
      if (open != 0) return open;
    }
    return Integer.compare(other.length, one.length);
  }

  private static int openness(String level) {
    return level.equals("#") ? 2 : level.equals("+") ? 1 : 0;
  }

  /** Null when no pattern fits. */
  String mapping(String topic) {
    if (lines.isEmpty()) return null;
    String[] levels = topic.split("/", -1);
    for (Line line : lines) if (line.fits(levels)) return line.mapping();
    return null;
  }
}
