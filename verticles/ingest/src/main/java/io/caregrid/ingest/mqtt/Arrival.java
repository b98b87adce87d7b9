package io.caregrid.ingest.mqtt;

import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.caregrid.ingest.mqtt.Frames.Room;
import io.caregrid.ingest.mqtt.Packet.Connect;
import io.caregrid.store.Cause;
import io.vertx.core.AsyncResult;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A device's way in (section 3.1.4): from its connection, which makes it a stranger, by CONNECT and the question who it is, until it is let in, refused, or gone. On
 * its port's context.
 */
final class Arrival {
  private static final Logger log = LoggerFactory.getLogger(Arrival.class);

  private final MqttConnection connection;
  private final MqttPort port;
  private final House house;
  private final String certificate;
  private final String address;
  private Connect told;
  private Room room;
  private boolean isOver;

  /** @param certificate subject of the certificate that it has shown; null for none */
  Arrival(MqttConnection connection, MqttPort port, House house, String certificate, String address) {
    this.connection = connection;
    this.port = port;
    this.house = house;
    this.certificate = certificate;
    this.address = address;
  }

  /** @param its memory, which is given back when this is over */
  void begin(Connect connect, Room its) {
    told = connect;
    room = its;
    Reason wrong = Terms.unacceptable(told);
    if (wrong != null) {
      connection.refuse(wrong,
          "not as it may be in CONNECT: client id, will's topic, a packed will, or authentication method");
      return;
    }
    if (!house.log().isConnected()) {
      connection.refuse(Reason.UNAVAILABLE, "Kafka takes no messages at the moment");
      return;
    }
    connection.asks();
    house.entrance()
        .who(told.password(), certificate, address)
        .onComplete(asked -> port.run(() -> answered(asked)));
  }

  private void answered(AsyncResult<Caller> asked) {
    if (isOver) return;
    if (asked.succeeded()) {
      enter(asked.result());
      return;
    }
    Throwable cause = asked.cause();
    if (!(cause instanceof Failure))
      log.error("a device could not be asked who it is address={} cause={}", address, Cause.andPlace(cause));
    Reason reason = cause instanceof Failure.Forbidden
        ? Reason.NOT_AUTHORIZED
        : cause instanceof Failure failure && failure.status < 500 ? Reason.BAD_USER_OR_PASSWORD : Reason.BUSY;
    connection.refuse(reason, cause instanceof Failure ? cause.getMessage() : null);
  }

  private void enter(Caller caller) {
    Stay stay = Stay.begin(house, connection, caller, told, connection.answers());
    if (stay == null) connection.refuse(Reason.BUSY, "there is no memory for another will");
    else connection.letIn(stay);
  }

  /** It is no stranger any more, or gone. Again does nothing. */
  void over() {
    if (isOver) return;
    isOver = true;
    told = null;
    if (room != null) room.release();
    room = null;
    house.strangers().decrementAndGet();
  }
}
