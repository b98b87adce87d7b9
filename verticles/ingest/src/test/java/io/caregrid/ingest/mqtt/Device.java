package io.caregrid.ingest.mqtt;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/** A device that may misbehave: packets as the test writes them, answers as bytes. Of MQTT 5 unless told otherwise. */
final class Device implements AutoCloseable {
  final Socket socket;
  final int level;

  /** @param level of the protocol: 4 or 5 */
  Device(int port, int level) throws IOException {
    this(new Socket("127.0.0.1", port), level);
  }

  Device(Socket socket, int level) throws IOException {
    this.socket = socket;
    this.level = level;
    socket.setSoTimeout(120_000);
  }

  /** What CONNECT says; properties are those of MQTT 5, encoded. */
  static final class Hello {
    private final int level;
    private final String client;
    private boolean clean = true;
    private int keepAlive = 60;
    private byte[] properties = {};
    private String willTopic;
    private byte[] willProperties = {};
    private byte[] will;
    private String password;

    Hello(int level, String client) {
      this.level = level;
      this.client = client;
    }

    Hello resuming() {
      clean = false;
      return this;
    }

    Hello keepAlive(int seconds) {
      keepAlive = seconds;
      return this;
    }

    Hello properties(byte[]... encoded) {
      properties = joined(encoded);
      return this;
    }

    Hello will(String topic, String payload, byte[]... encoded) {
      willTopic = topic;
      will = payload.getBytes(StandardCharsets.UTF_8);
      willProperties = joined(encoded);
      return this;
    }

    /** With a will that is. */
    Hello packed() {
      will("t", "");
      will = ContentTest.packed("{}");
      return this;
    }

    Hello password(String token) {
      password = token;
      return this;
    }

    byte[] packet() {
      int flags = (clean ? 2 : 0) | (will != null ? 4 : 0) | (password != null ? 0xC0 : 0);
      return Device.packet(0x10, out -> {
        text(out, "MQTT");
        out.writeByte(level);
        out.writeByte(flags);
        out.writeShort(keepAlive);
        Device.properties(out, level, properties);
        text(out, client);
        if (will != null) {
          Device.properties(out, level, willProperties);
          text(out, willTopic);
          binary(out, will);
        }
        if (password != null) {
          text(out, "anybody");
          text(out, password);
        }
      });
    }
  }

  interface Body {
    void write(DataOutputStream out) throws IOException;
  }

  static byte[] packet(int first, Body body) {
    byte[] content = bytes(body);
    return bytes(out -> {
      out.writeByte(first);
      variable(out, content.length);
      out.write(content);
    });
  }

  static byte[] bytes(Body body) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      body.write(new DataOutputStream(bytes));
    } catch (IOException impossible) {
      throw new UncheckedIOException(impossible);
    }
    return bytes.toByteArray();
  }

  static byte[] joined(byte[]... parts) {
    return bytes(out -> {
      for (byte[] part : parts) out.write(part);
    });
  }

  private static void variable(DataOutputStream out, int value) throws IOException {
    int left = value;
    do {
      out.writeByte(left > 127 ? left & 127 | 128 : left);
      left >>= 7;
    } while (left > 0);
  }

  static void text(DataOutputStream out, String text) throws IOException {
    binary(out, text.getBytes(StandardCharsets.UTF_8));
  }

  private static void binary(DataOutputStream out, byte[] bytes) throws IOException {
    out.writeShort(bytes.length);
    out.write(bytes);
  }

  private static void properties(DataOutputStream out, int level, byte[] encoded) throws IOException {
    if (level < 5) return;
    variable(out, encoded.length);
    out.write(encoded);
  }

  static byte[] user(String name, String value) {
    return bytes(out -> {
      out.writeByte(38);
      text(out, name);
      text(out, value);
    });
  }

  static byte[] contentType(String type) {
    return bytes(out -> {
      out.writeByte(3);
      text(out, type);
    });
  }

  static byte[] four(int identifier, int value) {
    return bytes(out -> {
      out.writeByte(identifier);
      out.writeInt(value);
    });
  }

  static byte[] two(int identifier, int value) {
    return bytes(out -> {
      out.writeByte(identifier);
      out.writeShort(value);
    });
  }

  /** @param flags of the fixed header: QoS is bits 2 and 1, retain bit 0, DUP bit 3 */
  byte[] publish(int flags, int id, String topic, byte[] payload, byte[]... properties) {
    return packet(0x30 | flags, out -> {
      text(out, topic);
      if ((flags & 6) != 0) out.writeShort(id);
      properties(out, level, joined(properties));
      out.write(payload);
    });
  }

  byte[] publish(int qos, int id, String topic, String payload, byte[]... properties) {
    return publish(qos << 1, id, topic, payload.getBytes(StandardCharsets.UTF_8), properties);
  }

  Device write(byte[]... packets) throws IOException {
    for (byte[] packet : packets) socket.getOutputStream().write(packet);
    socket.getOutputStream().flush();
    return this;
  }

  /** Connects and expects to be let in. @return the flag whether there was a session */
  boolean enter(Hello hello) throws IOException {
    write(hello.packet());
    String answer = answer();
    if (answer == null || !answer.startsWith("20") || !answer.startsWith("00", 4))
      throw new AssertionError("not let in: " + answer);
    return answer.startsWith("01", 2);
  }

  Device entered(String client) throws IOException {
    enter(new Hello(level, client));
    return this;
  }

  /** The next packet as hexadecimal digits, without its length; null when the connection ended. */
  String answer() throws IOException {
    InputStream in = socket.getInputStream();
    try {
      int first = in.read();
      if (first < 0) return null;
      int length = 0;
      for (int shift = 0;; shift += 7) {
        int digit = in.read();
        if (digit < 0) throw new EOFException();
        length |= (digit & 127) << shift;
        if (digit < 128) break;
      }
      byte[] body = in.readNBytes(length);
      if (body.length < length) throw new EOFException();
      return HexFormat.of().formatHex(new byte[] {(byte) first}) + HexFormat.of().formatHex(body);
    } catch (java.net.SocketException reset) {
      return null;
    }
  }

  String ask(byte[] packet) throws IOException {
    return write(packet).answer();
  }

  /** As it stands in an answer to MQTT 5: a reason string is not looked at. */
  static String begin(String answer, int digits) {
    return answer == null || answer.length() < digits ? String.valueOf(answer) : answer.substring(0, digits);
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
