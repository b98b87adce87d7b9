package io.caregrid.analytics.lake.schema;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Iterator;
import java.util.Map;
import java.util.Objects;

/** JSON trees that are equal in every digit of their numbers; only the order of an object's fields does not count. */
public final class Same {
  private Same() {}

  /** Pointer to the first thing that differs, or null. */
  public static String difference(JsonNode expected, JsonNode actual) {
    return difference("", expected, actual);
  }

  private static String difference(String at, JsonNode expected, JsonNode actual) {
    if (actual == null) return at + ": missing";
    if (expected.isNumber() && actual.isNumber()) {
      return expected.decimalValue().toString().equals(actual.decimalValue().toString())
          && expected.isIntegralNumber() == actual.isIntegralNumber() ? null : at + ": " + expected + " is " + actual;
    }
    if (!expected.isContainerNode())
      return Objects.equals(expected, actual) ? null : at + ": " + expected + " is " + actual;
    if (expected.getNodeType() != actual.getNodeType() || expected.size() != actual.size()) {
      return at + ": " + names(expected) + " is " + names(actual);
    }
    return expected.isObject() ? fields(at, expected, actual) : elements(at, expected, actual);
  }

  private static String fields(String at, JsonNode expected, JsonNode actual) {
    for (Map.Entry<String, JsonNode> field : expected.properties()) {
      String difference = difference(at + "/" + field.getKey(), field.getValue(), actual.get(field.getKey()));
      if (difference != null) return difference;
    }
    return null;
  }

  private static String elements(String at, JsonNode expected, JsonNode actual) {
    for (int i = 0; i < expected.size(); i++) {
      String difference = difference(at + "/" + i, expected.get(i), actual.get(i));
      if (difference != null) return difference;
    }
    return null;
  }

  private static String names(JsonNode node) {
    StringBuilder names = new StringBuilder(node.getNodeType() + " of " + node.size());
    for (Iterator<String> all = node.fieldNames(); all.hasNext();) names.append(' ').append(all.next());
    return names.toString();
  }
}
