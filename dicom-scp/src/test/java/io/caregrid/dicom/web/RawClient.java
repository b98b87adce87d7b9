package io.caregrid.dicom.web;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** An HTTP client that does as it is told: stops in the middle, reads nothing, goes away. */
final class RawClient implements AutoCloseable {
  private static final int RECEIVE_BYTES = 8192;
  private static final int PATIENCE_MILLIS = 180_000;
  private final Socket socket = new Socket();
  private final InputStream in;
  private final OutputStream out;

  RawClient(int port) throws IOException {
    socket.setReceiveBufferSize(RECEIVE_BYTES);
    socket.setSoTimeout(PATIENCE_MILLIS);
    socket.connect(new InetSocketAddress("127.0.0.1", port), PATIENCE_MILLIS);
    in = socket.getInputStream();
    out = socket.getOutputStream();
  }

  RawClient ask(String path, String accept) throws IOException {
    return send(("GET /dicom-web" + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: " + accept + "\r\n\r\n")
        .getBytes(StandardCharsets.US_ASCII));
  }

  /** The head of a STOW request whose body will have this length. */
  RawClient store(String type, long length) throws IOException {
    return send(("POST /dicom-web/studies HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: " + type + "\r\nContent-Length: "
        + length + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
  }

  RawClient send(byte[] bytes) throws IOException {
    out.write(bytes);
    out.flush();
    return this;
  }

  /** Exactly so many bytes. */
  byte[] read(int count) throws IOException {
    return in.readNBytes(count);
  }

  /** Status of the answer that begins now. */
  int status() throws IOException {
    String line = new String(read(12), StandardCharsets.US_ASCII);
    if (!line.matches("HTTP/1\\.1 \\d{3}")) throw new IOException("no answer but " + line);
    return Integer.parseInt(line.substring(9));
  }

  /** With a reset: what has not been read is thrown away. */
  void vanish() throws IOException {
    socket.setSoLinger(true, 0);
    socket.close();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
