package io.caregrid.api.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NodeKeyTest {
  @TempDir
  Path folder;

  private static String token(NodeKey key, LockedDoor door) {
    return key.token("me", List.of("FHIR Data Reader"), door.clock.instant(), Duration.ofHours(8));
  }

  @Test
  void aNodesOwnTokenIsTakenByThatNodeUntilItExpires() throws Exception {
    NodeKey key = NodeKey.keep(folder, "ward-7");
    NodeKey other = NodeKey.keep(Files.createDirectory(folder.resolve("other")), "ward-7");
    try (LockedDoor door = new LockedDoor(key, "security.nodeTokens=always")) {
      assertEquals("me|null|FHIR Data Reader|127.0.0.1", door.ask(token(key, door)).body());
      assertEquals(401, door.ask(token(other, door)).statusCode(), "a node of the same name with another key");
      assertEquals(401, door.send(door.request("/thing")).statusCode());
      String token = token(key, door);
      door.clock.forward(Duration.ofHours(9));
      assertEquals(401, door.ask(token).statusCode());
    }
  }

  @Test
  void theKeyStaysAndItsIssuerFollowsTheNodesName() throws IOException {
    NodeKey before = NodeKey.keep(folder, "a");

    assertEquals(before.keys(), NodeKey.keep(folder, "a").keys());
    NodeKey renamed = NodeKey.keep(folder, "b");
    assertEquals(before.keys(), renamed.keys());
    assertEquals("caregrid:b", NodeKey.read(folder).issuer());
    assertEquals("caregrid:a", before.issuer());
    try (var files = Files.list(folder)) {
      assertEquals(1, files.count(), "no pieces are left");
    }
  }

  @Test
  void onlyItsOwnerMayReadIt() throws IOException {
    NodeKey.keep(folder, "a");
    Path file = folder.resolve(NodeKey.FILE);
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));

    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));

    String refusal = assertThrows(IOException.class, () -> NodeKey.read(folder)).getMessage();
    assertTrue(refusal.contains("may be read by others"), refusal);
  }

  @Test
  void whatIsNoKeyIsNamedAndNotRepeated() throws IOException {
    assertThrows(NoSuchFileException.class, () -> NodeKey.read(folder));
    NodeKey.keep(folder, "a");
    for (String broken : List.of("{}", "{\"kty\":\"EC\",\"d\":\"secret\",\"issuer\":\"x\"}", "null", "secret")) {
      Files.writeString(folder.resolve(NodeKey.FILE), broken);
      String refusal = assertThrows(IOException.class, () -> NodeKey.read(folder), broken).getMessage();
      assertFalse(refusal.contains("secret"), refusal);
    }
  }

  @Test
  void aTokenSaysWhoMadeItForWhomAndUntilWhen() throws IOException {
    NodeKey key = NodeKey.keep(folder, "a");

    Jws jws = Jws
        .parse(key.token("me", List.of("Analyst"), Instant.parse("2026-11-20T10:00:00Z"), Duration.ofHours(1)));

    assertEquals("caregrid:a", jws.claims().path("iss").asText());
    assertEquals("caregrid", jws.claims().path("aud").asText());
    assertEquals(Instant.parse("2026-11-20T11:00:00Z").getEpochSecond(), jws.claims().path("exp").asLong());
    assertTrue(jws.isSignedBy(key.keys().keyFor(jws).orElseThrow()));
  }
}
