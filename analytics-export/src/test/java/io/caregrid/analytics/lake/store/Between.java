package io.caregrid.analytics.lake.store;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.atomic.AtomicInteger;

/** A bad line between a client and a server: requests pass, answers are lost or break off when a test says so. */
public final class Between implements AutoCloseable {
  private final ServerSocket listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
  private final int server;
  private final AtomicInteger lost = new AtomicInteger();
  private final AtomicInteger torn = new AtomicInteger();
  private volatile int tornAfter;

  public Between(int server) throws IOException {
    this.server = server;
    start(this::accept);
  }

  public int port() {
    return listening.getLocalPort();
  }

  /** The next so many answers never come: the connection ends when they should begin. */
  public void loseAnswers(int next) {
    lost.set(next);
  }

  /** The next so many answers end after so many bytes. */
  public void tearAnswers(int next, int bytes) {
    tornAfter = bytes;
    torn.set(next);
  }

  /** How many were to be lost or torn and were not yet. */
  public int left() {
    return lost.get() + torn.get();
  }

  private void accept() throws IOException {
    while (true) {
      Socket client = listening.accept();
      Socket behind = new Socket(InetAddress.getLoopbackAddress(), server);
      start(() -> requests(client, behind));
      start(() -> answers(client, behind));
    }
  }

  private static void requests(Socket client, Socket behind) throws IOException {
    try (client; behind) {
      client.getInputStream().transferTo(behind.getOutputStream());
    }
  }

  private void answers(Socket client, Socket behind) throws IOException {
    try (client; behind) {
      InputStream from = behind.getInputStream();
      OutputStream to = client.getOutputStream();
      byte[] some = new byte[1 << 16];
      for (int got = from.read(some); got >= 0; got = from.read(some)) {
        if (take(lost)) return;
        if (torn.get() > 0 && got > 0) {
          tear(some, got, from, to);
          return;
        }
        to.write(some, 0, got);
      }
    }
  }

  private void tear(byte[] some, int got, InputStream from, OutputStream to) throws IOException {
    torn.decrementAndGet();
    int sent = 0;
    for (int now = got; now >= 0 && sent < tornAfter; now = from.read(some)) {
      int part = Math.min(now, tornAfter - sent);
      to.write(some, 0, part);
      sent += part;
    }
    to.flush();
  }

  private static boolean take(AtomicInteger count) {
    return count.getAndUpdate(n -> Math.max(0, n - 1)) > 0;
  }

  private interface Work {
    void run() throws IOException;
  }

  private static void start(Work work) {
    Thread thread = new Thread(() -> {
      try {
        work.run();
      } catch (IOException over) {
        // one side hung up
      }
    }, "between");
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void close() throws IOException {
    listening.close();
  }
}
