package io.caregrid.ingest.hl7;

import io.caregrid.cluster.Hl7Config;
import io.caregrid.contract.Grants;
import io.caregrid.contract.TcpPort;
import io.caregrid.contract.TlsFiles;
import io.caregrid.ingest.Budget;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.internal.net.NetSocketInternal;
import io.vertx.core.net.NetSocket;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import javax.naming.InvalidNameException;
import javax.naming.ldap.LdapName;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The MLLP port. One instance a node: what it does is to pass bytes on; looking through large messages happens on worker threads. Undeploying closes the port, answers
 * what is being kept, and disconnects.
 */
public final class MllpVerticle extends VerticleBase {
  private static final Logger log = LoggerFactory.getLogger(MllpVerticle.class);
  private static final Duration LOOK_EVERY = Duration.ofSeconds(1);
  private static final int LEAVE_SECONDS = 15;

  private final Hl7Config config;
  private final Grants grants;
  private final Intake intake;
  private final Budget budget;
  private final Set<MllpConnection> connections = new HashSet<>();
  private TcpPort port;
  private boolean full;
  private boolean leaving;
  private volatile int count;

  /** @param grants what {@code hl7.roles} allow */
  MllpVerticle(Hl7Config config, Grants grants, Intake intake, Budget budget) {
    this.config = config;
    this.grants = grants;
    this.intake = intake;
    this.budget = budget;
  }

  @Override
  public Future<?> start() {
    vertx.setPeriodic(LOOK_EVERY.toMillis(), due -> Set.copyOf(connections).forEach(MllpConnection::look));
    port = new TcpPort(vertx, config.tls().isOn()
        ? new TlsFiles("hl7", config.tls().cert(), config.tls().key(), config.tls().clientCa())
        : null);
    return port.open(config.port(), config.host(), this::connected);
  }

  @Override
  public Future<?> stop() {
    port.unwatch();
    leaving = true;
    Set<MllpConnection> open = Set.copyOf(connections);
    open.forEach(MllpConnection::leave);
    return Future.join(open.stream().map(MllpConnection::closed).toList())
        .timeout(LEAVE_SECONDS, TimeUnit.SECONDS)
        .otherwiseEmpty()
        .onComplete(left -> Set.copyOf(connections).forEach(MllpConnection::cut))
        .eventually(() -> port.close());
  }

  /** The port it really got. Only after {@link #start} has completed. */
  public int port() {
    return port.number();
  }

  /** Any thread. */
  int connections() {
    return count;
  }

  private void connected(NetSocket socket) {
    if (leaving) {
      socket.close();
      return;
    }
    if (connections.size() >= config.connections()) {
      if (!full) log.warn("more senders than hl7.connections, {}: they are disconnected", config.connections());
      full = true;
      socket.close();
      return;
    }
    full = false;
    String address = socket.remoteAddress() == null ? "unknown" : socket.remoteAddress().hostAddress();
    MllpConnection connection = new MllpConnection(socket, context, config, budget, intake,
        new Peer.Mllp(address, name(socket), Set.copyOf(config.roles()), grants));
    connections.add(connection);
    halfOpen(socket, connection);
    count = connections.size();
    connection.closed().onComplete(gone -> context.runOnContext(back -> {
      connections.remove(connection);
      count = connections.size();
    }));
  }

  /** Whoever ends his side of the connection behind a message, as scripts do, still hears the answer. */
  private void halfOpen(NetSocket socket, MllpConnection connection) {
    ChannelPipeline pipeline = ((NetSocketInternal) socket).channelHandlerContext().pipeline();
    pipeline.channel().config().setOption(ChannelOption.ALLOW_HALF_CLOSURE, true);
    pipeline.addFirst("ended", new ChannelInboundHandlerAdapter() {
      @Override
      public void userEventTriggered(ChannelHandlerContext channel, Object event) throws Exception {
        if (event == ChannelInputShutdownEvent.INSTANCE) context.runOnContext(ended -> connection.ended());
        super.userEventTriggered(channel, event);
      }
    });
  }

  /** The common name of the certificate it shows; null when it shows none. */
  private static String name(NetSocket socket) {
    if (!socket.isSsl()) return null;
    try {
      X509Certificate shown = (X509Certificate) socket.sslSession().getPeerCertificates()[0];
      return new LdapName(shown.getSubjectX500Principal().getName()).getRdns()
          .stream()
          .filter(part -> part.getType().equalsIgnoreCase("CN"))
          .map(part -> part.getValue().toString())
          .findFirst()
          .orElse(null);
    } catch (SSLPeerUnverifiedException | InvalidNameException unnamed) {
      return null;
    }
  }
}
