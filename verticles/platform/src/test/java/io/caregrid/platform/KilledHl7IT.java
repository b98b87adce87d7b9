package io.caregrid.platform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.engines.Memory;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A node is killed while an HL7 sender waits for its answer: he sends again what was not acknowledged, and each message is stored once and in his order. */
@Tag("full")
class KilledHl7IT {
  private static final int KILLS = 4;
  private static final int MOST_MILLIS = 400;
  private static final Pattern MLLP = Pattern.compile("(?m)^hl7 +mllp://127\\.0\\.0\\.1:(\\d+)");
  @TempDir(factory = Memory.class)
  Path temp;
  private volatile int next = 1;

  @Test
  void whatIsSentAgainAfterAKillBetweenReceiptAndAnswerIsStoredOnce() throws Exception {
    long seed = Long.getLong("caregrid.test.seed", 20261122);
    try {
      fourKills(new Random(seed));
    } catch (AssertionError wrong) {
      throw new AssertionError("caregrid.test.seed " + seed + ": " + wrong.getMessage(), wrong);
    }
  }

  private void fourKills(Random random) throws Exception {
    for (int kill = 1; kill <= KILLS; kill++) {
      ChildNode node = ChildNode.start(temp.resolve("logs/node-" + kill + ".log"), settings(), "--dev");
      int from = next;
      Thread sender = new Thread(() -> send(port(node)), "sender");
      sender.start();
      TestNode.eventually(Duration.ofSeconds(60), "the first answer", () -> next > from ? true : null);
      Thread.sleep(random.nextInt(MOST_MILLIS));
      node.kill();
      sender.join(240_000);
      assertTrue(!sender.isAlive(), "the sender still waits for a node that is dead");
      System.out.printf("kill %d: acknowledged up to %d%n", kill, next - 1);
    }

    try (ChildNode node = ChildNode.start(temp.resolve("logs/last.log"), settings(), "--dev")) {
      assertTrue(answered(port(node), next).contains("MSA|AA|K" + next), "the one that was not answered");
      JsonNode patient = TestNode.eventually(Duration.ofSeconds(60), "the last message", () -> {
        JsonNode found = TestNode.json(node.http() + "/fhir/Patient?identifier=4711").at("/entry/0/resource");
        return found.at("/name/0/family").asText().equals("Name" + next) ? found : null;
      });
      assertEquals(Integer.toString(next), patient.at("/meta/versionId").asText(), "each message changed him once");
      assertEquals(next, TestNode.json(node.http() + "/fhir/Encounter?_summary=count").path("total").asInt());
      assertTrue(TestNode.json(node.http() + "/hl7/dead-letters").path("letters").isEmpty());
    }
  }

  /** One after the other, each when the one before was acknowledged, until nobody answers. */
  private void send(int port) {
    try {
      while (answered(port, next).contains("MSA|AA|K" + next)) next++;
    } catch (IOException dead) {
      return;
    }
  }

  private static String answered(int port, int n) throws IOException {
    String message = "MSH|^~\\&|HIS|WARD7|CG|CG|20261120101500||ADT^A01^ADT_A01|K" + n
        + "|P|2.5\rPID|1||4711^^^WARD7^MR||Name" + n
        + "^Ada||19700101|F\rPV1|1|I|W^1^1" + "|".repeat(16) + "V-" + n + "^^^WARD7^VN\r";
    try (Socket socket = new Socket("127.0.0.1", port)) {
      socket.setSoTimeout(180_000);
      socket.getOutputStream().write(("\u000b" + message + "\u001c\r").getBytes(StandardCharsets.US_ASCII));
      ByteArrayOutputStream answer = new ByteArrayOutputStream();
      for (int one = socket.getInputStream().read(); one >= 0 && one != 0x1C; one = socket.getInputStream().read())
        answer.write(one);
      return answer.toString(StandardCharsets.US_ASCII);
    }
  }

  private static int port(ChildNode node) {
    try {
      Matcher found = MLLP.matcher(node.said());
      assertTrue(found.find(), node.said());
      return Integer.parseInt(found.group(1));
    } catch (IOException | InterruptedException broken) {
      throw new AssertionError(broken);
    }
  }

  private Map<String, String> settings() {
    Map<String, String> settings = new HashMap<>();
    settings.put("data", temp.resolve("data").toString());
    settings.put("http.port", "0");
    settings.put("dicom.port", "0");
    settings.put("hl7.port", "0");
    settings.put("cluster.shards", "4");
    settings.put("kafka.sourcePartitions", "1");
    return settings;
  }
}
