package io.caregrid.ingest.mqtt;

import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.caregrid.ingest.mqtt.Frames.Frame;
import io.caregrid.ingest.mqtt.Frames.Room;
import io.caregrid.ingest.mqtt.Packet.Connect;
import io.caregrid.ingest.mqtt.Packet.Disconnect;
import io.caregrid.ingest.mqtt.Packet.Publish;
import io.caregrid.ingest.mqtt.Packet.Release;
import io.caregrid.ingest.mqtt.Packet.Subscribe;
import io.caregrid.ingest.mqtt.Packet.Unsubscribe;
import io.caregrid.ingest.mqtt.Packet.Will;
import io.caregrid.store.Cause;
import io.vertx.core.AsyncResult;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.internal.net.NetSocketInternal;
import io.vertx.core.net.NetSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One device's connection: lets it in, leaves its messages for the log in their order, and answers each when Kafka has acknowledged it, in the same order. On its
 * port's context.
 *
 * <p>Nothing of it waits for ever: whoever does not say who he is, takes longer than {@code mqtt.frame} for one packet, does not read his answers for as long, or is
 * silent for half as long again as he said, is disconnected; whoever does not take his last answers is not waited for beyond {@link #LAST}. When Kafka does not take a message of QoS 1 or 2, the connection ends without an answer to it: a device
 * takes any answer, a refusal too, for the end of the matter, and would not send it again.
 *
 * <p>Longer than most classes here, since it is the protocol's one table of what follows what.
 */
final class MqttConnection {
  private static final Logger log = LoggerFactory.getLogger(MqttConnection.class);
  /** Of CONNECT, which comes from whom nobody knows yet: two texts and a will at their longest do not fit, tokens do. */
  private static final int MOST_OF_CONNECT = 128 << 10;
  /** Payloads beyond this many bytes are looked through on a worker thread: some 0.3 ms of work. */
  private static final int SMALL = 64 << 10;
  /** Heap of one message beside its bytes. */
  private static final int MESSAGE_OVERHEAD = 64;
  private static final int MOST_ALIASES = 32;
  private static final int LONGEST_CLIENT = 256;
  private static final int LONGEST_TOPIC = 4_096;
  private static final long LONGEST_ENTRY_NANOS = Duration.ofSeconds(10).toNanos();
  /** For what is said last: an ordinary close waits until all is written, and so for ever for whoever does not read. */
  private static final Duration LAST = Duration.ofSeconds(3);
  private static final String NO_BROKER = "this is no broker: readings are taken, nothing is sent from here";

  private enum Doing {
    NEW, ASKING, OPEN, CLOSED
  }

  /** A message that is not answered yet. */
  private static final class Pending {
    final int qos;
    final int id;
    final Room room;
    String fault;
    int messages;
    boolean done;
    Throwable failure;

    Pending(int qos, int id, Room room) {
      this.qos = qos;
      this.id = id;
      this.room = room;
    }
  }

  private final NetSocket socket;
  private final MqttPort port;
  private final Vertx vertx;
  private final House house;
  private final Frames frames;
  private final String certificate;
  private final String address;
  private final Promise<Void> closed = Promise.promise();
  private final Deque<Pending> pending = new ArrayDeque<>();
  private final Map<Integer, String> aliases = new HashMap<>();

  private Doing doing = Doing.NEW;
  private int level;
  private Answers answers;
  private Connect connect;
  private Caller caller;
  private Session session;
  private Content.Place place;
  private Duration stays = Duration.ZERO;
  private long silenceNanos;
  private boolean willCounts;
  private long willBytes;
  private boolean reading;
  private boolean looping;
  private boolean flushing;
  private boolean paused;
  private boolean leaving;
  private boolean gone;
  private int underWay;
  private long since = System.nanoTime();
  private long insideSince;
  private long unreadSince;

  /** @param certificate subject of the certificate that it has shown; null for none */
  MqttConnection(NetSocket socket, MqttPort port, Vertx vertx, House house, String certificate, String address) {
    this.socket = socket;
    this.port = port;
    this.vertx = vertx;
    this.house = house;
    this.certificate = certificate;
    this.address = address;
    frames = new Frames(Math.min(MOST_OF_CONNECT, house.config().maxPacket()), house.bytes(), house.messages());
    socket.exceptionHandler(broken -> hangUp());
    socket.closeHandler(done -> gone());
    socket.drainHandler(read -> next());
    socket.handler(this::came);
  }

  /** Completes when it is gone and nothing of it is under way. */
  Future<Void> closed() {
    return closed.future();
  }

  private void came(Buffer chunk) {
    if (doing == Doing.CLOSED) return;
    if (doing == Doing.OPEN) since = System.nanoTime();
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
      while (mayRead()) {
        Frame frame = frames.poll();
        if (frame == null) break;
        insideSince = 0;
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
    return (doing == Doing.NEW || doing == Doing.OPEN) && !reading && !leaving && !socket.writeQueueFull()
        && pending.size() < house.config().inFlight();
  }

  private void flow() {
    long now = System.nanoTime();
    if (!frames.isInside()) insideSince = 0;
    else if (insideSince == 0) insideSince = now;
    boolean waits = mayRead() && frames.isWaiting();
    if (waits) port.waitsForRoom(this);
    boolean reads = mayRead() && !waits;
    if (reads && paused) {
      paused = false;
      if (doing == Doing.OPEN) since = now;
      if (insideSince != 0) insideSince = now;
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
      publish(publish, frame.room());
      return;
    }
    frame.room().release();
    if (packet instanceof Connect told) connect(told);
    else if (packet instanceof Release release) complete(release.id());
    else if (packet instanceof Subscribe asked) socket.write(answers.suback(asked.id(), asked.filters(), NO_BROKER));
    else if (packet instanceof Unsubscribe asked) socket.write(answers.unsuback(asked.id(), asked.filters()));
    else if (packet instanceof Packet.Ping) socket.write(answers.pong());
    else if (packet instanceof Disconnect last) disconnect(last);
  }

  // ---- coming in ----

  private void connect(Connect told) {
    connect = told;
    level = told.level();
    answers = new Answers(level, told.properties().number(Properties.REQUEST_PROBLEM_INFORMATION, 1) == 1);
    Reason wrong = unacceptable(told);
    if (wrong != null) {
      refuse(wrong, "not as it may be in CONNECT: client id, will's topic or authentication method");
      return;
    }
    if (!house.log().isConnected()) {
      refuse(Reason.UNAVAILABLE, "Kafka takes no messages at the moment");
      return;
    }
    doing = Doing.ASKING;
    house.entrance()
        .who(told.password(), certificate, address)
        .onComplete(asked -> port.run(() -> answered(asked)));
  }

  private static Reason unacceptable(Connect told) {
    String client = told.clientId();
    boolean unnamed = client.isEmpty() && !told.clean() && told.level() < Packet.MQTT_5;
    if (unnamed || client.length() > LONGEST_CLIENT || hasControls(client)) return Reason.CLIENT_ID_INVALID;
    if (told.properties().has(Properties.AUTHENTICATION_METHOD)) return Reason.BAD_METHOD;
    return told.will() != null && !isTopic(told.will().topic()) ? Reason.TOPIC_INVALID : null;
  }

  private static boolean hasControls(String text) {
    return text.chars().anyMatch(Character::isISOControl);
  }

  private static boolean isTopic(String topic) {
    return !topic.isEmpty() && topic.length() <= LONGEST_TOPIC && topic.indexOf('+') < 0 && topic.indexOf('#') < 0
        && !hasControls(topic);
  }

  private void answered(AsyncResult<Caller> asked) {
    if (doing != Doing.ASKING) return;
    if (asked.succeeded()) {
      enter(asked.result());
      next();
      return;
    }
    Throwable cause = asked.cause();
    if (!(cause instanceof Failure))
      log.error("a device could not be asked who it is address={} cause={}", address, Cause.andPlace(cause));
    Reason reason = cause instanceof Failure.Forbidden
        ? Reason.NOT_AUTHORIZED
        : cause instanceof Failure failure && failure.status < 500 ? Reason.BAD_USER_OR_PASSWORD : Reason.BUSY;
    refuse(reason, cause instanceof Failure ? cause.getMessage() : null);
  }

  private void enter(Caller known) {
    Will will = connect.will();
    long bytes = will == null ? 0 : will.payload().length + 2L * will.topic().length();
    if (!house.wills().take(bytes)) {
      refuse(Reason.BUSY, "there is no memory for another will");
      return;
    }
    willBytes = bytes;
    willCounts = will != null;
    caller = known;
    boolean named = !connect.clientId().isEmpty();
    String client = named ? connect.clientId() : UUID.randomUUID().toString();
    place = house.place(client);
    stays = stays(connect.properties().number(Properties.SESSION_EXPIRY, 0));
    Sessions.Opened opened = house.sessions().open(caller, client, connect.clean(), this);
    session = opened.session();
    if (opened.before() != null) opened.before().takenOver();
    frames.most(house.config().maxPacket());
    long idleSeconds = house.config().idle().toSeconds();
    boolean longer = connect.keepAlive() == 0 || connect.keepAlive() > idleSeconds;
    silenceNanos = Duration.ofMillis(1500 * (longer ? idleSeconds : connect.keepAlive())).toNanos();
    doing = Doing.OPEN;
    since = System.nanoTime();
    socket.write(answers.welcome(opened.present(), properties(named ? null : client, longer ? idleSeconds : -1)));
  }

  /** @param asked seconds that a client of MQTT 5 asks for */
  private Duration stays(long asked) {
    Duration most = house.config().session();
    if (level < Packet.MQTT_5) return connect.clean() ? Duration.ZERO : most;
    return asked > most.toSeconds() ? most : Duration.ofSeconds(asked);
  }

  private Buffer properties(String assigned, long keepAliveSeconds) {
    Buffer properties = Answers.two(Properties.RECEIVE_MAXIMUM, house.config().inFlight())
        .appendBuffer(Answers.four(Properties.MAXIMUM_PACKET, house.config().maxPacket()))
        .appendBuffer(Answers.two(Properties.TOPIC_ALIAS_MAXIMUM, MOST_ALIASES))
        .appendBuffer(Answers.one(Properties.WILDCARDS_AVAILABLE, 0))
        .appendBuffer(Answers.one(Properties.SUBSCRIPTION_IDS_AVAILABLE, 0))
        .appendBuffer(Answers.one(Properties.SHARED_AVAILABLE, 0));
    if (stays.toSeconds() != connect.properties().number(Properties.SESSION_EXPIRY, 0))
      properties.appendBuffer(Answers.four(Properties.SESSION_EXPIRY, stays.toSeconds()));
    if (keepAliveSeconds > 0)
      properties.appendBuffer(Answers.two(Properties.SERVER_KEEP_ALIVE, (int) keepAliveSeconds));
    if (assigned != null) properties.appendBuffer(Answers.property(Properties.ASSIGNED_CLIENT_ID, assigned));
    return properties;
  }

  // ---- messages ----

  private void publish(Publish message, Room room) throws Malformed {
    house.metrics().received.increment();
    Pending one = new Pending(message.qos(), message.id(), room);
    String topic;
    try {
      topic = topic(message);
      if (message.qos() == 2 && isRepeated(one)) return;
      pending.add(one);
      if (message.payload().length <= SMALL && !Content.isPacked(message.payload())) {
        take(one, content(message, topic), message.payload().length);
        return;
      }
    } catch (Malformed wrong) {
      room.release();
      throw wrong;
    }
    reading = true;
    underWay++;
    vertx.executeBlocking(() -> content(message, topic), false)
        .onComplete(done -> port.run(() -> read(one, done, message.payload().length)));
  }

  private Content content(Publish message, String topic) throws Malformed {
    return Content.of(place, topic, message.retain(), message.properties(), message.payload(), Instant.now());
  }

  private void read(Pending one, AsyncResult<Content> done, int length) {
    reading = false;
    underWay--;
    if (doing == Doing.CLOSED) {
      one.room.release();
      finished();
    } else if (done.succeeded()) {
      take(one, done.result(), length);
      next();
    } else {
      one.room.release();
      if (done.cause() instanceof Malformed wrong) end(wrong.reason, wrong.getMessage());
      else broken(done.cause());
    }
  }

  private void broken(Throwable bug) {
    log.error("a message could not be read, its connection is ended address={} cause={}", address,
        Cause.andPlace(bug));
    end(Reason.UNSPECIFIED, null);
  }

  /** Section 3.3.2.3.4: an alias stands for the topic that it came with last. */
  private String topic(Publish message) throws Malformed {
    String topic = message.topic();
    if (message.properties().has(Properties.TOPIC_ALIAS)) {
      int alias = (int) message.properties().number(Properties.TOPIC_ALIAS, 0);
      if (alias == 0 || alias > MOST_ALIASES)
        throw new Malformed(Reason.ALIAS_INVALID, "topic aliases go from 1 to " + MOST_ALIASES);
      if (!topic.isEmpty()) aliases.put(alias, topic);
      else topic = aliases.get(alias);
      if (topic == null) throw new Malformed(Reason.PROTOCOL_ERROR, "a topic alias that stands for nothing");
    }
    if (!isTopic(topic))
      throw new Malformed(Reason.TOPIC_INVALID, "a topic has 1 to " + LONGEST_TOPIC
          + " characters, and neither wildcards nor control characters");
    return topic;
  }

  /** Whether this message of QoS 2 is in the log already, or on its way; then it is answered as it was, or will be. */
  private boolean isRepeated(Pending one) throws Malformed {
    boolean waits = pending.stream().anyMatch(other -> other.qos == 2 && other.id == one.id);
    boolean there = session.has(one.id);
    if (waits || there) one.room.release();
    if (there && !waits) {
      one.done = true;
      pending.add(one);
      flush();
    }
    if (!waits && !there && session.unreleased() + pending.size() >= 2 * house.config().inFlight())
      throw new Malformed(Reason.RECEIVE_MAXIMUM, "more messages of QoS 2 than " + house.config().inFlight()
          + " are not released");
    return waits || there;
  }

  /** @param length of its payload, for which there is memory */
  private void take(Pending one, Content content, int length) {
    one.fault = content.fault();
    one.messages = content.messages().size();
    if (content.fault() != null) house.metrics().malformed.increment();
    long extra = (long) one.messages * MESSAGE_OVERHEAD - Frames.OVERHEAD - length;
    for (byte[] message : content.messages()) extra += message.length;
    if (extra > 0 && !one.room.charge(extra)) {
      settle(one, new Failure.Busy("there is no memory for what this became"));
      return;
    }
    underWay++;
    house.log()
        .send(place.client().getBytes(StandardCharsets.UTF_8), content.headers(), content.messages())
        .onComplete(kept -> port.run(() -> {
          underWay--;
          settle(one, kept.cause());
        }));
  }

  /** @param failure null: it is in the log */
  private void settle(Pending one, Throwable failure) {
    one.done = true;
    one.failure = failure;
    one.room.release();
    if (failure == null) {
      house.metrics().events.increment(one.messages);
      if (one.qos == 2 && !isRefused(one)) session.take(one.id);
    }
    if (doing == Doing.CLOSED) {
      if (failure != null && one.qos == 0) house.metrics().lost.increment();
      finished();
    } else {
      flush();
    }
  }

  /** It is kept, to be set aside; a device that can be told so is. */
  private boolean isRefused(Pending one) {
    return one.fault != null && level == Packet.MQTT_5;
  }

  /** Soon, so that what Kafka acknowledged at once is answered in one piece. */
  private void flush() {
    if (flushing) return;
    flushing = true;
    port.later(this::flushed);
  }

  private void flushed() {
    flushing = false;
    Throwable failure = null;
    Buffer said = Buffer.buffer();
    while (doing == Doing.OPEN && failure == null && !pending.isEmpty() && pending.peek().done) {
      Pending one = pending.poll();
      if (one.failure == null) answer(one, said);
      else if (one.qos == 0) house.metrics().lost.increment();
      else failure = one.failure;
    }
    if (said.length() > 0) socket.write(said);
    if (failure != null) end(Reason.BUSY, failure instanceof Failure ? failure.getMessage() : null);
    else if (leaving && pending.isEmpty()) end(Reason.SHUTTING_DOWN, "this node is stopping");
    else next();
  }

  private void answer(Pending one, Buffer said) {
    Reason reason = isRefused(one) ? Reason.PAYLOAD_INVALID : Reason.SUCCESS;
    if (one.qos == 1) said.appendBuffer(answers.puback(one.id, reason, one.fault));
    if (one.qos == 2) said.appendBuffer(answers.pubrec(one.id, reason, one.fault));
  }

  private void complete(int id) {
    socket.write(answers.pubcomp(id, session.release(id) ? Reason.SUCCESS : Reason.ID_NOT_FOUND));
  }

  // ---- going ----

  private void disconnect(Disconnect last) throws Malformed {
    if (last.reason() == 0) willCounts = false;
    if (last.properties().has(Properties.SESSION_EXPIRY)) {
      long asked = last.properties().number(Properties.SESSION_EXPIRY, 0);
      if (asked > 0 && connect.properties().number(Properties.SESSION_EXPIRY, 0) == 0)
        throw new Malformed(Reason.PROTOCOL_ERROR, "a session that ends with its connection cannot be kept at its end");
      stays = stays(asked);
    }
    hangUp();
  }

  /** The same caller is here anew, by another connection. Any thread. */
  private void takenOver() {
    port.run(() -> end(Reason.TAKEN_OVER, "another connection has come with this client id"));
  }

  private void refuse(Reason reason, String why) {
    house.metrics().ended(reason);
    if (level == Packet.MQTT_5 || reason.before5 > 0) socket.write(answers.refusal(reason, why));
    hangUp();
  }

  private void end(Reason reason, String why) {
    if (doing == Doing.CLOSED) return;
    house.metrics().ended(reason);
    if (reason == Reason.TOO_LARGE)
      log.warn("a device sends more than is taken, and is disconnected address={} because={}", address, why);
    Buffer last = doing == Doing.OPEN ? answers.goodbye(reason, why) : null;
    if (reason == Reason.UNSUPPORTED_VERSION) last = new Answers(4, false).refusal(reason, null);
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
    ((NetSocketInternal) socket).channelHandlerContext().pipeline().firstContext().close();
  }

  private void gone() {
    gone = true;
    over();
    finished();
  }

  private void over() {
    if (doing == Doing.CLOSED) return;
    boolean entered = session != null;
    doing = Doing.CLOSED;
    since = System.nanoTime();
    frames.release();
    if (entered) {
      house.sessions().left(caller, place.client(), session, this, stays);
      if (willCounts) leaveWill();
    }
    house.wills().giveBack(willBytes);
    willBytes = 0;
    finished();
  }

  private void finished() {
    if (gone && underWay == 0) closed.tryComplete();
  }

  /** At once, or after the delay that it asks for unless its client is back by then; no longer than its session is kept (section 3.1.3.2.2). */
  private void leaveWill() {
    Will will = connect.will();
    long delay = Math.min(will.properties().number(Properties.WILL_DELAY, 0), stays.toSeconds());
    if (delay == 0) {
      say(will);
      return;
    }
    vertx.setTimer(delay * 1_000, due -> {
      if (!(session.isHeld() && house.sessions().isKept(caller, place.client(), session))) say(will);
    });
  }

  private void say(Will will) {
    underWay++;
    vertx.executeBlocking(
        () -> Content.of(place, will.topic(), false, will.properties(), will.payload(), Instant.now()), false)
        .compose(content -> house.log()
            .send(place.client().getBytes(StandardCharsets.UTF_8), content.headers(), content.messages())
            .onSuccess(kept -> house.metrics().events.increment(content.messages().size())))
        .onComplete(kept -> port.run(() -> {
          underWay--;
          if (kept.failed()) house.metrics().lost.increment();
          finished();
        }));
  }

  /** Called every second. Waiting for Kafka, and for who he is, has its own end. */
  void look() {
    long now = System.nanoTime();
    if (doing == Doing.CLOSED) {
      if (!gone && now - since > LAST.toNanos()) cut();
      return;
    }
    long frame = house.config().frame().toNanos();
    if (!socket.writeQueueFull()) unreadSince = 0;
    else if (unreadSince == 0) unreadSince = now;
    boolean isStuck = unreadSince != 0 && now - unreadSince > frame
        || !paused && insideSince != 0 && now - insideSince > frame;
    if (isStuck || doing != Doing.OPEN && now - since > LONGEST_ENTRY_NANOS) {
      house.metrics().ended(Reason.KEEP_ALIVE);
      cut();
      over();
    } else if (doing == Doing.OPEN && caller.until() != null && Instant.now().isAfter(caller.until())) {
      end(Reason.NOT_AUTHORIZED, "the access token has ended: connect with a new one");
    } else if (doing == Doing.OPEN && !paused && now - since > silenceNanos) {
      end(Reason.KEEP_ALIVE, "nothing came for longer than the keep alive allows");
    }
  }

  /** Answers what is on its way to Kafka, and reads no more. What a node's end breaks off is not its device's silence: no will is said. */
  void leave() {
    leaving = true;
    willCounts = false;
    if (doing == Doing.CLOSED) return;
    if (doing != Doing.OPEN || pending.isEmpty()) end(Reason.SHUTTING_DOWN, "this node is stopping");
    else flow();
  }
}
