package io.caregrid.ingest.mqtt;

import io.caregrid.contract.Failure;
import io.caregrid.ingest.mqtt.Frames.Room;
import io.caregrid.ingest.mqtt.Packet.Publish;
import io.caregrid.store.Cause;
import io.vertx.core.AsyncResult;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.Deque;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One device's messages, from PUBLISH until each is answered, in their order: what they say is left for the log, and PUBACK or PUBREC said when Kafka has
 * acknowledged it and all before it are answered. On its port's context; long payloads, and lines, are read on a worker thread.
 *
 * <p>When Kafka does not take a message of QoS 1 or 2, its connection ends without an answer to it: a device takes any answer, a refusal too, for the end of the
 * matter, and would not send it again. Bounded by {@code mqtt.inFlight}, and by the memory that each takes of the node's ({@link Room}).
 */
final class InFlight {
  private static final Logger log = LoggerFactory.getLogger(InFlight.class);

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

  private final MqttConnection connection;
  private final MqttPort port;
  private final House house;
  private final Answers answers;
  private final String address;
  private final Content.Place place;
  private final Session session;
  private final boolean isMqtt5;
  private final Aliases aliases;
  private final Deque<Pending> pending = new ArrayDeque<>();
  /** Identifiers of messages of QoS 2 that are not answered yet. */
  private final BitSet unanswered = new BitSet();
  /** What goes on when there is memory for it; nothing is read meanwhile. */
  private Afford stalled;
  private boolean reading;
  private boolean flushing;
  private int underWay;

  InFlight(MqttConnection connection, MqttPort port, House house, Stay stay, Answers answers, String address) {
    this.connection = connection;
    this.port = port;
    this.house = house;
    this.answers = answers;
    this.address = address;
    place = stay.place();
    session = stay.session();
    isMqtt5 = stay.terms().level() == Packet.MQTT_5;
    aliases = new Aliases(house.kept());
  }

  /** All are answered. */
  boolean isEmpty() {
    return pending.isEmpty();
  }

  /** Another one may come. */
  boolean hasRoom() {
    return !reading && stalled == null && pending.size() < house.config().inFlight();
  }

  /** There is no memory for what the last one becomes: {@link #goOn} in a moment. */
  boolean isStalled() {
    return stalled != null;
  }

  /** Something of theirs is still to come back from Kafka, a worker thread, or another connection. */
  boolean isUnderWay() {
    return underWay > 0;
  }

  /** There may be memory by now. */
  void goOn() {
    if (stalled == null || !stalled.room().charge(stalled.bytes())) return;
    Runnable then = stalled.then();
    stalled = null;
    then.run();
  }

  void publish(Publish message, Room room) throws Malformed {
    house.metrics().received.increment();
    Pending one = new Pending(message.qos(), message.id(), room);
    boolean isTaken = false;
    try {
      String topic = aliases.topic(message);
      isTaken = true;
      if (message.qos() == 2 && isRepeated(one)) return;
      isTaken = false;
      if (Content.isQuick(message.payload())) {
        Content content = content(message, topic);
        isTaken = true;
        add(one);
        take(one, content, message.payload().length, 0);
      } else {
        isTaken = true;
        add(one);
        long reserved = Content.isPacked(message.payload()) ? 2L * place.maxUnpacked() : 0;
        afford(room, reserved, () -> inspect(one, message, topic, reserved));
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
    port.aside(() -> content(message, topic))
        .onComplete(done -> port.run(() -> read(one, done, message.payload().length, reserved)));
  }

  private Content content(Publish message, String topic) throws Malformed {
    return Content.of(place, topic, message.retain(), message.properties(), message.payload(), Instant.now());
  }

  private void read(Pending one, AsyncResult<Content> done, int length, long reserved) {
    reading = false;
    underWay--;
    if (connection.isOver()) {
      giveUp(one);
      connection.finished();
    } else if (done.succeeded()) {
      take(one, done.result(), length, reserved);
      connection.next();
    } else {
      giveUp(one);
      if (done.cause() instanceof Malformed wrong) connection.end(wrong.reason, wrong.getMessage());
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
    connection.end(Reason.UNSPECIFIED, null);
  }

  /** Whether this message of QoS 2 is in the log already, or on its way, by this connection or one before; then it is answered as it was, or will be. */
  private boolean isRepeated(Pending one) throws Malformed {
    boolean waits = unanswered.get(one.id);
    boolean tooMany = isMqtt5 && session.unreleased() + pending.size() >= 2 * house.config().inFlight();
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
    if (connection.isOver()) {
      if (failure != null && one.qos == 0) house.metrics().lost.increment();
      connection.finished();
    } else {
      flush();
    }
  }

  /** It is kept, to be set aside, or lost; a device that can be told so is. */
  private boolean isRefused(Pending one) {
    return one.fault != null && isMqtt5;
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
    while (!connection.isOver() && failure == null && !pending.isEmpty() && pending.peek().done) {
      Pending one = pending.poll();
      if (one.failure == null) answer(one, said);
      else if (one.qos == 0) house.metrics().lost.increment();
      else failure = one.failure;
    }
    connection.answered(said, failure);
  }

  private void answer(Pending one, Buffer said) {
    Reason reason = !isRefused(one) ? Reason.SUCCESS : one.isLost ? Reason.QUOTA : Reason.PAYLOAD_INVALID;
    if (one.qos == 2) unanswered.clear(one.id);
    if (one.qos == 1) said.appendBuffer(answers.puback(one.id, reason, one.fault));
    if (one.qos == 2) said.appendBuffer(answers.pubrec(one.id, reason, one.fault));
  }

  /** PUBREL of a message of QoS 2: its PUBCOMP. */
  Buffer complete(int id) {
    boolean there = !unanswered.get(id) && session.release(id);
    return answers.pubcomp(id, there ? Reason.SUCCESS : Reason.ID_NOT_FOUND);
  }

  /** Its connection is over. What is on its way to Kafka goes on; what only waited for memory does not. */
  void release() {
    if (stalled != null) pending.stream().filter(one -> !one.done && one.room == stalled.room()).forEach(this::giveUp);
    stalled = null;
    aliases.release();
  }
}
