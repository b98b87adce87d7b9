package io.caregrid.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.vertx.core.buffer.Buffer;
import java.util.HexFormat;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The bytes were made by another program: HMAC-SHA256 and AES-256-GCM of Python's cryptography. */
class SealedTextTest {
  private static final byte[] SECRET = HexFormat.of()
      .parseHex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
  private static final byte[] SEALED = HexFormat.of()
      .parseHex("000102030405060708090a0b8f3946c3472351c5ca68ecfe9f9dbea9ef7f7748668b");
  private static final String USE = "caregrid web session";

  @Test
  void whatAnEarlierVersionSealedIsOpened() {
    assertEquals(Optional.of("zwölf"), SealedText.open(SECRET, USE, Buffer.buffer(SEALED)));
  }

  @Test
  void whatIsSealedIsOpenedForTheSameUseAndSecretOnly() {
    Buffer sealed = SealedText.of(SECRET, USE, "zwölf");

    assertEquals(Optional.of("zwölf"), SealedText.open(SECRET, USE, sealed));
    assertEquals(Optional.empty(), SealedText.open(SECRET, "another", sealed));
    assertEquals(Optional.empty(), SealedText.open(new byte[32], USE, sealed));
    assertEquals(Optional.empty(), SealedText.open(SECRET, USE, sealed.getBuffer(0, sealed.length() - 1)));
    assertEquals(Optional.empty(), SealedText.open(SECRET, USE, Buffer.buffer("short")));
  }

  @Test
  void aKeyIsOfItsUse() {
    assertArrayEquals(
        HexFormat.of().parseHex("ee3e5d8bf0a2e19e65f48c98d6dd36ca32e439333e57994aebc66787f6318aa4"),
        SealedText.key(SECRET, "caregrid dateShiftKey"));
  }
}
