package io.caregrid.store.audit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.caregrid.contract.Audit.Deed;
import io.caregrid.contract.Audit.Entry;
import io.caregrid.contract.Caller;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class LineTest {
  private static final UUID ID = new UUID(1_700_000_000_000L << 16 | 0x7000, 0x8000000000000001L);
  private static final Entry READ = Entry.of(Caller.system("test").traced("t-1"), Deed.READ, "Observation/1")
      .about(List.of("Patient/p"));

  private static JsonNode json(byte[] line) throws IOException {
    return new ObjectMapper().readTree(line);
  }

  @Test
  void aLineIsJsonThatSaysWhoDidWhatToWhomAndWhen() throws IOException {
    byte[] line = Line.of(READ.asking("a=b"), ID, "node-1").toArray();

    JsonNode json = json(line);
    assertEquals("2023-11-14T22:13:20Z", json.get("at").asText());
    assertEquals(ID.toString(), json.get("id").asText());
    assertEquals("system:test", json.get("subject").asText());
    assertEquals("read", json.get("deed").asText());
    assertEquals("[\"Observation/1\"]", json.get("what").toString());
    assertEquals("[\"Patient/p\"]", json.get("patients").toString());
    assertEquals("a=b", json.get("query").asText());
    assertEquals(200, json.get("status").asInt());
    assertEquals('\n', line[line.length - 1]);
    assertTrue(Line.isWhole(line, 0, line.length - 1));
  }

  @Test
  void aLineThatHasNoRoomForAnIdIsNoneOfOurs() {
    java.util.zip.CRC32C crc = new java.util.zip.CRC32C();
    crc.update("{}".getBytes());
    byte[] line = ("{},\"crc\":\"%08x\"}".formatted(crc.getValue())).getBytes();

    assertFalse(Line.isWhole(line, 0, line.length));
  }

  @Test
  void anyChangedOrMissingByteIsNoticed() {
    byte[] line = Line.of(READ, ID, "node-1").toArray();

    for (int i = 0; i < line.length - 1; i++) {
      byte[] changed = line.clone();
      changed[i] ^= 1;
      assertFalse(Line.isWhole(changed, 0, changed.length - 1), "byte " + i);
      assertFalse(Line.isWhole(line, 0, i), "cut at " + i);
    }
  }

  @Test
  void whatPostgresDoesNotTakeAndWhatIsTooLongDoesNotGetIn() throws IOException {
    String nasty = "a\0b\ud800c\ud83d\ude00\udc00\n\"";
    Entry entry = Entry.of(Caller.system("x"), Deed.REQUEST, "/" + "ä".repeat(600))
        .asking(nasty + "q".repeat(Line.MOST_QUERY));

    byte[] line = Line.of(entry, ID, "n").toArray();

    String query = json(line).get("query").asText();
    assertTrue(query.startsWith("a\uFFFDb\uFFFDc\ud83d\ude00\uFFFD\n\""), query.substring(0, 12));
    assertEquals(Line.MOST_QUERY, query.length());
    assertEquals(Line.MOST_KEY, json(line).at("/what/0").asText().length());
    assertEquals(1, new String(line, StandardCharsets.UTF_8).lines().count());
  }

  static Clock clock(Instant[] now) {
    return new Clock() {
      @Override
      public Instant instant() {
        return now[0];
      }

      @Override
      public ZoneOffset getZone() {
        return ZoneOffset.UTC;
      }

      @Override
      public Clock withZone(java.time.ZoneId zone) {
        return this;
      }
    };
  }

  @Test
  void idsRiseEvenWhenTheClockStandsOrGoesBackALittle() {
    Instant[] now = {Instant.ofEpochMilli(1_700_000_000_000L)};
    EventIds ids = new EventIds(clock(now));
    String last = "";
    for (int i = 0; i < 20_000; i++) {
      if (i == 5000) now[0] = now[0].minusMillis(900);
      String next = ids.next().toString();
      assertTrue(next.compareTo(last) > 0, i + ": " + last + " then " + next);
      assertEquals('7', next.charAt(14));
      last = next;
    }
  }

  @Test
  void aClockThatIsSetBackIsBelieved() {
    Instant[] now = {Instant.ofEpochMilli(1_700_000_000_000L)};
    EventIds ids = new EventIds(clock(now));
    ids.next();
    now[0] = now[0].minusSeconds(3600);

    assertEquals(1_699_996_400_000L, EventIds.millis(ids.next()));
  }

  @Test
  void aLinesTimeIsReadOffItsId() {
    assertEquals(1_700_000_000_000L, Line.millis(Line.of(READ, ID, "node-1").toArray(), 0));
  }

  @Test
  void whatAStrangerSendsStaysInItsLine() throws IOException {
    String nasty = "\"},\n{\"id\":\"x\"}\r\n\u0001\u001b[2J\u2028\u0085\t\\";
    byte[] line = Line.of(Entry.of(Caller.system(nasty).from(nasty).traced(nasty), Deed.REQUEST, nasty)
        .about(List.of(nasty))
        .aboutIds(List.of(nasty))
        .asking(nasty), ID, "n").toArray();

    String text = new String(line, StandardCharsets.UTF_8);
    assertEquals(text.length() - 1, text.chars().filter(c -> !Character.isISOControl(c)).count());
    JsonNode json = json(line);
    for (String where : List.of("/what/0", "/patients/0", "/patientIds/0", "/query", "/trace", "/address"))
      assertEquals(nasty, json.at(where).asText(), where);
    assertTrue(Line.isWhole(line, 0, line.length - 1));
  }
}
