package io.caregrid.ingest.mqtt;

import io.caregrid.contract.Failure;
import io.caregrid.ingest.Cut;
import io.caregrid.ingest.mqtt.Frames.Frame;
import io.caregrid.ingest.mqtt.Packet.Connect;
import io.caregrid.ingest.mqtt.Packet.Disconnect;
import io.caregrid.ingest.mqtt.Packet.Publish;
import io.caregrid.ingest.mqtt.Packet.Release;
import io.caregrid.ingest.mqtt.Packet.Subscribe;
import io.caregrid.ingest.mqtt.Packet.Unsubscribe;
import io.caregrid.store.Cause;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.NetSocket;
import java.time.Duration;
import java.time.Instant;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One device's connection, on its port's context: what follows what. Packets are taken from the socket only while what they become has a place, and each goes to
 * whose matter it is: {@link Arrival} lets the device in, {@link InFlight} takes its messages and answers them, {@link Stay} is what it has here and leaves behind.
 *
 * <p>Nothing of it waits for ever ({@link Patience}): whoever does not say who he is, takes longer than {@code mqtt.frame} for one packet, does not read his answers
 * for as long, or is silent for half as long again as he said, is disconnected; whoever does not take his last answers is not waited for beyond {@link #LAST}.
 */
final class MqttConnection {
  private static final Logger log = LoggerFactory.getLogger(MqttConnection.class);
  private static final long LONGEST_ENTRY_NANOS = Duration.ofSeconds(10).toNanos();
  /** For what is said last: an ordinary close waits until all is written, and so for ever for whoever does not read. */
  private static final Duration LAST = Duration.ofSeconds(3);
  private static final String NO_BROKER = "this is no broker: readings are taken, nothing is sent from here";

  private enum Doing {
    NEW, ASKING, OPEN, CLOSED
  }

  private final NetSocket socket;
  private final MqttPort port;
  private final House house;
  private final String address;
  private final Frames frames;
  private final Arrival arrival;
  private final Patience patience;
  private final Promise<Void> closed = Promise.promise();

  private Doing doing = Doing.NEW;
  private int level;
  /** From CONNECT on. */
  private Answers answers;
  /** Once it is let in. */
  private Stay stay;
  private InFlight messages;
  private boolean looping;
  private boolean paused;
  private boolean leaving;
  private boolean gone;

  /** @param certificate subject of the certificate that it has shown; null for none */
  MqttConnection(NetSocket socket, MqttPort port, House house, String certificate, String address) {
    this.socket = socket;
    this.port = port;
    this.house = house;
    this.address = address;
    frames = new Frames(Math.min(Frames.MOST_OF_CONNECT, house.config().maxPacket()), house.early(), house.bytes(),
        house.messages());
    arrival = new Arrival(this, port, house, certificate, address);
    patience = new Patience(house.config().frame().toNanos(), System.nanoTime());
    socket.exceptionHandler(broken -> hangUp());
    socket.closeHandler(done -> gone());
    socket.drainHandler(read -> next());
    socket.handler(this::came);
  }

  /** Completes when it is gone and nothing of it is under way. */
  Future<Void> closed() {
    return closed.future();
  }

  /** Nothing is said to it any more. */
  boolean isOver() {
    return doing == Doing.CLOSED;
  }

  // ---- what comes ----

  private void came(Buffer chunk) {
    if (doing == Doing.CLOSED) return;
    if (doing == Doing.OPEN) patience.heard(System.nanoTime());
    if (doing == Doing.NEW && !frames.isInside() && (chunk.getByte(0) & 0xFF) >> 4 != Packet.CONNECT) {
      end(Reason.PROTOCOL_ERROR, "CONNECT has to come first");
      return;
    }
    frames.append(chunk);
    next();
  }

  /** Handles what is there, as far as it may; reads on from the socket only then. */
  void next() {
    if (looping || doing == Doing.CLOSED) return;
    looping = true;
    try {
      if (doing == Doing.OPEN) messages.goOn();
      while (mayRead()) {
        Frame frame = frames.poll();
        if (frame == null) break;
        patience.whole();
        handle(frame);
      }
    } catch (Malformed wrong) {
      end(wrong.reason, wrong.getMessage());
    } catch (RuntimeException bug) {
      log.error("a packet could not be handled, its connection is ended address={} cause={}", address,
          Cause.andPlace(bug));
      end(Reason.UNSPECIFIED, null);
    } finally {
      looping = false;
    }
    if (doing != Doing.CLOSED) flow();
  }

  private boolean mayRead() {
    return (doing == Doing.NEW || doing == Doing.OPEN && messages.hasRoom()) && !leaving && !socket.writeQueueFull();
  }

  private void flow() {
    long now = System.nanoTime();
    boolean waits = doing == Doing.OPEN && messages.isStalled() || mayRead() && frames.isWaiting();
    patience.look(frames.isInside(), waits, now);
    if (waits) port.waitsForRoom(this);
    boolean reads = mayRead() && !waits;
    if (reads && paused) {
      paused = false;
      if (doing == Doing.OPEN) patience.heard(now);
      patience.readsAgain(now);
      socket.resume();
    } else if (!reads && !paused) {
      paused = true;
      socket.pause();
    }
  }

  private void handle(Frame frame) throws Malformed {
    Packet packet;
    try {
      packet = Packet.read(frame.first(), frame.body(), level);
    } catch (Malformed wrong) {
      frame.room().release();
      throw wrong;
    }
    if (packet instanceof Publish publish) {
      messages.publish(publish, frame.room());
      return;
    }
    if (packet instanceof Connect told) {
      level = told.level();
      answers = new Answers(level, told.properties().number(Properties.REQUEST_PROBLEM_INFORMATION, 1) == 1,
          told.properties().number(Properties.MAXIMUM_PACKET, Integer.MAX_VALUE));
      arrival.begin(told, frame.room());
      return;
    }
    frame.room().release();
    if (packet instanceof Release release) socket.write(messages.complete(release.id()));
    else if (packet instanceof Subscribe asked) socket.write(answers.suback(asked.id(), asked.filters(), NO_BROKER));
    else if (packet instanceof Unsubscribe asked) socket.write(answers.unsuback(asked.id(), asked.filters()));
    else if (packet instanceof Packet.Ping) socket.write(answers.pong());
    else if (packet instanceof Disconnect last) disconnect(last);
  }

  // ---- what its parts say ----

  /** In the form that its CONNECT asked for. */
  Answers answers() {
    return answers;
  }

  /** Nothing is read until it is known who it is. */
  void asks() {
    doing = Doing.ASKING;
  }

  void letIn(Stay its) {
    stay = its;
    messages = new InFlight(this, port, house, its, answers, address);
    doing = Doing.OPEN;
    arrival.over();
    frames.letIn(house.config().maxPacket());
    patience.heard(System.nanoTime());
    socket.write(its.welcome());
    next();
  }

  void refuse(Reason reason, String why) {
    house.metrics().ended(reason);
    if (level == Packet.MQTT_5 || reason.before5 > 0) socket.write(answers.refusal(reason, why));
    hangUp();
  }

  /**
   * Some of its messages are in the log.
   *
   * @param said    their answers, may be empty
   * @param failure why the next one is not; null: it waits, or there is none
   */
  void answered(Buffer said, Throwable failure) {
    if (said.length() > 0) socket.write(said);
    if (failure != null) end(Reason.BUSY, failure instanceof Failure ? failure.getMessage() : null);
    else if (leaving && messages.isEmpty()) end(Reason.SHUTTING_DOWN, "this node is stopping");
    else next();
  }

  /** Something that was under way is over. */
  void finished() {
    if (gone && (messages == null || !messages.isUnderWay())) closed.tryComplete();
  }

  // ---- going ----

  private void disconnect(Disconnect last) throws Malformed {
    if (last.properties().has(Properties.SESSION_EXPIRY))
      stay.keeps(last.properties().number(Properties.SESSION_EXPIRY, 0));
    if (last.reason() == 0) stay.dropWill();
    hangUp();
  }

  /** The same caller is here anew, by another connection. Any thread. */
  void takenOver() {
    port.run(() -> end(Reason.TAKEN_OVER, "another connection has come with this client id"));
  }

  /** Says why, if there is a word for it, and hangs up. */
  void end(Reason reason, String why) {
    if (doing == Doing.CLOSED) return;
    house.metrics().ended(reason);
    if (reason == Reason.TOO_LARGE)
      log.warn("a device sends more than is taken, and is disconnected address={} because={}", address, why);
    Buffer last = doing == Doing.OPEN ? answers.goodbye(reason, why) : null;
    if (reason == Reason.UNSUPPORTED_VERSION) last = new Answers(4, false, Integer.MAX_VALUE).refusal(reason, null);
    if (last != null) socket.write(last);
    hangUp();
  }

  /** When he has taken what is said to him, or {@link #LAST} is over. */
  private void hangUp() {
    socket.close();
    over();
  }

  /** At once: past the handlers that would wait until all is written. */
  void cut() {
    Cut.now(socket);
  }

  private void gone() {
    gone = true;
    over();
    finished();
  }

  private void over() {
    if (doing == Doing.CLOSED) return;
    doing = Doing.CLOSED;
    patience.heard(System.nanoTime());
    arrival.over();
    frames.release();
    if (messages != null) messages.release();
    if (stay != null) stay.end();
    finished();
  }

  /** Called every second. Waiting for Kafka, and for who he is, has its own end. */
  void look() {
    long now = System.nanoTime();
    if (doing == Doing.CLOSED) {
      if (!gone && patience.isOver(LAST.toNanos(), now)) cut();
      return;
    }
    patience.answers(socket.writeQueueFull(), now);
    if (patience.hasWaitedTooLong(now)) {
      end(Reason.BUSY, "there was no memory for what it sends");
      return;
    }
    boolean isStuck = patience.doesNotRead(now) || !paused && patience.doesNotEndItsPacket(now);
    if (isStuck || doing != Doing.OPEN && patience.isOver(LONGEST_ENTRY_NANOS, now)) {
      house.metrics().ended(Reason.KEEP_ALIVE);
      cut();
      over();
    } else if (doing == Doing.OPEN && stay.caller().until() != null && Instant.now().isAfter(stay.caller().until())) {
      end(Reason.NOT_AUTHORIZED, "the access token has ended: connect with a new one");
    } else if (doing == Doing.OPEN && !paused && patience.isOver(stay.terms().silenceNanos(), now)) {
      end(Reason.KEEP_ALIVE, "nothing came for longer than the keep alive allows");
    }
  }

  /** Answers what is on its way to Kafka, and reads no more. What a node's end breaks off is not its device's silence: no will is said. */
  void leave() {
    leaving = true;
    if (stay != null) stay.dropWill();
    if (doing == Doing.CLOSED) return;
    if (doing != Doing.OPEN || messages.isEmpty()) end(Reason.SHUTTING_DOWN, "this node is stopping");
    else flow();
  }
}
