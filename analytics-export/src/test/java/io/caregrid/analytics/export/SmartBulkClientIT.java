package io.caregrid.analytics.export;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.caregrid.analytics.lake.store.Place;
import io.caregrid.cluster.DatabaseConfig;
import io.caregrid.cluster.ExportConfig;
import io.caregrid.cluster.LakeConfig;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.store.Schema;
import io.vertx.core.http.HttpServer;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * SMART's own bulk-data-client (github.com/smart-on-fhir/bulk-data-client), unchanged, under Node. It is not kept here: CAREGRID_BULK_DATA_CLIENT names a copy's
 * folder, installed ({@code npm install --omit=dev --engine-strict=false}); elsewhere this is skipped. The {@code node} in the path must be of version 18, as
 * its package.json says: under 20 it ends with 0 and without a word after it has asked for the CapabilityStatement.
 */
@Tag("full")
@ExtendWith(Engines.class)
class SmartBulkClientIT {
  private static final String VARIABLE = "CAREGRID_BULK_DATA_CLIENT";

  @Test
  void itTakesWhatTheGroupHas(LocalPostgres postgres, @TempDir Path folder) throws Exception {
    String copy = System.getenv(VARIABLE);
    assumeTrue(copy != null, "skipped: " + VARIABLE + " names no copy of bulk-data-client");
    DatabaseConfig database = new DatabaseConfig(postgres.host(), postgres.port(),
        postgres.createDatabase(Schema.on(postgres.host(), postgres.port(), postgres.user(), postgres.password())),
        postgres.user(), postgres.password(), 4);
    ExportConfig config = new ExportConfig("", false, Duration.ofMinutes(5), Duration.ofHours(1), 1, 1);
    try (ExportHouse house = new ExportHouse(database, Place.open(config, LakeConfig.DEFAULT, folder),
        folder.resolve("scratch"), config, Duration.ofSeconds(20))) {
      house.put("{'resourceType':'Patient','id':'a'}");
      house.put("{'resourceType':'Patient','id':'b'}");
      house.put(
          "{'resourceType':'Observation','id':'o','status':'final','code':{'text':'x'},'subject':{'reference':'Patient/a'}}");
      house.put(
          "{'resourceType':'Group','id':'g','type':'person','actual':true,'member':[{'entity':{'reference':'Patient/a'}}]}");
      Path settings = Files.writeString(folder.resolve("config.js"),
          Files.readString(Path.of(copy, "config", "defaults.js"))
              .replaceFirst("fhirUrl: \"\"", "fhirUrl: \"" + house.base() + "/fhir/\"")
              .replaceFirst("// pass custom headers", "\"X-Subject\": \"ann\"")
              .replaceFirst("reporter: \"cli\"", "reporter: \"text\""));

      assertEquals(List.of("1.Group.ndjson 1", "1.Observation.ndjson 1", "1.Patient.ndjson 1"),
          taken(copy, settings, folder, "group", "-g", "g"));
      assertEquals(List.of("1.Group.ndjson 1", "1.Observation.ndjson 1", "1.Patient.ndjson 2"),
          taken(copy, settings, folder, "all", "--global"));
      assertEquals(List.of("1.Patient.ndjson 1"),
          taken(copy, settings, folder, "some", "--post", "-t", "Patient", "-p", "b"));
      assertEquals(List.of("1.Patient.ndjson 2"), taken(copy, settings, folder, "deidentified", "--global", "-t",
          "Patient", "-c", "_anonymizationConfig=" + RuleBooks.SAFE_HARBOR));
      for (String line : Files.readAllLines(folder.resolve("deidentified/1.Patient.ndjson")))
        assertTrue(BulkClient.json(line).path("id").asText().matches("[0-9a-f]{64}"), line);
    }
  }

