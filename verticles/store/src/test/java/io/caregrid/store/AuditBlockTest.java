package io.caregrid.store;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class AuditBlockTest {
  private static UUID id(int n) {
    return new UUID(1_700_000_000_000L << 16 | 0x7000, 0x8000000000000000L + n);
  }

  private static byte[] line(int n, String what) {
    return ("{\"id\":\"" + id(n)
        + "\",\"at\":\"2023-11-14T22:13:20Z\",\"node\":\"n\",\"subject\":\"s\",\"deed\":\"read\","
        + "\"status\":200,\"what\":[\"" + what + "\"],\"crc\":\"00000000\"}").getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void aBlockHasItsLinesTheirIdsAndWhatTheyMayBeAskedForBy() {
    AuditBlock block = AuditBlock.of(List.of(line(2, "A/1"), line(1, "A/2"), line(3, "A/1")));

    assertEquals(List.of(id(1), id(3), 3), List.of(block.first(), block.last(), block.events()));
    assertEquals(
        Set.of(AuditBlock.key("", "A/1"), AuditBlock.key("", "A/2"), AuditBlock.key("node", "n"),
            AuditBlock.key("subject", "s"), AuditBlock.key("deed", "read"), AuditBlock.key("status", "2")),
        Set.of(block.keys()));
    List<byte[]> lines = AuditBlock.lines(block.packed().getBytes());
    assertEquals(new String(line(1, "A/2"), StandardCharsets.UTF_8), new String(lines.get(1), StandardCharsets.UTF_8));
  }

  @Test
  void aLineThatNobodyCanReadStaysOutAndTheOthersComeIn() {
    for (String wrong : List.of("", "x", "{}", "{\"id\":\"7\"}", "[", "{\"id\":\"", "{\"a\":1}{\"b\":2}", "}", "]")) {
      AuditBlock block = AuditBlock
          .of(List.of(line(1, "A/1"), wrong.getBytes(StandardCharsets.UTF_8), line(2, "A/2")));

      assertEquals(List.of(id(1), id(2), 2), List.of(block.first(), block.last(), block.events()), wrong);
      assertEquals(2, AuditBlock.lines(block.packed().getBytes()).size(), wrong);
      assertEquals(6, block.keys().length, wrong);
      assertNull(AuditBlock.of(List.of(wrong.getBytes(StandardCharsets.UTF_8))), wrong);
    }
    assertNull(AuditBlock.of(List.of()));
  }
}
