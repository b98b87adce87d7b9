package io.caregrid.events;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.events.Courier.Answer;
import io.caregrid.events.Courier.Letter;
import io.caregrid.templates.rules.Made;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A card for a Teams channel (Adaptive Cards 1.4, as a workflow's or an incoming webhook takes it): that something changed, and where to look. What it says
 * stands on it only where the target is a reader.
 *
 * <p>What a resource says goes into TextRuns, which know no markdown: nobody who writes a resource makes a link of it. Teams takes four messages a second, and
 * 28 kB in each; some of its webhooks answer 200 and say in the body that they failed.
 */
final class TeamsForm implements Form {
  private static final Duration SPACING = Duration.ofMillis(300);
  private final String source;

  TeamsForm(String source) {
    this.source = source;
  }

  @Override
  public Duration spacing() {
    return SPACING;
  }

  @Override
  public Message of(List<Letter> letters, Instant now) {
    Letter letter = letters.get(0);
    ObjectNode message = Trees.object().put("type", "message");
    ObjectNode attachment = message.putArray("attachments").addObject();
    attachment.put("contentType", "application/vnd.microsoft.card.adaptive").putNull("contentUrl");
    attachment.set("content", card(letter));
    return new Message(Trees.bytes(message), Map.of());
  }

  private ObjectNode card(Letter letter) {
    ObjectNode card = Trees.object()
        .put("$schema", "http://adaptivecards.io/schemas/adaptive-card.json")
        .put("type", "AdaptiveCard")
        .put("version", "1.4");
    ArrayNode body = card.putArray("body");
    if (letter.delivery().op() == null) {
      line(body, "Caregrid cannot tell what changed before now: look there anew", true);
      return card;
    }
    line(body, letter.delivery().type() + " " + Event.action(letter.delivery()).toLowerCase(java.util.Locale.ROOT),
        true);
    if (letter.resource() != null) {
      facts(Trees.read(letter.resource())).forEach((name, text) -> line(body, name + ": " + text, false));
    }
    line(body, letter.delivery().at().toString(), false);
    card.putArray("actions")
        .addObject()
        .put("type", "Action.OpenUrl")
        .put("title", "Open")
        .put("url", source + "/" + letter.delivery().type() + "/" + letter.delivery().id());
    return card;
  }

  private static void line(ArrayNode body, String text, boolean bold) {
    ObjectNode run = body.addObject().put("type", "RichTextBlock").putArray("inlines").addObject();
    run.put("type", "TextRun").put("text", text);
    if (bold) run.put("weight", "Bolder");
  }

  /** What a ward wants to see first. */
  static Map<String, String> facts(JsonNode resource) {
    Map<String, String> facts = new LinkedHashMap<>();
    put(facts, "What", Trees.words(resource.path("code")));
    put(facts, "Patient", who(resource));
    put(facts, "Value", value(resource));
    JsonNode prediction = resource.path("prediction").path(0);
    put(facts, "Outcome", Trees.words(prediction.path("outcome")));
    put(facts, "Risk", Trees.words(prediction.path("qualitativeRisk")));
    put(facts, "Severity", resource.path("severity").asText());
    put(facts, "Reading", reading(resource));
    put(facts, "Status", resource.path("status").asText());
    put(facts, "When", when(resource));
    return facts;
  }

  private static void put(Map<String, String> facts, String name, String text) {
    if (!text.isEmpty()) facts.put(name, Trees.brief(text));
  }

  private static String who(JsonNode resource) {
    if (resource.path("resourceType").asText().equals("Patient")) return "Patient/" + resource.path("id").asText();
    JsonNode subject = resource.has("subject") ? resource.path("subject") : resource.path("patient");
    String reference = subject.path("reference").asText();
    String display = subject.path("display").asText();
    return display.isEmpty() ? reference : display + " (" + reference + ")";
  }

  private static String value(JsonNode resource) {
    JsonNode quantity = resource.path("valueQuantity");
    if (quantity.has("value"))
      return quantity.path("value").asText() + " " + quantity.path("unit").asText(quantity.path("code").asText());
    return resource.has("valueString")
        ? resource.path("valueString").asText()
        : Trees.words(resource.path("valueCodeableConcept"));
  }

  /** What a rule has looked at. */
  private static String reading(JsonNode resource) {
    for (JsonNode extension : resource.path("extension")) {
      if (extension.path("url").asText().equals(Made.DETAIL))
        return extension.path("valueReference").path("reference").asText();
    }
    String basis = resource.path("basis").path(0).path("reference").asText();
    return basis.isEmpty() ? resource.path("implicated").path(0).path("reference").asText() : basis;
  }

  private static String when(JsonNode resource) {
    for (String name : List.of("effectiveDateTime", "effectiveInstant", "occurrenceDateTime", "identifiedDateTime"))
      if (resource.has(name)) return resource.path(name).asText();
    return resource.path("effectivePeriod").path("start").asText(resource.path("period").path("start").asText());
  }

  @Override
  public boolean reads() {
    return true;
  }

  @Override
  public Answer wrong(String answer) {
    if (!answer.contains("Webhook message delivery failed")) return null;
    boolean crowded = answer.contains("429");
    return new Answer(crowded ? 429 : 502, null, crowded
        ? "Teams answered 200, and 429 in the body: too many messages"
        : "Teams answered 200, and in the body that it could not deliver");
  }
}
