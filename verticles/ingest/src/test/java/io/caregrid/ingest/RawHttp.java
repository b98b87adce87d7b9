package io.caregrid.ingest;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A client that may misbehave: one connection, bytes as the test writes them. */
final class RawHttp implements AutoCloseable {
  private static final int PATIENCE_MILLIS = 120_000;

  private final Socket socket;

  RawHttp(int port) throws IOException {
    socket = new Socket("127.0.0.1", port);
    socket.setSoTimeout(PATIENCE_MILLIS);
  }

  RawHttp head(String... headers) throws IOException {
    send("POST /ingest HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n");
    for (String header : headers) send(header + "\r\n");
    return send("\r\n");
  }

  RawHttp send(String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.UTF_8));
    return this;
  }

  /** So many bytes of JSON white space, in chunks of 64 kB; returns how many the server let us send. */
  long sendChunked(long bytes) throws IOException {
    byte[] chunk = new byte[64 << 10];
    Arrays.fill(chunk, (byte) ' ');
    OutputStream out = socket.getOutputStream();
    long sent = 0;
    while (sent < bytes) {
      out.write("10000\r\n".getBytes(StandardCharsets.US_ASCII));
      out.write(chunk);
      out.write("\r\n".getBytes(StandardCharsets.US_ASCII));
      sent += chunk.length;
    }
    out.write("0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    return sent;
  }

  /** Whether something has come back already. */
  boolean isAnswered() throws IOException {
    return socket.getInputStream().available() > 0;
  }

  /** Everything up to the end of one answer: head, and a body of the length the head says. */
  String answer() throws IOException {
    InputStream in = socket.getInputStream();
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int next = in.read();
      if (next < 0) return head.toString();
      head.append((char) next);
    }
    return head + new String(in.readNBytes(length(head.toString())), StandardCharsets.UTF_8);
  }

  private static int length(String head) {
    return head.lines()
        .filter(line -> line.toLowerCase().startsWith("content-length:"))
        .mapToInt(line -> Integer.parseInt(line.substring(15).strip()))
        .findFirst()
        .orElse(0);
  }

  /** True when the server has ended the connection, which it must have done in time. */
  boolean isEnded() throws IOException {
    return socket.getInputStream().read() < 0;
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
