package io.caregrid.ingest.mqtt;

import io.caregrid.contract.Caller;
import io.caregrid.ingest.mqtt.Packet.Connect;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.util.UUID;

/**
 * A device's stay: what it has with this node from when it is let in until its connection is over, and what it leaves behind: its session for a while, and its
 * will (section 3.1.2.5). On its port's context.
 */
final class Stay {
  private final House house;
  private final MqttConnection connection;
  private final Caller caller;
  private final Terms terms;
  private final Content.Place place;
  private final Session session;
  /** In CONNACK. */
  private final Buffer welcome;
  /** How long its session is kept. */
  private Duration keeps;
  private Wills.Left will;

  private Stay(House house, MqttConnection connection, Caller caller, Terms terms, Content.Place place,
      Session session, Buffer welcome, Wills.Left will) {
    this.house = house;
    this.connection = connection;
    this.caller = caller;
    this.terms = terms;
    this.place = place;
    this.session = session;
    this.welcome = welcome;
    this.will = will;
    keeps = terms.stays();
  }

  /** Ends the connection that the same client of the same caller had until now. Null: there is no memory for another will, and nothing has happened. */
  static Stay begin(House house, MqttConnection connection, Caller caller, Connect told, Answers answers) {
    boolean isNamed = !told.clientId().isEmpty();
    String client = isNamed ? told.clientId() : UUID.randomUUID().toString();
    Content.Place place = house.place(client);
    Wills.Left will = told.will() == null ? null : new Wills.Left(place, told.will());
    if (will != null && !house.wills().keep(will)) return null;
    Terms terms = Terms.of(told, house.config());
    Sessions.Opened opened = house.sessions().open(caller, client, terms.clean(), connection);
    if (opened.before() != null) opened.before().takenOver();
    if (opened.will() != null && opened.present()) house.wills().drop(opened.will());
    else if (opened.will() != null) house.wills().say(opened.will());
    Buffer welcome = answers.welcome(opened.present(), terms.properties(isNamed ? null : client));
    return new Stay(house, connection, caller, terms, place, opened.session(), welcome, will);
  }

  Caller caller() {
    return caller;
  }

  Terms terms() {
    return terms;
  }

  Content.Place place() {
    return place;
  }

  Session session() {
    return session;
  }

  Buffer welcome() {
    return welcome;
  }

  /** DISCONNECT says anew how long its session is to be kept. */
  void keeps(long seconds) throws Malformed {
    keeps = terms.stays(seconds);
  }

  /** It is not to be said. */
  void dropWill() {
    if (will != null) house.wills().drop(will);
    will = null;
  }

  /** Its will is said at once, or after the delay that it asks for unless its client is back by then; no longer than its session is kept (section 3.1.3.2.2). */
  void end() {
    Wills wills = house.wills();
    Wills.Left last = will;
    will = null;
    long delay = last == null ? 0 : Math.min(last.delay(), keeps.toSeconds());
    boolean waits = delay > 0 && wills.delay(last, delay, () -> {
      if (session.takeWill(last)) wills.say(last);
    });
    try {
      house.sessions()
          .left(caller, place.client(), session, connection, keeps, waits ? last : null)
          .forEach(wills::say);
      if (last != null && !waits) wills.say(last);
    } catch (Sessions.TakenOver later) {
      if (last != null && later.goesOn && last.delay() > 0) wills.drop(last);
      else if (last != null) wills.say(last);
    }
  }
}
