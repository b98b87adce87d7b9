package io.caregrid.ingest.hl7;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class IdentifiersTest {
  private static List<String> of(String message) throws Exception {
    String raw = new String(message.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    return Identifiers.of(raw, Msh.of(raw), StandardCharsets.UTF_8);
  }

  @Test
  void allThatAMessageCallsItsPatientsIsFoundDecodedAndOnce() throws Exception {
    assertEquals(List.of("e1", "p1", "M\u00fc&|7", "a1", "old"),
        of("MSH|^~\\&|A\rPID|1|e1^^^X|p1^^^W^MR~M\u00fc\\T\\\\F\\7^^^V~p1"
            + "|a1||Berg\rNK1|1|n1|n2\rMRG|old^^^W|x\r"));
    assertEquals(List.of("5"), of("MSH$%*!@$A\nPID$1$\"\"$5%%%W\n"));
    assertEquals(List.of(), of("MSH|^~\\&|A\rPID|1\rPIDX|1|2|3\r"));
  }
}
