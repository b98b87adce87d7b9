package io.caregrid.ingest.hl7;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.cluster.DatabaseConfig;
import io.caregrid.cluster.KafkaConfig;
import io.caregrid.cluster.TlsConfig;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalKafka;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.ingest.Await;
import io.caregrid.store.Schema;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** A sender who never reads what he is answered. */
@Tag("full")
@ExtendWith(Engines.class)
class SlowReaderIT {
  /** What the two sockets may hold, and then some. */
  private static final long MOST_BYTES = 64 << 20;

  @Test
  void whoNeverReadsHisAnswersIsReadNoFurtherAndDisconnectedAndOthersGoOn(LocalKafka broker, LocalPostgres postgres)
      throws Exception {
    KafkaConfig kafka = House.kafka(broker.bootstrapServers());
    House.topic(kafka);
    DatabaseConfig database = new DatabaseConfig(postgres.host(), postgres.port(),
        postgres.createDatabase(Schema.on(postgres.host(), postgres.port(), postgres.user(), postgres.password())),
        postgres.user(), postgres.password(), 8);
    byte[] frame = ("\u000b" + Ward.admitted("c".repeat(60_000), "p1", "Berg") + "\u001c\r")
        .getBytes(StandardCharsets.US_ASCII);
    try (House house = new House(kafka, database, House.config(Duration.ofSeconds(15), 8, TlsConfig.NONE));
        Socket deaf = new Socket()) {
      deaf.setReceiveBufferSize(4096);
      deaf.connect(new InetSocketAddress("127.0.0.1", house.port()), 60_000);
      AtomicLong written = new AtomicLong();
      Thread sender = new Thread(() -> write(deaf, frame, written), "deaf");
      sender.start();

      Await.until("the first answer that he does not read", () -> house.counted(Hl7Metrics.ACKNOWLEDGED) > 0);
      Await.until("him to be gone", () -> house.meters.get(Hl7Metrics.CONNECTIONS).gauge().value() == 0);
      sender.join(120_000);

      assertTrue(!sender.isAlive(), "he could write on");
      assertTrue(written.get() < MOST_BYTES, "read on, though no answer was taken: " + written.get() + " bytes");
      try (Sender other = new Sender(house.port())) {
        assertTrue(other.ask(Ward.admitted("o1", "p2", "Berg")).contains("MSA|AA|o1\r"));
      }
    }
  }

  /** Until nobody takes it any more. */
  private static void write(Socket socket, byte[] frame, AtomicLong written) {
    try {
      OutputStream out = socket.getOutputStream();
      while (written.get() < 2 * MOST_BYTES) {
        out.write(frame);
        written.addAndGet(frame.length);
      }
    } catch (IOException disconnected) {
      return;
    }
  }
}
