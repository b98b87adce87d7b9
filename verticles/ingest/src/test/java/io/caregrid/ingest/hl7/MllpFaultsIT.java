package io.caregrid.ingest.hl7;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.cluster.ConfigException;
import io.caregrid.cluster.DatabaseConfig;
import io.caregrid.cluster.Hl7Config;
import io.caregrid.cluster.KafkaConfig;
import io.caregrid.cluster.TlsConfig;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalKafka;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.engines.Memory;
import io.caregrid.engines.OwnPort;
import io.caregrid.engines.Pem;
import io.caregrid.ingest.Await;
import io.caregrid.store.Schema;
import java.io.IOException;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What is said and what is kept while something is away, or somebody is not who he should be. */
@ExtendWith(Engines.class)
class MllpFaultsIT {
  private static DatabaseConfig database(LocalPostgres postgres) {
    return new DatabaseConfig(postgres.host(), postgres.port(),
        postgres.createDatabase(Schema.on(postgres.host(), postgres.port(), postgres.user(), postgres.password())),
        postgres.user(), postgres.password(), 8);
  }

  @Test
  @Tag("full")
  void whileKafkaIsAwayNothingIsAcknowledgedAndAfterItsReturnWhatWasIsStored(@TempDir Path folder,
      LocalPostgres postgres) throws Exception {
    OwnPort port = OwnPort.take();
    LocalKafka broker = LocalKafka.start(folder, port.number());
    KafkaConfig kafka = House.kafka(broker.bootstrapServers());
    House.topic(kafka);
    try (House house = House.hasty(kafka, database(postgres), House.config());
        Sender sender = new Sender(house.port())) {
      assertTrue(sender.ask(Ward.admitted("k1", "p1", "Berg")).contains("MSA|AA|k1\r"));

      broker.close();
      for (int n = 0; n < 3; n++) {
        String answer = sender.ask(Ward.admitted("k2", "p2", "Berg"));
        assertTrue(answer.contains("MSA|AE|k2|not kept: the log takes no messages"), answer);
        assertTrue(answer.contains("|207^Application internal error^HL70357|"), answer);
      }
      byte[] message = Ward.admitted("k2", "p2", "Berg").getBytes();
      assertEquals(503, house.send("POST", "/hl7", "application/hl7-v2", message).statusCode());

      broker = LocalKafka.start(folder, port.number());
      Await.until("the port to take messages again",
          () -> ask(sender, Ward.admitted("k2", "p2", "Berg")).contains("MSA|AA|k2\r"));
      Await.until("both of them", () -> house.count("Patient") == 2);
    } finally {
      broker.close();
      port.close();
    }
  }

  private static String ask(Sender sender, String message) {
    try {
      return sender.ask(message);
    } catch (IOException gone) {
      throw new AssertionError(gone);
    }
  }

  @Test
  @Tag("full")
  void whatWasAcknowledgedWhileTheDatabaseWasAwayIsStoredOnceByWhoeverComesAfter(
      @TempDir(factory = Memory.class) Path folder, LocalKafka broker) throws Exception {
    OwnPort port = OwnPort.take();
    LocalPostgres postgres = LocalPostgres.start(folder, port.number());
    DatabaseConfig database = database(postgres);
    KafkaConfig kafka = House.kafka(broker.bootstrapServers());
    House.topic(kafka);
    try {
      try (House house = new House(kafka, database, House.config()); Sender sender = new Sender(house.port())) {
        assertTrue(sender.ask(Ward.admitted("a0", "p1", "Name0")).contains("MSA|AA|"));
        Await.until("the first one", () -> house.count("Observation") == 1);
        postgres.close();
        for (int n = 1; n <= 10; n++)
          assertTrue(sender.ask(Ward.admitted("a" + n, "p1", "Name" + n)).contains("MSA|AA|a" + n + "\r"));
        Await.until("it to wait", () -> house.counted(Hl7Metrics.RETRIES) > 0);
      }
      postgres = LocalPostgres.start(folder, port.number());

      try (House house = new House(kafka, database, House.config())) {
        Await.until("all of them", () -> house.count("Observation") == 11);
        assertEquals(1, house.count("Patient"));
        assertEquals(11, house.find("Patient").entries().get(0).version());
        assertTrue(house.find("Patient").entries().get(0).body().toString().contains("Name10"));
        assertTrue(house.letters().isEmpty());
      }
    } finally {
      postgres.close();
      port.close();
    }
  }

