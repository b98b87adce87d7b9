package io.caregrid.platform;

import io.caregrid.cluster.DicomConfig;
import io.caregrid.cluster.NodeConfig;
import io.caregrid.dicom.archive.Archive;
import io.caregrid.dicom.dimse.DicomScpVerticle;
import io.caregrid.dicom.fhir.ImagingStudyVerticle;
import io.caregrid.dicom.web.DicomWebVerticle;
import io.caregrid.store.ImageIndex;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Where pictures come in and are kept: the archive, its DICOM port, DICOMweb, and the studies as FHIR tells of them. */
final class DicomRoom {
  private static final Logger log = LoggerFactory.getLogger(DicomRoom.class);
  private final DicomConfig config;
  private final Archive archive;
  private DicomScpVerticle dicom;

  private DicomRoom(DicomConfig config, Archive archive) {
    this.config = config;
    this.archive = archive;
  }

  /** @throws StartException when its port or its files can be seen to be wrong */
  static void check(NodeConfig config) {
    port(config.dicom()).check();
    new DoorFiles("dicom", config.dicom().tls()).check();
  }

  private static DoorPort port(DicomConfig config) {
    return new DoorPort("dicom.port", config.host(), config.port());
  }

  static DicomRoom open(Ground ground, StoreRoom store) {
    NodeConfig config = ground.config();
    ImageIndex index = new ImageIndex(store.database());
    Archive archive = ground
        .keep(Await.however(Archive.open(ground.vertx(), config.dicom(), pictures(config), index, ground.metrics())));
    DicomWebVerticle web = new DicomWebVerticle(ground.vertx(), archive, index, ground.trail(), config.dicom(),
        config.data().resolve("scratch").toAbsolutePath());
    ground.deploy(web);
    ground.show(web);
    DicomRoom room = new DicomRoom(config.dicom(), archive);
    room.openPort(ground);
    ground.check("dicom", () -> Future.succeededFuture(archive.acceptsMore()));
    return room;
  }

  private static Path pictures(NodeConfig config) {
    Path folder = config.dicom().folder();
    return (folder == null ? config.data().resolve("dicom") : folder).toAbsolutePath();
  }

  private void openPort(Ground ground) {
    boolean asks = !ground.config().isOpen();
    DicomScpVerticle.Door door = new DicomScpVerticle.Door(config, ground.roles(), asks, archive::receive,
        archive::acceptsMore, ground.trail(), ground.metrics());
    if (asks && config.callers().isEmpty())
      log.warn("nobody may call the DICOM port: dicom.callers names no application");
    DeploymentOptions everyCore = new DeploymentOptions().setInstances(Runtime.getRuntime().availableProcessors());
    ground.deploy(port(config),
        ground.vertx().deployVerticle(() -> dicom = new DicomScpVerticle(config, door), everyCore));
  }

  /**
   * Last, since others are told of an address that must be open.
   *
   * @param http the base of the node's HTTP addresses
   */
  void openImaging(Ground ground, StoreRoom store, String http) {
    ground.deploy(ImagingStudyVerticle.deploy(ground.vertx(), store.database(), store.fhir(), ground.config().imaging(),
        ground.config().identity(), http + "/dicom-web"));
  }

  /** E.g. {@code CAREGRID@127.0.0.1:11112}, with the port it really got. */
  String address() {
    return config.aeTitle() + "@" + config.host() + ":" + dicom.port();
  }

  int port() {
    return dicom.port();
  }

  /** Where the pictures are. */
  Path folder() {
    return archive.folder();
  }
}
