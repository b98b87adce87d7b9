package io.caregrid.perf.fhir;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;

/**
 * One connection that is kept: a request, its answer, the next (HTTP/1.1, RFC 9112). A plain socket, since on two cores a driver that needs more than the server
 * measures itself. No TLS, no redirects.
 */
final class Wire implements Closeable {
  private static final String JSON = "application/fhir+json";
  private static final int UNKNOWN = -1;
  private static final int CHUNKED = -2;

  private final URI base;
  private final String authority;
  private Socket socket;
  private InputStream in;

  /** What came back; {@code location} is null when there was none. */
  record Answer(int status, String location, byte[] body) {
    String text() {
      return new String(body, StandardCharsets.UTF_8);
    }
  }

  Wire(URI base) {
    if (!"http".equals(base.getScheme())) throw new IllegalArgumentException("only http: " + base);
    this.base = base;
    this.authority = base.getHost() + (base.getPort() < 0 ? "" : ":" + base.getPort());
  }

  Answer get(String path) throws IOException {
    return send("GET", path, null);
  }

  /**
   * @param path from the base on, escaped: {@code /Patient/1}, or nothing for a transaction
   * @param body FHIR JSON, or null
   */
  Answer send(String method, String path, byte[] body) throws IOException {
    if (socket == null) open();
    StringBuilder head = new StringBuilder(300).append(method).append(' ').append(target(path));
    head.append(" HTTP/1.1\r\nHost: ").append(authority).append("\r\nAccept: ").append(JSON).append("\r\n");
    if (body != null) {
      head.append("Content-Type: ").append(JSON).append("\r\nContent-Length: ").append(body.length).append("\r\n");
    }
    byte[] start = head.append("\r\n").toString().getBytes(StandardCharsets.US_ASCII);
    int length = body == null ? 0 : body.length;
    byte[] request = java.util.Arrays.copyOf(start, start.length + length);
    if (body != null) System.arraycopy(body, 0, request, start.length, length);
    socket.getOutputStream().write(request);
    return answer();
  }

  private String target(String path) {
    String target = base.getRawPath() + path;
    return target.isEmpty() || target.startsWith("?") ? "/" + target : target;
  }

  private void open() throws IOException {
    socket = new Socket(base.getHost(), base.getPort() < 0 ? 80 : base.getPort());
    socket.setTcpNoDelay(true);
    in = new BufferedInputStream(socket.getInputStream(), 1 << 16);
  }

  private Answer answer() throws IOException {
    String first = line();
    int status = Integer.parseInt(first.substring(9, 12));
    int length = UNKNOWN;
    String location = null;
    boolean last = false;
    for (String header = line(); !header.isEmpty(); header = line()) {
      int colon = header.indexOf(':');
      String value = header.substring(colon + 1).strip();
      switch (header.substring(0, colon).toLowerCase(java.util.Locale.ROOT)) {
        case "content-length" -> length = Integer.parseInt(value);
        case "transfer-encoding" -> length = CHUNKED;
        case "location" -> location = value;
        case "connection" -> last = value.equalsIgnoreCase("close");
        default -> {}
      }
    }
    byte[] body = body(status, length);
    if (last || length == UNKNOWN && status != 204) close();
    return new Answer(status, location, body);
  }

  private byte[] body(int status, int length) throws IOException {
    if (status == 204) return new byte[0];
    if (length == UNKNOWN) return in.readAllBytes();
    if (length != CHUNKED) return exactly(length);
    java.io.ByteArrayOutputStream all = new java.io.ByteArrayOutputStream();
    for (int size = chunk(); size > 0; size = chunk()) {
      all.write(exactly(size));
      line();
    }
    for (String trailer = line(); !trailer.isEmpty(); trailer = line()) {}
    return all.toByteArray();
  }

  private int chunk() throws IOException {
    String size = line();
    int extension = size.indexOf(';');
    return Integer.parseInt(extension < 0 ? size : size.substring(0, extension).strip(), 16);
  }

  private byte[] exactly(int length) throws IOException {
    byte[] bytes = in.readNBytes(length);
    if (bytes.length < length) throw new EOFException("the answer ends early");
    return bytes;
  }

  private String line() throws IOException {
    StringBuilder line = new StringBuilder(80);
    for (int c = in.read(); c != '\n'; c = in.read()) {
      if (c < 0) throw new EOFException("the connection was closed");
      if (c != '\r') line.append((char) c);
    }
    return line.toString();
  }

  @Override
  public void close() throws IOException {
    if (socket != null) socket.close();
    socket = null;
  }
}
