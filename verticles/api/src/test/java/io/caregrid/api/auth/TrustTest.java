package io.caregrid.api.auth;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Issuers whose TLS is vouched for by an authority of the hospital's own. */
class TrustTest {
  private static final SigningKey KEY = SigningKey.of("k-1", "ES256");
  @TempDir
  static Path folder;
  private static PrivateAuthority authority;
  private static PrivateAuthority other;
  private OwnIssuer issuer;

  @BeforeAll
  static void make() throws Exception {
    authority = PrivateAuthority.make(Files.createDirectory(folder.resolve("own")))
        .sign("server", "ip:127.0.0.1")
        .sign("elsewhere", "dns:elsewhere.example");
    other = PrivateAuthority.make(Files.createDirectory(folder.resolve("other")));
  }

  @AfterEach
  void close() {
    issuer.close();
  }

  private LockedDoor door(Path trust) throws Exception {
    String url = "security.issuers.ward.url=" + issuer.url();
    return trust == null
        ? new LockedDoor(null, url)
        : new LockedDoor(null, url, "security.issuers.ward.trust=" + trust);
  }

  private void assertNotTaken(Path trust) throws Exception {
    try (LockedDoor door = door(trust)) {
      assertEquals(503, door.ask(KEY.token(door.claims(issuer))).statusCode());
      assertFalse(door.authentication.allThere());
      assertEquals(0, issuer.asked.get());
    }
  }

  @Test
  void anIssuerUnderAPrivateAuthorityIsTakenWhenTheSettingTrustNamesItsRoot() throws Exception {
    issuer = new OwnIssuer(authority.context("server"), KEY);
    try (LockedDoor door = door(authority.root()).ready()) {
      assertEquals(200, door.ask(KEY.token(door.claims(issuer))).statusCode());
    }
  }

  @Test
  void withoutTheSettingOrWithAnotherRootItGivesNoKeys() throws Exception {
    issuer = new OwnIssuer(authority.context("server"), KEY);

    assertNotTaken(null);
    assertNotTaken(other.root());
  }

  @Test
  void aCertificateOfThatAuthorityForAnotherNameIsNotTaken() throws Exception {
    issuer = new OwnIssuer(authority.context("elsewhere"), KEY);

    assertNotTaken(authority.root());
  }

  @Test
  void aFileThatIsNotThereIsNoReasonToTrustAnybody() throws Exception {
    issuer = new OwnIssuer(authority.context("server"), KEY);

    assertNotTaken(folder.resolve("missing.crt"));
  }
}
