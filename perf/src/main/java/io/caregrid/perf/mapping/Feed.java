package io.caregrid.perf.mapping;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** A mapping of some number of types, and messages for it. */
final class Feed {
  private static final ObjectMapper JSON = new ObjectMapper();
  /** Type and the member of the message that it is made of. */
  private static final List<String> BASIC = List.of("heartRate", "respiratoryRate", "bloodOxygen", "temperature",
      "steps", "bloodPressure");
  private static final List<String> MORE = List.of("weight", "height", "glucose", "calories", "distance", "floors",
      "sleep", "stress", "ecgRate", "vo2max",
      "bodyFat");

  private Feed() {}

  static List<String> types(int count) {
    return count == BASIC.size()
        ? BASIC
        : java.util.stream.Stream.concat(BASIC.stream(), MORE.stream()).limit(count).toList();
  }

  /** @param language {@code JsonPath}: all templates JsonPathContent; {@code JmesPath}: CalculatedContent with a calculation in every second value */
  static String mapping(int count, String language) {
    ObjectNode root = JSON.createObjectNode().put("templateType", "CollectionContent");
    ArrayNode templates = root.putArray("template");
    List<String> types = types(count);
    for (int i = 0; i < count; i++) {
      String type = types.get(i);
      boolean jmes = language.equals("JmesPath");
      ObjectNode template = templates.addObject()
          .put("templateType", jmes ? "CalculatedContent" : "JsonPathContent")
          .putObject("template");
      String prefix = jmes ? "matchedToken." : "$.";
      if (jmes) template.put("defaultExpressionLanguage", "JmesPath");
      template.put("typeName", type)
          .put("typeMatchExpression", jmes ? "to_array(Body)[?" + type + "]" : "$..[?(@" + type + ")]")
          .put("deviceIdExpression", prefix + "deviceId")
          .put("timestampExpression", prefix + "endDate")
          .put("patientIdExpression", prefix + "patientId");
      ArrayNode values = template.putArray("values");
      values.addObject()
          .put("required", true)
          .put("valueName", type)
          .put("valueExpression", value(type, jmes && i % 2 == 0, prefix));
      if (type.equals("bloodPressure")) {
        values.addObject()
            .put("required", false)
            .put("valueName", "diastolic")
            .put("valueExpression", prefix + "diastolic");
      }
    }
    return root.toString();
  }

  private static String value(String type, boolean calculated, String prefix) {
    return calculated
        ? "multiply(to_number(" + prefix + type + "), `1.5`)"
        : prefix + type;
  }

  /** One reading of the first type, and padded as real messages are: with what no template asks for. */
  static byte[] message(int bytes, int readings) {
    ObjectNode message = JSON.createObjectNode()
        .put("deviceId", "device-00042")
        .put("patientId", "patient-0815")
        .put("endDate", "2026-11-20T10:00:00.125Z");
    List<String> types = types(17);
    for (int i = 0; i < readings; i++) message.put(types.get(i), 60 + i + 0.5);
    ObjectNode status = message.putObject("status");
    for (int i = 0; message.toString().length() < bytes - 24; i++)
      status.put("f" + i, i % 3 == 0 ? "ok-" + i : Integer.toString(1000 + i));
    return message.toString().getBytes(StandardCharsets.UTF_8);
  }
}
