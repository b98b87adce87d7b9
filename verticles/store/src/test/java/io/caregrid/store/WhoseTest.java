package io.caregrid.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vertx.core.buffer.Buffer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Whose a body is, found without parsing it: never another answer than a parser's. */
class WhoseTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String[] NAMES = {"subject", "reference", "subj", "subjects", "", "a\"b", "s\\u0075bject", "ö",
    "patient"};
  private static final String[] TEXTS = {"Patient/1", "", "a\\b", "\"", "Patient/ö", "x}y", "]", "subject",
    "\"subject\":{\"reference\":\"Patient/no\"}", "line\nfeed"};

  private static JsonNode any(Random random, int depth) {
    return switch (random.nextInt(depth > 3 ? 5 : 8)) {
      case 0 -> JSON.getNodeFactory().numberNode(random.nextInt() / 3.0);
      case 1 -> JSON.getNodeFactory().booleanNode(random.nextBoolean());
      case 2 -> JSON.nullNode();
      case 3, 4 -> JSON.getNodeFactory().textNode(TEXTS[random.nextInt(TEXTS.length)]);
      case 5 -> {
        ArrayNode array = JSON.createArrayNode();
        for (int i = random.nextInt(4); i > 0; i--) array.add(any(random, depth + 1));
        yield array;
      }
      default -> object(random, depth + 1);
    };
  }

  private static ObjectNode object(Random random, int depth) {
    ObjectNode object = JSON.createObjectNode();
    for (int i = random.nextInt(5); i > 0; i--)
      object.set(NAMES[random.nextInt(random.nextBoolean() ? 2 : NAMES.length)], any(random, depth));
    return object;
  }

  @Test
  void whateverTheBodyTheReferenceIsTheOneThatAParserFinds() throws IOException {
    long seed = Long.getLong("caregrid.test.seed", 20261123);
    Random random = new Random(seed);
    int named = 0;
    for (int round = 0; round < 30_000; round++) {
      ObjectNode body = object(random, 0);
      byte[] json = (random.nextBoolean() ? JSON.writer() : JSON.writer(SerializationFeature.INDENT_OUTPUT))
          .writeValueAsBytes(body);
      String expected = Json.reference(Buffer.buffer(json), "subject");
      assertEquals(expected, BodyReference.in(Buffer.buffer(json), "subject"), () -> "seed " + seed + ": " + body);
      if (expected != null) named++;
      if (json.length > 2) damaged(random, json);
    }
    assertEquals(true, named > 300, "seed " + seed + ": " + named + " had one");
  }

  /** Ends, and with nothing worse than {@link Body.Damaged}. */
  private static void damaged(Random random, byte[] json) {
    byte[] other = java.util.Arrays.copyOf(json, 1 + random.nextInt(json.length));
    other[random.nextInt(other.length)] = (byte) random.nextInt();
    try {
      BodyReference.in(Buffer.buffer(other), "subject");
    } catch (Body.Damaged damaged) {
      assertEquals("a stored body is not JSON", damaged.getMessage());
    }
  }

  @Test
  void whatIsWrittenWithEscapesIsFoundLikeAnythingElse() {
    for (String json : List.of("{\"s\\u0075bject\":{\"reference\":\"Patient/1\"}}",
        "{\"a\":1,\"\\u0073ubject\":{\"reference\":\"Patient/1\"}}",
        "{\"subject\":{\"\\u0072eference\":\"Patient/1\"}}", "{\"subject\":{\"referenc\\u0065\":\"Patient/1\"}}",
        "{\"subject\":{\"reference\":\"P\\u0061tient\\/1\"}}"))
      assertEquals("Patient/1", BodyReference.in(Buffer.buffer(json), "subject"), json);
  }

  @Test
  void aNumberThatNobodyCanReadIsDamageAndNoBug() {
    Buffer json = Buffer.buffer("{\"subject\":{\"x\":1e51243666666667,\"\\u0072eference\":\"Patient/1\"}}");
    assertThrows(Body.Damaged.class, () -> BodyReference.in(json, "subject"));
  }

  @Test
  void aReferenceWithoutItsVersionIsWhatItAlwaysWas() {
    Pattern relative = Pattern.compile("([A-Z][A-Za-z]{1,63}/[A-Za-z0-9\\-.]{1,64})(?:/_history/.*)?");
    List<String> references = new ArrayList<>(List.of("", "/", "Patient", "Patient/", "Patient/1", "patient/1", "P/1",
        "Pa/1", "Patient/1/_history/2", "Patient/1/_history/", "Patient/1/_history", "Patient/1/_history/a\nb",
        "urn:uuid:1", "http://a.b/Patient/1", "Patient/a_b", "Pati3nt/1", "Patient/1/", "Patient/1/_history/2/3",
        "Patient/" + "x".repeat(64), "Patient/" + "x".repeat(65), "P".repeat(64) + "/1", "P".repeat(65) + "/1",
        "Patient/" + "x".repeat(64) + "/_history/1", "Patient/" + "x".repeat(65) + "/_history/1", "Patient/é"));
    Random random = new Random(3);
    String letters = "PatientA1.-/_historyé\n";
    for (int round = 0; round < 20_000; round++) {
      StringBuilder any = new StringBuilder(random.nextBoolean() ? "Patient/" : "");
      for (int i = random.nextInt(20); i > 0; i--) any.append(letters.charAt(random.nextInt(letters.length())));
      references.add(any + (random.nextBoolean() ? "/_history/7" : ""));
    }
    for (String reference : references) {
      Matcher matcher = relative.matcher(reference);
      assertEquals(matcher.matches() ? matcher.group(1) : reference, Postings.local(reference), reference);
    }
  }
}