  /** SMART Backend Services: a signed assertion for a token, the token for the kick-off, the status and the files, which say that they need one. */
  @Test
  void withATokenForItsSignatureItTakesFilesThatNeedOne(LocalPostgres postgres, @TempDir Path folder) throws Exception {
    String copy = System.getenv(VARIABLE);
    assumeTrue(copy != null, "skipped: " + VARIABLE + " names no copy of bulk-data-client");
    DatabaseConfig database = new DatabaseConfig(postgres.host(), postgres.port(),
        postgres.createDatabase(Schema.on(postgres.host(), postgres.port(), postgres.user(), postgres.password())),
        postgres.user(), postgres.password(), 4);
    ExportConfig config = new ExportConfig("", false, Duration.ofMinutes(5), Duration.ofHours(1), 1, 1);
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec("secp384r1"));
    KeyPair key = generator.generateKeyPair();
    AtomicInteger tokens = new AtomicInteger();
    try (ExportHouse house = new ExportHouse(database, Place.open(config, LakeConfig.DEFAULT, folder),
        folder.resolve("scratch"), config, Duration.ofSeconds(20))) {
      house.put("{'resourceType':'Patient','id':'a'}");
      HttpServer issuer = ExportHouse.get(house.vertx.createHttpServer().requestHandler(request -> {
        request.setExpectMultipart(true);
        request.endHandler(end -> {
          boolean good = request.getFormAttribute("grant_type").equals("client_credentials")
              && isSigned(request.getFormAttribute("client_assertion"), key);
          if (good) tokens.incrementAndGet();
          request.response()
              .setStatusCode(good ? 200 : 400)
              .putHeader("Content-Type", "application/json")
              .end(good
                  ? "{\"access_token\":\"the-token-of-ann\",\"token_type\":\"bearer\",\"expires_in\":300,\"scope\":\"system/*.rs\"}"
                  : "{\"error\":\"invalid_client\"}");
        });
      }).listen(0, "127.0.0.1"));
      Path settings = Files.writeString(folder.resolve("config.js"),
          Files.readString(Path.of(copy, "config", "defaults.js"))
              .replaceFirst("fhirUrl: \"\"", "fhirUrl: \"" + house.base() + "/fhir/\"")
              .replaceFirst("tokenUrl: \"none\"", "tokenUrl: \"http://127.0.0.1:" + issuer.actualPort() + "/token\"")
              .replaceFirst("privateKey: \\{\\}", "privateKey: " + jwk(key))
              .replaceFirst("clientId: \"\"", "clientId: \"ann\"")
              .replaceFirst("reporter: \"cli\"", "reporter: \"text\""));

      assertEquals(List.of("1.Patient.ndjson 1"), taken(copy, settings, folder, "token", "-t", "Patient"));
      assertEquals(1, tokens.get());
      assertEquals(401, java.net.http.HttpClient.newHttpClient()
          .send(java.net.http.HttpRequest.newBuilder(java.net.URI.create(house.base() + "/fhir/$export"))
              .header("Prefer", "respond-async")
              .build(), java.net.http.HttpResponse.BodyHandlers.discarding())
          .statusCode(), "without one");
    }
  }

  /** RFC 7517 and 7518: P-384. */
  private static String jwk(KeyPair key) {
    ECPublicKey open = (ECPublicKey) key.getPublic();
    return "{kty:'EC',crv:'P-384',alg:'ES384',key_ops:['sign'],kid:'k',x:'" + number(open.getW().getAffineX()) + "',y:'"
        + number(open.getW().getAffineY()) + "',d:'" + number(((ECPrivateKey) key.getPrivate()).getS()) + "'}";
  }

  private static String number(BigInteger number) {
    byte[] fixed = new byte[48];
    byte[] bytes = number.toByteArray();
    int length = Math.min(48, bytes.length);
    System.arraycopy(bytes, bytes.length - length, fixed, 48 - length, length);
    return Base64.getUrlEncoder().withoutPadding().encodeToString(fixed);
  }

  private static boolean isSigned(String assertion, KeyPair key) {
    try {
      int dot = assertion.lastIndexOf('.');
      Signature signature = Signature.getInstance("SHA384withECDSAinP1363Format");
      signature.initVerify(key.getPublic());
      signature.update(assertion.substring(0, dot).getBytes(StandardCharsets.US_ASCII));
      return signature.verify(Base64.getUrlDecoder().decode(assertion.substring(dot + 1)));
    } catch (GeneralSecurityException | IllegalArgumentException broken) {
      return false;
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException gone) {
      return gone.toString();
    }
  }

  /** Names of the files it saved, and how many lines each has. */
  private static List<String> taken(String copy, Path settings, Path folder, String into, String... words)
      throws Exception {
    Path saved = Files.createDirectories(folder.resolve(into));
    Path printed = folder.resolve(into + ".txt");
    List<String> command = new java.util.ArrayList<>(
        List.of("node", "built/app.js", "--config", settings.toString(), "-d", saved.toString()));
    command.addAll(List.of(words));
    Process client = new ProcessBuilder(command).directory(Path.of(copy).toFile())
        .redirectErrorStream(true)
        .redirectOutput(printed.toFile())
        .start();
    try {
      boolean ended = client.waitFor(90, TimeUnit.SECONDS);
      assertEquals(0, ended ? client.exitValue() : -1, Files.readString(printed));
    } finally {
      client.destroyForcibly();
    }
    List<String> files = new java.util.ArrayList<>();
    try (var inside = Files.list(saved)) {
      for (Path file : inside.filter(each -> each.toString().endsWith(".ndjson") && !each.endsWith("log.ndjson"))
          .sorted()
          .toList())
        files.add(file.getFileName() + " " + Files.readAllLines(file).stream().filter(line -> !line.isBlank()).count());
    }
    assertFalse(files.isEmpty(), () -> "it took nothing; it says " + read(printed) + read(saved.resolve("log.ndjson")));
    return files;
  }
}
