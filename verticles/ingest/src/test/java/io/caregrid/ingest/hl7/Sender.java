package io.caregrid.ingest.hl7;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A sender that may misbehave: bytes as the test writes them. */
final class Sender implements AutoCloseable {
  final Socket socket;

  Sender(int port) throws IOException {
    this(new Socket("127.0.0.1", port));
  }

  Sender(Socket socket) throws IOException {
    this.socket = socket;
    socket.setSoTimeout(120_000);
  }

  Sender write(byte[] bytes) throws IOException {
    socket.getOutputStream().write(bytes);
    socket.getOutputStream().flush();
    return this;
  }

  Sender frame(String message) throws IOException {
    return frame(message, StandardCharsets.UTF_8);
  }

  Sender frame(String message, Charset charset) throws IOException {
    return write(("\u000b" + message + "\u001c\r").getBytes(charset));
  }

  /** The next frame's text; null when the connection ended. */
  String answer() throws IOException {
    byte[] read = new byte[1 << 16];
    int length = 0;
    for (int one = socket.getInputStream().read(); one >= 0; one = socket.getInputStream().read()) {
      if (one == '\r' && length > 0 && read[length - 1] == 0x1C)
        return new String(Arrays.copyOfRange(read, 1, length - 1), StandardCharsets.UTF_8);
      read[length++] = (byte) one;
    }
    return null;
  }

  String ask(String message) throws IOException {
    return frame(message).answer();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
