package io.caregrid.perf;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.NetClient;
import io.vertx.core.net.NetClientOptions;
import io.vertx.core.net.NetSocket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Publishes a ward's readings by MQTT 3.1.1 with QoS 1 as fast as they are acknowledged, by a fixed number of clients that each have so many messages in flight and
 * send the next one when one is answered (closed loop). Written for this alone: any server that speaks MQTT is one to it. Readings are taken in the order of
 * seconds, devices within.
 */
final class MqttLoad {
  private static final byte[] TOPIC = "ward/perf".getBytes(StandardCharsets.UTF_8);
  /** CONNACK and PUBACK of 3.1.1 alike. */
  private static final int ANSWER = 4;
  private static final int CONNACK = 0x20;
  private static final int PUBACK = 0x40;
  private static final int MOST_IDS = 0xFFFF;

  private final NetClient net;
  private final String host;
  private final int port;
  private final Ward ward;
  private final int inFlight;
  private final AtomicLong next = new AtomicLong();
  private final AtomicLong accepted = new AtomicLong();

  /** @param inFlight messages of a client that are not acknowledged yet; 20 is the default of Mosquitto's clients */
  MqttLoad(Vertx vertx, String host, int port, Ward ward, int inFlight) {
    this.net = vertx.createNetClient(new NetClientOptions().setTcpNoDelay(true));
    this.host = host;
    this.port = port;
    this.ward = ward;
    this.inFlight = inFlight;
  }

  /**
   * @param nanos how long
   * @return readings acknowledged: all readings 0..n-1 in order of (second, device), none is missing. Fails when a client is refused or cut off
   */
  Future<Long> run(int clients, long nanos) {
    long end = System.nanoTime() + nanos;
    List<Future<Void>> all = new ArrayList<>();
    for (int n = 0; n < clients; n++) {
      String id = "perf-" + n;
      all.add(net.connect(port, host).compose(socket -> new Client(socket, id, end).done.future()));
    }
    return Future.all(all).map(done -> accepted.get());
  }

  /** One connection, on its own context. */
  private final class Client {
    private final Promise<Void> done = Promise.promise();
    private final NetSocket socket;
    private final long end;
    private Buffer rest = Buffer.buffer();
    private int waiting;
    private int id;

    Client(NetSocket socket, String name, long end) {
      this.socket = socket;
      this.end = end;
      socket.handler(this::heard);
      socket.closeHandler(closed -> done.tryFail("the server has hung up"));
      socket.exceptionHandler(done::tryFail);
      byte[] client = name.getBytes(StandardCharsets.UTF_8);
      socket.write(Buffer.buffer(new byte[] {0x10, (byte) (12 + client.length), 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 60})
          .appendUnsignedShort(client.length)
          .appendBytes(client));
    }

    private void heard(Buffer chunk) {
      rest.appendBuffer(chunk);
      Buffer more = Buffer.buffer();
      int at = 0;
      for (; at + ANSWER <= rest.length(); at += ANSWER) {
        int type = rest.getUnsignedByte(at);
        boolean isEntry = type == CONNACK && rest.getUnsignedByte(at + 3) == 0;
        if (!isEntry && type != PUBACK) {
          done.tryFail("the server answers " + Integer.toHexString(type) + " " + rest.getUnsignedByte(at + 3));
          socket.close();
          return;
        }
        if (isEntry) for (int n = 0; n < inFlight; n++) publish(more);
        else {
          accepted.incrementAndGet();
          waiting--;
          publish(more);
        }
      }
      rest = rest.getBuffer(at, rest.length());
      if (more.length() > 0) socket.write(more);
      if (waiting == 0) over();
    }

    private void publish(Buffer more) {
      if (System.nanoTime() - end >= 0) return;
      long reading = next.getAndIncrement();
      if (reading / ward.devices() >= Ward.SECONDS) {
        done.tryFail("the hour is full: take more devices");
        socket.close();
        return;
      }
      byte[] payload = ward.message((int) (reading % ward.devices()), (int) (reading / ward.devices()));
      id = id % MOST_IDS + 1;
      waiting++;
      more.appendByte((byte) 0x32);
      int length = 2 + TOPIC.length + 2 + payload.length;
      for (; length > 127; length >>= 7) more.appendByte((byte) (length & 0x7F | 0x80));
      more.appendByte((byte) length)
          .appendUnsignedShort(TOPIC.length)
          .appendBytes(TOPIC)
          .appendUnsignedShort(id)
          .appendBytes(payload);
    }

    private void over() {
      done.tryComplete();
      socket.write(Buffer.buffer(new byte[] {(byte) 0xE0, 0})).onComplete(said -> socket.close());
    }
  }
}
