package io.caregrid.ingest.mqtt;

import io.caregrid.cluster.MqttConfig;
import io.caregrid.contract.TcpPort;
import io.caregrid.contract.TlsFiles;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.internal.ContextInternal;
import io.vertx.core.net.NetSocket;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The MQTT port. One instance a core, which share the port and among which Vert.x deals out connections. Undeploying closes it, answers what is on its way to Kafka,
 * and disconnects.
 */
final class MqttPort extends VerticleBase {
  private static final Logger log = LoggerFactory.getLogger(MqttPort.class);
  private static final Duration LOOK_EVERY = Duration.ofSeconds(1);
  private static final Duration ROOM_EVERY = Duration.ofMillis(10);
  private static final int LEAVE_SECONDS = 15;
  private static final int ANY_FREE = -1883;

  private final House house;
  private final Set<MqttConnection> connections = new HashSet<>();
  private final Set<MqttConnection> waiting = new LinkedHashSet<>();
  private TcpPort port;
  private boolean full;
  private boolean leaving;

  MqttPort(House house) {
    this.house = house;
  }

  @Override
  public Future<?> start() {
    vertx.setPeriodic(LOOK_EVERY.toMillis(), due -> look());
    MqttConfig config = house.config();
    port = new TcpPort(vertx, config.tls().isOn()
        ? new TlsFiles("mqtt", config.tls().cert(), config.tls().key(), config.tls().clientCa())
        : null);
    return port.open(shared(config.port()), config.host(), this::connected);
  }

  /** To Vert.x 0 is a free port for each instance, a negative number one for all that name it: this one is MQTT's, DICOM's is another. */
  private static int shared(int port) {
    return port == 0 ? ANY_FREE : port;
  }

  @Override
  public Future<?> stop() {
    port.unwatch();
    leaving = true;
    Set<MqttConnection> open = Set.copyOf(connections);
    open.forEach(MqttConnection::leave);
    return Future.join(open.stream().map(MqttConnection::closed).toList())
        .timeout(LEAVE_SECONDS, TimeUnit.SECONDS)
        .otherwiseEmpty()
        .onComplete(left -> Set.copyOf(connections).forEach(MqttConnection::cut))
        .eventually(() -> port.close());
  }

  /** The port all instances got. Only after {@link #start} has completed. */
  int port() {
    return port.number();
  }

  private void look() {
    Set.copyOf(connections).forEach(MqttConnection::look);
    house.sessions().sweep();
  }

  /** Runs this on this port's context: now, when that is where it is called. */
  void run(Runnable work) {
    ContextInternal mine = (ContextInternal) context;
    if (mine.inThread()) mine.dispatch(work);
    else mine.runOnContext(hop -> work.run());
  }

  /** Runs this behind what this port's context has to do already. */
  void later(Runnable work) {
    context.runOnContext(hop -> work.run());
  }

  /** Runs this on a worker thread. */
  <T> Future<T> aside(Callable<T> work) {
    return vertx.executeBlocking(work, false);
  }

  /** Asks it to go on in a moment, in the order in which they came to wait. */
  void waitsForRoom(MqttConnection connection) {
    if (waiting.isEmpty()) vertx.setTimer(ROOM_EVERY.toMillis(), due -> goOn());
    waiting.add(connection);
  }

  private void goOn() {
    List<MqttConnection> turn = List.copyOf(waiting);
    waiting.clear();
    turn.forEach(MqttConnection::next);
  }

  private void connected(NetSocket socket) {
    if (leaving) {
      socket.close();
      return;
    }
    if (house.connections().incrementAndGet() > house.config().connections()) {
      house.connections().decrementAndGet();
      if (!full)
        log.warn("more devices than mqtt.connections, {}: they are disconnected",
            house.config().connections());
      full = true;
      socket.close();
      return;
    }
    if (house.strangers().incrementAndGet() > house.mostStrangers()) {
      house.strangers().decrementAndGet();
      house.connections().decrementAndGet();
      if (!full)
        log.warn("more than {} connections that have not said who they are: they are disconnected",
            house.mostStrangers());
      full = true;
      socket.close();
      return;
    }
    full = false;
    String address = socket.remoteAddress() == null ? "unknown" : socket.remoteAddress().hostAddress();
    MqttConnection connection = new MqttConnection(socket, this, house, certificate(socket), address);
    connections.add(connection);
    connection.closed().onComplete(gone -> run(() -> {
      connections.remove(connection);
      waiting.remove(connection);
      house.connections().decrementAndGet();
    }));
  }

  /** The common name of the certificate it shows, else its whole subject; null when none was asked for. */
  private String certificate(NetSocket socket) {
    if (house.config().tls().clientCa() == null) return null;
    try {
      X509Certificate shown = (X509Certificate) socket.sslSession().getPeerCertificates()[0];
      String subject = shown.getSubjectX500Principal().getName();
      return new LdapName(subject).getRdns()
          .stream()
          .filter(part -> part.getType().equalsIgnoreCase("CN"))
          .map(part -> part.getValue().toString())
          .filter(name -> !name.isBlank())
          .findFirst()
          .orElse(subject);
    } catch (SSLPeerUnverifiedException | InvalidNameException unnamed) {
      return null;
    }
  }
}
