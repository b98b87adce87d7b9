package io.caregrid.ingest.mqtt;

import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.caregrid.ingest.Cut;
import io.caregrid.ingest.mqtt.Frames.Frame;
import io.caregrid.ingest.mqtt.Frames.Room;
import io.caregrid.ingest.mqtt.Packet.Connect;
import io.caregrid.ingest.mqtt.Packet.Disconnect;
import io.caregrid.ingest.mqtt.Packet.Publish;
import io.caregrid.ingest.mqtt.Packet.Release;
import io.caregrid.ingest.mqtt.Packet.Subscribe;
import io.caregrid.ingest.mqtt.Packet.Unsubscribe;
import io.caregrid.store.Cause;
import io.vertx.core.AsyncResult;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.NetSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.BitSet;
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
  /** Payloads beyond this many bytes are looked through on a worker thread: some 0.3 ms of work. */
  private static final int SMALL = 64 << 10;
  /** Heap of an alias beside its characters. */
  private static final long ALIAS_OVERHEAD = 128;
  private static final long LONGEST_ENTRY_NANOS = Duration.ofSeconds(10).toNanos();
  /** For what is said last: an ordinary close waits until all is written, and so for ever for whoever does not read. */
  private static final Duration LAST = Duration.ofSeconds(3);
  private static final String NO_BROKER = "this is no broker: readings are taken, nothing is sent from here";

  private enum Doing {
    NEW, ASKING, OPEN, CLOSED
  }

  /** Memory that is wanted, and what then goes on. */
  private record Afford(Room room, long bytes, Runnable then) {}

  /** A message that is not answered yet. */
  private static final class Pending {
    final int qos;
    final int id;
    final Room room;
    String fault;
    /** Of QoS 2, and not a repetition. */
    boolean isFirst;
    boolean isLost;
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
  /** Identifiers of messages of QoS 2 that are not answered yet. */
  private final BitSet unanswered = new BitSet();
  private final Map<Integer, String> aliases = new HashMap<>();

  private Doing doing = Doing.NEW;
  private int level;
  private Answers answers;
  private Connect connect;
  private Room connects;
  private boolean isStranger = true;
  private Terms terms;
  private Caller caller;
  private Session session;
  private Content.Place place;
  private Duration stays = Duration.ZERO;
  private long silenceNanos;
  private Wills.Left will;
  private long aliasBytes;
  /** What goes on when there is memory for it; nothing is read meanwhile. */
  private Afford stalled;
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
  private long waitsSince;

  /** @param certificate subject of the certificate that it has shown; null for none */
  MqttConnection(NetSocket socket, MqttPort port, Vertx vertx, House house, String certificate, String address) {
    this.socket = socket;
    this.port = port;
    this.vertx = vertx;
    this.house = house;
    this.certificate = certificate;
    this.address = address;
    frames = new Frames(Math.min(Frames.MOST_OF_CONNECT, house.config().maxPacket()), house.early(), house.bytes(),
        house.messages());
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
      if (stalled != null && stalled.room().charge(stalled.bytes())) {
        Runnable then = stalled.then();
        stalled = null;
        then.run();
      }
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
    return (doing == Doing.NEW || doing == Doing.OPEN) && !reading && stalled == null && !leaving
        && !socket.writeQueueFull()
        && pending.size() < house.config().inFlight();
  }

  private void flow() {
    long now = System.nanoTime();
    if (!frames.isInside()) insideSince = 0;
    else if (insideSince == 0) insideSince = now;
    boolean waits = stalled != null || mayRead() && frames.isWaiting();
    if (!waits) waitsSince = 0;
    else if (waitsSince == 0) waitsSince = now;
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
    if (packet instanceof Connect told) {
      connects = frame.room();
      connect(told);
      return;
    }
    frame.room().release();
    if (packet instanceof Release release) complete(release.id());
    else if (packet instanceof Subscribe asked) socket.write(answers.suback(asked.id(), asked.filters(), NO_BROKER));
    else if (packet instanceof Unsubscribe asked) socket.write(answers.unsuback(asked.id(), asked.filters()));
    else if (packet instanceof Packet.Ping) socket.write(answers.pong());
    else if (packet instanceof Disconnect last) disconnect(last);
  }

  // ---- coming in ----

  private void connect(Connect told) {
    connect = told;
    level = told.level();
    answers = new Answers(level, told.properties().number(Properties.REQUEST_PROBLEM_INFORMATION, 1) == 1,
        told.properties().number(Properties.MAXIMUM_PACKET, Integer.MAX_VALUE));
    Reason wrong = Terms.unacceptable(told);
    if (wrong != null) {
      refuse(wrong, "not as it may be in CONNECT: client id, will's topic, a packed will, or authentication method");
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
    boolean named = !connect.clientId().isEmpty();
    String client = named ? connect.clientId() : UUID.randomUUID().toString();
    Content.Place its = house.place(client);
    Wills.Left said = connect.will() == null ? null : new Wills.Left(its, connect.will());
    if (said != null && !house.wills().keep(said)) {
      refuse(Reason.BUSY, "there is no memory for another will");
      return;
    }
    will = said;
    caller = known;
    place = its;
    terms = Terms.of(connect, house.config());
    stays = terms.stays();
    silenceNanos = terms.silenceNanos();
    Sessions.Opened opened = house.sessions().open(caller, client, terms.clean(), this);
    session = opened.session();
    if (opened.before() != null) opened.before().takenOver();
    if (opened.will() != null && opened.present()) house.wills().drop(opened.will());
    else if (opened.will() != null) house.wills().say(opened.will());
    doing = Doing.OPEN;
    known();
    frames.letIn(house.config().maxPacket());
    since = System.nanoTime();
    socket.write(answers.welcome(opened.present(), terms.properties(named ? null : client)));
  }

  /** He is no stranger any more, or gone. */
  private void known() {
    connect = null;
    if (connects != null) connects.release();
    connects = null;
    if (isStranger) house.strangers().decrementAndGet();
    isStranger = false;
  }

  // ---- messages ----

  private void publish(Publish message, Room room) throws Malformed {
    house.metrics().received.increment();
    Pending one = new Pending(message.qos(), message.id(), room);
    boolean isTaken = false;
    try {
      String topic = topic(message);
      isTaken = true;
      if (message.qos() == 2 && isRepeated(one)) return;
      isTaken = false;
      boolean isPacked = Content.isPacked(message.payload());
      if (message.payload().length <= SMALL && !isPacked) {
        Content content = content(message, topic);
        isTaken = true;
        add(one);
        take(one, content, message.payload().length, 0);
      } else {
        isTaken = true;
        add(one);
        afford(room, isPacked ? 2L * place.maxUnpacked() : 0,
            () -> inspect(one, message, topic, isPacked ? 2L * place.maxUnpacked() : 0));
      }
    } finally {
      if (!isTaken) giveUp(one);
    }
  }

  private void add(Pending one) {
    pending.add(one);
    if (one.qos == 2) unanswered.set(one.id);
  }

  /** Now, or as soon as there is memory for it. */
  private void afford(Room room, long bytes, Runnable then) {
    if (bytes <= 0 || room.charge(bytes)) then.run();
    else stalled = new Afford(room, bytes, then);
  }

  /**
   * On a worker thread.
   *
   * @param reserved bytes, for what it may become
   */
  private void inspect(Pending one, Publish message, String topic, long reserved) {
    reading = true;
    underWay++;
    vertx.executeBlocking(() -> content(message, topic), false)
        .onComplete(done -> port.run(() -> read(one, done, message.payload().length, reserved)));
  }

  private Content content(Publish message, String topic) throws Malformed {
    return Content.of(place, topic, message.retain(), message.properties(), message.payload(), Instant.now());
  }

  private void read(Pending one, AsyncResult<Content> done, int length, long reserved) {
    reading = false;
    underWay--;
    if (doing == Doing.CLOSED) {
      giveUp(one);
      finished();
    } else if (done.succeeded()) {
      take(one, done.result(), length, reserved);
      next();
    } else {
      giveUp(one);
      if (done.cause() instanceof Malformed wrong) end(wrong.reason, wrong.getMessage());
      else broken(done.cause());
    }
  }

  /** It is not in the log, and will not be. */
  private void giveUp(Pending one) {
    one.room.release();
    if (one.isFirst) session.ended(one.id, new Failure.Busy("its connection has ended"), null, false);
    one.isFirst = false;
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
      if (alias == 0 || alias > Terms.MOST_ALIASES)
        throw new Malformed(Reason.ALIAS_INVALID, "topic aliases go from 1 to " + Terms.MOST_ALIASES);
      if (!topic.isEmpty()) name(alias, topic);
      else topic = aliases.get(alias);
      if (topic == null) throw new Malformed(Reason.PROTOCOL_ERROR, "a topic alias that stands for nothing");
    }
    if (!Terms.isTopic(topic))
      throw new Malformed(Reason.TOPIC_INVALID, "a topic has 1 to " + Terms.LONGEST_TOPIC
          + " characters, and neither wildcards nor control characters");
    return topic;
  }

  private void name(int alias, String topic) throws Malformed {
    String before = aliases.get(alias);
    long more = 2L * topic.length() - (before == null ? -ALIAS_OVERHEAD : 2L * before.length());
    if (topic.length() > Terms.LONGEST_TOPIC || more > 0 && !house.kept().take(more))
      throw new Malformed(topic.length() > Terms.LONGEST_TOPIC ? Reason.TOPIC_INVALID : Reason.BUSY,
          "a topic longer than " + Terms.LONGEST_TOPIC + " characters, or no memory for another alias");
    if (more < 0) house.kept().giveBack(-more);
    aliasBytes += more;
    aliases.put(alias, topic);
  }

  /** Whether this message of QoS 2 is in the log already, or on its way, by this connection or one before; then it is answered as it was, or will be. */
  private boolean isRepeated(Pending one) throws Malformed {
    boolean waits = unanswered.get(one.id);
    boolean tooMany = level == Packet.MQTT_5
        && session.unreleased() + pending.size() >= 2 * house.config().inFlight();
    Future<String> there = waits ? null : session.begin(one.id);
    one.isFirst = !waits && there == null;
    if (one.isFirst && !tooMany) return false;
    if (one.isFirst) {
      giveUp(one);
      throw new Malformed(Reason.RECEIVE_MAXIMUM, "more messages of QoS 2 than " + house.config().inFlight()
          + " are not released");
    }
    one.room.release();
    if (waits) return true;
    add(one);
    underWay++;
    there.onComplete(ended -> port.run(() -> {
      underWay--;
      one.fault = ended.result();
      settle(one, ended.cause());
    }));
    return true;
  }

  /**
   * @param length   of its payload, for which there is memory
   * @param reserved bytes beside
   */
  private void take(Pending one, Content content, int length, long reserved) {
    one.fault = content.fault();
    if (content.fault() != null) house.metrics().malformed.increment();
    long more = Math.max(0, content.bytes() - Frames.OVERHEAD - length) - reserved;
    if (more < 0) one.room.spare(-more);
    afford(one.room, more, () -> send(one, content));
  }

  private void send(Pending one, Content content) {
    underWay++;
    house.log()
        .send(place.client().getBytes(StandardCharsets.UTF_8), content.headers(), content.messages())
        .onComplete(kept -> port.run(() -> {
          underWay--;
          if (kept.succeeded()) house.metrics().events.increment(content.messages().size());
          settle(one, kept.cause() instanceof Failure.TooLarge large ? tooLarge(one, large) : kept.cause());
        }));
  }

  /** It would never be taken, however often it came: that it is lost is said, and counted. */
  private Throwable tooLarge(Pending one, Failure.TooLarge large) {
    log.warn("a message is lost, since its topic does not take messages of this size: raise max.message.bytes of the"
        + " topic, or lower kafka.maxMessageBytes address={} qos={}", address, one.qos);
    house.metrics().lost.increment();
    one.isLost = true;
    one.fault = large.getMessage();
    return null;
  }

  /** @param failure null: it is in the log, or never will be */
  private void settle(Pending one, Throwable failure) {
    one.done = true;
    one.failure = failure;
    one.room.release();
    if (one.isFirst) session.ended(one.id, failure, one.fault, failure == null && isRefused(one));
    if (doing == Doing.CLOSED) {
      if (failure != null && one.qos == 0) house.metrics().lost.increment();
      finished();
    } else {
      flush();
    }
  }

  /** It is kept, to be set aside, or lost; a device that can be told so is. */
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
    Reason reason = !isRefused(one) ? Reason.SUCCESS : one.isLost ? Reason.QUOTA : Reason.PAYLOAD_INVALID;
    if (one.qos == 2) unanswered.clear(one.id);
    if (one.qos == 1) said.appendBuffer(answers.puback(one.id, reason, one.fault));
    if (one.qos == 2) said.appendBuffer(answers.pubrec(one.id, reason, one.fault));
  }

  private void complete(int id) {
    boolean there = !unanswered.get(id) && session.release(id);
    socket.write(answers.pubcomp(id, there ? Reason.SUCCESS : Reason.ID_NOT_FOUND));
  }

  // ---- going ----

  private void disconnect(Disconnect last) throws Malformed {
    if (last.properties().has(Properties.SESSION_EXPIRY))
      stays = terms.stays(last.properties().number(Properties.SESSION_EXPIRY, 0));
    if (last.reason() == 0) dropWill();
    hangUp();
  }

  private void dropWill() {
    if (will != null) house.wills().drop(will);
    will = null;
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
    boolean entered = session != null;
    doing = Doing.CLOSED;
    since = System.nanoTime();
    known();
    frames.release();
    if (stalled != null) pending.stream().filter(one -> !one.done && one.room == stalled.room()).forEach(this::giveUp);
    stalled = null;
    house.kept().giveBack(aliasBytes);
    aliasBytes = 0;
    aliases.clear();
    if (entered) leave(will);
    will = null;
    finished();
  }

  private void finished() {
    if (gone && underWay == 0) closed.tryComplete();
  }

  /** Its will is said at once, or after the delay that it asks for unless its client is back by then; no longer than its session is kept (section 3.1.3.2.2). */
  private void leave(Wills.Left last) {
    Wills wills = house.wills();
    Session its = session;
    long delay = last == null ? 0 : Math.min(last.delay(), stays.toSeconds());
    boolean waits = delay > 0 && wills.delay(last, delay, () -> {
      if (its.takeWill(last)) wills.say(last);
    });
    try {
      house.sessions().left(caller, place.client(), its, this, stays, waits ? last : null).forEach(wills::say);
      if (last != null && !waits) wills.say(last);
    } catch (Sessions.TakenOver later) {
      if (last != null && later.goesOn && last.delay() > 0) wills.drop(last);
      else if (last != null) wills.say(last);
    }
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
    if (waitsSince != 0 && now - waitsSince > frame) {
      end(Reason.BUSY, "there was no memory for what it sends");
      return;
    }
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
    dropWill();
    if (doing == Doing.CLOSED) return;
    if (doing != Doing.OPEN || pending.isEmpty()) end(Reason.SHUTTING_DOWN, "this node is stopping");
    else flow();
  }
}