  @Test
  void whoShowsAnotherCertificateIsNotLetIn(@TempDir Path folder, LocalKafka broker, LocalPostgres postgres)
      throws Exception {
    Pem own = Pem.make(folder, "node");
    Pem friend = Pem.make(folder, "laboratory");
    Pem stranger = Pem.make(folder, "stranger");
    KafkaConfig kafka = House.kafka(broker.bootstrapServers());
    House.topic(kafka);
    TlsConfig tls = new TlsConfig(own.cert(), own.key(), friend.cert());
    try (House house = new House(kafka, database(postgres), House.config(Duration.ofMinutes(2), 8, tls))) {
      assertThrows(IOException.class, () -> connected(house, own, stranger, folder).ask(Ward.admitted("t0", "p", "B")));
      assertThrows(IOException.class, () -> connected(house, own, null, folder).ask(Ward.admitted("t1", "p", "B")));
      try (Sender clear = new Sender(house.port())) {
        String answer = clear.ask(Ward.admitted("t2", "p", "B"));
        assertTrue(answer == null || !answer.contains("MSA"), "in the clear nobody is answered");
      } catch (IOException refused) {
        assertTrue(house.letters().isEmpty());
      }
      try (Sender sender = connected(house, own, friend, folder)) {
        assertTrue(sender.ask(Ward.admitted("t3", "p1", "Berg")).contains("MSA|AA|t3\r"));
      }
      Await.until("what the friend sent", () -> house.count("Patient") == 1);
      Await.until("its trail, written behind the change",
          () -> house.audited.stream().anyMatch(entry -> "laboratory".equals(entry.caller().name())));
    }
  }

  private static Sender connected(House house, Pem trusted, Pem shown, Path folder) throws Exception {
    KeyStore trust = KeyStore.getInstance("PKCS12");
    trust.load(null, null);
    trust.setCertificateEntry("node", trusted.certificate());
    TrustManagerFactory trusts = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trusts.init(trust);
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    if (shown != null) {
      KeyStore store = KeyStore.getInstance(folder.resolve(shown.certificate()
          .getSubjectX500Principal()
          .getName()
          .substring(3) + ".p12").toFile(), "changeit".toCharArray());
      assertEquals(shown.certificate(), (X509Certificate) store.getCertificate("own"));
      keys.init(store, "changeit".toCharArray());
    }
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(shown == null ? null : keys.getKeyManagers(), trusts.getTrustManagers(), null);
    return new Sender((SSLSocket) context.getSocketFactory().createSocket("127.0.0.1", house.port()));
  }

  @Test
  void aPublicAddressIsRefusedWithoutCertificatesOfSenders() {
    ConfigException refused = assertThrows(ConfigException.class, () -> at("192.0.2.1", "protected"));
    assertTrue(refused.getMessage().contains("hl7.tls.clientCa"), refused.getMessage());
    assertEquals("192.0.2.1", at("192.0.2.1", "open-i-know-what-i-do").host());
  }

  private static Hl7Config at(String host, String mode) {
    Hl7Config like = House.config();
    return new Hl7Config(host, 2575, false, mode, List.of("FHIR Data Writer"), like.maxMessage(), 8, like.bufferBytes(),
        like.idle(), like.frame(), "", List.of("P"), like.keep(), TlsConfig.NONE);
  }
}
