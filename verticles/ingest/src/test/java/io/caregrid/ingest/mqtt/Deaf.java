package io.caregrid.ingest.mqtt;

import io.caregrid.ingest.Await;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/** A device that sends without end and never reads what it is answered. */
final class Deaf implements AutoCloseable {
  private static final long MOST_BYTES = 1 << 30;
  private static final int FILTERS = 1_000;
  private static final Duration STILL = Duration.ofMillis(500);

  private final Device device;
  private final AtomicLong written = new AtomicLong();
  /** When the last one was got rid of; 0 before the first. */
  private final AtomicLong last = new AtomicLong();
  private final Thread flood = new Thread(this::flood, "deaf");

  /** Connects, and is let in. */
  Deaf(int port, String client) throws IOException {
    Socket narrow = new Socket();
    narrow.setReceiveBufferSize(2_048);
    narrow.connect(new InetSocketAddress("127.0.0.1", port));
    device = new Device(narrow, 4).entered(client);
    flood.start();
    Await.until("nothing to be read from it any more", this::standsStill);
  }

  private void flood() {
    byte[] question = subscribe();
    try {
      while (written.addAndGet(question.length) < MOST_BYTES) {
        device.write(question);
        last.set(System.nanoTime());
      }
    } catch (IOException disconnected) {
      return;
    }
  }

  /** One that is answered at length: what the sockets hold is soon full. */
  private static byte[] subscribe() {
    return Device.packet(0x82, out -> {
      out.writeShort(1);
      for (int n = 0; n < FILTERS; n++) {
        Device.text(out, "t");
        out.writeByte(0);
      }
    });
  }

  private boolean standsStill() {
    return last.get() != 0 && System.nanoTime() - last.get() > STILL.toNanos();
  }

  /** Bytes that it got rid of. */
  long written() {
    return written.get();
  }

  /** Whether nobody is there for it any more, as it notices when it writes. */
  boolean isGone() {
    return !flood.isAlive();
  }

  @Override
  public void close() throws Exception {
    device.close();
    flood.join(10_000);
  }
}
