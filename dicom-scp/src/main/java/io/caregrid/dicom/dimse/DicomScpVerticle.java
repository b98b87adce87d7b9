package io.caregrid.dicom.dimse;

import io.caregrid.cluster.DicomConfig;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Roles;
import io.caregrid.contract.TcpPort;
import io.caregrid.contract.TlsFiles;
import io.caregrid.dicom.archive.Incoming;
import io.caregrid.dicom.ul.Association;
import io.caregrid.dicom.ul.Limits;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.internal.ContextInternal;
import io.vertx.core.internal.net.NetSocketInternal;
import io.vertx.core.net.NetSocket;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * The DICOM port: C-ECHO and C-STORE. Deploy as many instances as there are cores; they share the port, and Vert.x deals out connections among them.
 *
 * <p>An instance's associations live on its event loop and share nothing with other instances but {@link Admission}, which counts. Undeploying closes the
 * port, aborts what is being sent, and completes when what was received is answered.
 */
public final class DicomScpVerticle extends VerticleBase {
  /** What Vert.x' own handler is called in a socket's pipeline. */
  static final String VERTX_HANDLER = "handler";
  /** Longest that undeploying waits for answers, which are a disk's and a database's business. */
  private static final int LEAVE_SECONDS = 10;

  private final DicomConfig config;
  private final Door door;
  private House house;
  private Executor owner;
  private TcpPort port;

  /**
   * What all instances of a node have in common.
   *
   * @param archive opens one instance in the archive, on the calling Vert.x context
   * @param hasRoom false: the archive takes nothing right now
   */
  public record Door(Admission admission, Supplier<Incoming> archive, BooleanSupplier hasRoom, Audit audit,
      DimseMetrics metrics) {
    public Door(DicomConfig config, Supplier<Incoming> archive, BooleanSupplier hasRoom, Audit audit,
        MeterRegistry meters) {
      this(new Admission(config, hasRoom), archive, hasRoom, audit, meters);
    }

    /** @param asks see {@link Admission} */
    public Door(DicomConfig config, Roles roles, boolean asks, Supplier<Incoming> archive, BooleanSupplier hasRoom,
        Audit audit, MeterRegistry meters) {
      this(new Admission(config, roles, asks, hasRoom), archive, hasRoom, audit, meters);
    }

    private Door(Admission admission, Supplier<Incoming> archive, BooleanSupplier hasRoom, Audit audit,
        MeterRegistry meters) {
      this(admission, archive, hasRoom, audit, new DimseMetrics(meters, admission));
    }
  }

  public DicomScpVerticle(DicomConfig config, Door door) {
    this.config = config;
    this.door = door;
  }

  @Override
  public Future<?> start() {
    ContextInternal mine = (ContextInternal) context;
    owner = task -> {
      if (mine.inThread()) mine.dispatch(task);
      else mine.runOnContext(hop -> task.run());
    };
    house = new House(door.admission(), new Negotiation(config.maxPdu(), config.privateClasses()), door.archive(),
        door.hasRoom(), door.audit(), door.metrics(), new Presence());
    port = new TcpPort(vertx, config.tls().isOn()
        ? new TlsFiles("dicom", config.tls().cert(), config.tls().key(), config.tls().clientCa())
        : null);
    return port.open(shared(config.port()), config.host(), this::connected);
  }

  /** To Vert.x 0 is a free port for each instance, a negative number one for all that name it. */
  private static int shared(int port) {
    return port == 0 ? -1 : port;
  }

  @Override
  public Future<?> stop() {
    port.unwatch();
    return house.presence()
        .close()
        .timeout(LEAVE_SECONDS, TimeUnit.SECONDS)
        .otherwiseEmpty()
        .eventually(() -> port.close());
  }

  /** The port all instances got; the configured one unless that is 0. Only after {@link #start} has completed. */
  public int port() {
    return port.number();
  }

  private void connected(NetSocket socket) {
    if (house.presence().isClosing()) {
      socket.close();
      return;
    }
    Association association = Association.acceptor(new Limits(config.maxPdu(), config.artim(), config.idle()), owner);
    Provider provider = new Provider(association, house);
    house.presence().connected(association, provider);
    ((NetSocketInternal) socket).channelHandlerContext()
        .pipeline()
        .addBefore(VERTX_HANDLER, "association", association.with(provider));
  }
}
