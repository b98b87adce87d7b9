package io.caregrid.api.fhir.r4;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class Utf8Test {
  @Test
  void whatAnotherDecoderTakesIsTaken() {
    long seed = Long.getLong("caregrid.test.seed", 20261122);
    Random random = new Random(seed);
    for (int turn = 0; turn < 200_000; turn++) {
      byte[] bytes = new byte[random.nextInt(6)];
      for (int i = 0; i < bytes.length; i++)
        bytes[i] = (byte) (random.nextBoolean() ? 0x80 + random.nextInt(128) : 1 + random.nextInt(127));
      assertEquals(isUtf8(bytes), Utf8.broken(bytes) < 0,
          () -> HexFormat.of().formatHex(bytes) + " caregrid.test.seed=" + seed);
    }
  }

  private static boolean isUtf8(byte[] bytes) {
    try {
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
      return true;
    } catch (CharacterCodingException broken) {
      return false;
    }
  }

  /** A quote and a slash in two bytes and in three, a surrogate, beyond Unicode, cut short, a lone continuation. */
  @ParameterizedTest
  @ValueSource(strings = {"c0a2", "c0af", "e080af", "eda080", "f4908080", "f8808080", "c3", "80"})
  void jsonInAnythingElseIsRefusedWithItsPlace(String hex) {
    byte[] text = ("{\n \"a\":\"ä" + "\u0001" + "\"}").getBytes(StandardCharsets.UTF_8);
    byte[] odd = HexFormat.of().parseHex(hex);
    ByteBuffer body = ByteBuffer.allocate(text.length + odd.length - 1);
    int at = text.length - 3;
    body.put(text, 0, at).put(odd).put(text, at + 1, 2);

    Trees.Malformed malformed = assertThrows(Trees.Malformed.class, () -> Trees.read(body.array()));
    assertTrue(malformed.getMessage().contains("line 2, column 9"), malformed.getMessage());
  }

  @Test
  void jsonInUtf16And32IsRefused() {
    for (String charset : new String[] {"UTF-16LE", "UTF-16BE", "UTF-16", "UTF-32LE", "UTF-32BE"}) {
      byte[] body = "{\"resourceType\":\"Patient\"}".getBytes(java.nio.charset.Charset.forName(charset));
      assertThrows(Trees.Malformed.class, () -> Trees.read(body), charset);
    }
  }
}
