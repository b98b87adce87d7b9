package io.caregrid.platform;

import io.caregrid.api.ClusterRoutes;
import io.caregrid.api.HealthRoutes;
import io.caregrid.cluster.HazelcastCluster;
import io.caregrid.cluster.NodeConfig;
import io.caregrid.cluster.Topics;
import io.caregrid.contract.Gate;
import io.caregrid.contract.Roles;
import io.caregrid.engines.FolderLock;
import io.caregrid.events.TellSettings;
import io.caregrid.store.FhirStore;
import io.caregrid.store.audit.Trail;
import io.caregrid.templates.bundle.Conversions;
import io.caregrid.templates.sets.MappingSets;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The whole node, wired in one place. Read {@link #open} from top to bottom: each thing is built from those above it, and closed before them. What a room
 * or a door is made of stands in the class of its name.
 *
 * <p>Starting blocks until every door is open; whatever fails on the way closes what was open. One node and three are the same code; a development
 * node differs in one {@code if}, which brings PostgreSQL and Kafka along.
 */
public final class Platform implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Platform.class);

  private final Opened opened = new Opened();
  private final PrometheusMeterRegistry metrics = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private NodeConfig config;
  private HazelcastCluster cluster;
  private StoreRoom store;
  private Callers callers;
  private DeviceRoom devices;
  private MqttDoor mqtt;
  private Hl7Door hl7;
  private DicomRoom dicom;
  private HttpDoor http;

  private Platform() {}

  /**
   * @param dev PostgreSQL and Kafka come up inside this process, with their data in {@code config.data()}
   * @throws RuntimeException of the room that refused, with a message for the operator
   */
  public static Platform start(NodeConfig config, boolean dev, Progress progress) {
    Platform platform = new Platform();
    try {
      platform.open(config, dev, progress);
      return platform;
    } catch (RuntimeException refused) {
      platform.close();
      throw refused;
    }
  }

  private void open(NodeConfig told, boolean dev, Progress progress) {
    opened.keep(FolderLock.take(told.data(), "node"));
    config = told;
    Roles roles = DefinedRoles.of(config);
    checkDoors();
    TellSettings.check(config.tell(), roles);
    MappingSets files = MappingFiles.load(config.mappings());
    Conversions conversions = TemplateSets.load(config.fhir().convert());
    if (dev) {
      progress.step("starting PostgreSQL and Kafka");
      config = opened.keep(DevEngines.start(told.data())).use(told);
    }

    progress.step("checking topics on Kafka at " + config.kafka().bootstrapServers());
    Topics topics = ensureTopics(progress);

    progress.step("joining the cluster");
    Ground ground = join(roles, progress);

    progress.step("opening the store");
    store = StoreRoom.open(ground, files, progress);

    progress.step("opening the doors");
    callers = Callers.of(ground);
    openRooms(ground, topics, conversions, progress);
    http = HttpDoor.open(ground, callers.signIn(ground, store.database()));
    openWhatNeedsHttp(ground);
    log.info("node is running name={} addresses={}", config.name(), addresses());
    if (openness() != null) log.warn("{}", openness());
  }

  /** What of a door's settings can be seen to be wrong before anything is waited for. */
  private void checkDoors() {
    HttpDoor.check(config);
    if (config.roles().contains("dicom")) DicomRoom.check(config);
    if (Hl7Door.isOn(config) && config.hl7().hasPort()) Hl7Door.check(config);
    if (MqttDoor.isOn(config)) MqttDoor.check(config);
  }

  private Topics ensureTopics(Progress progress) {
    Topics topics = progress.waiting(() -> Topics.ensure(config.kafka(), config.cluster(), Await.PATIENCE));
    if (EventsRoom.tells(config) && config.tell().needsTopic()) progress.waiting(() -> {
      Topics.ensureChanges(config.kafka(), config.cluster(), Await.PATIENCE);
      return null;
    });
    return topics;
  }

  private Ground join(Roles roles, Progress progress) {
    ClusterRoom room = ClusterRoom.join(config, metrics, opened, progress);
    cluster = room.cluster();
    Trail trail = Trails.open(config, metrics, opened);
    Ground ground = new Ground(config, roles, room.vertx(), trail, metrics, opened, new ArrayList<>(),
        new ArrayList<>());
    ground.check("audit", () -> Future.succeededFuture(trail.isHealthy()));
    DiskSpace.watch(ground);
    room.openBus();
    ground.keep(SelfReport.answering(room.vertx(), cluster.id(), config.name(),
        () -> devices == null ? List.of() : devices.shards()));
    return ground;
  }

  private void openRooms(Ground ground, Topics topics, Conversions conversions, Progress progress) {
    if (ground.has("device")) {
      devices = DeviceRoom.open(ground, store, cluster, topics);
      devices.read(ground);
    }
    if (ground.has("ingest")) IngestRoom.open(ground, store);
    if (MqttDoor.isOn(config)) mqtt = MqttDoor.open(ground, callers.authentication());
    if (Hl7Door.isOn(config)) hl7 = Hl7Door.open(ground, store, conversions, progress);
    else ground.show(Hl7Door.closed(config));
    if (ground.has("dicom")) dicom = DicomRoom.open(ground, store);
    if (ground.has("analytics")) AnalyticsRoom.open(ground, store);
    if (ground.has("api")) EventsRoom.open(ground, store);
    if (ground.has("api")) ApiRoom.open(ground, store, conversions, callers.authentication());
    else ground.show(new HealthRoutes(ground.checks(), metrics::scrape));
    ground.show(
        new ClusterRoutes(ground.vertx(), config.cluster().name(), config.cluster().shards(), cluster::nodes));
  }

  private void openWhatNeedsHttp(Ground ground) {
    if (dicom != null) dicom.openImaging(ground, store, http());
    if (EventsRoom.tells(config)) EventsRoom.openTeller(ground, store, http());
    if (LoadDoor.isOn(config)) LoadDoor.open(ground, store, callers, http);
  }

  /** What runs here → where it listens, with the ports it really got. */
  public Map<String, String> addresses() {
    Map<String, String> addresses = new LinkedHashMap<>();
    addresses.put("http", http());
    if (dicom != null) addresses.put("dicom", dicom() + ", pictures in " + dicom.folder());
    if (hl7() != null) addresses.put("hl7", hl7());
    if (mqtt != null) addresses.put("mqtt", mqtt());
    addresses.put("cluster", cluster.address() + ", members " + cluster.members());
    addresses.put("kafka", config.kafka().bootstrapServers());
    addresses.put("postgresql",
        config.database().host() + ":" + config.database().port() + "/" + config.database().database());
    addresses.put("data", config.data().toAbsolutePath().toString());
    return addresses;
  }

  /** Base of every HTTP address of this node, e.g. {@code http://127.0.0.1:8080}. */
  public String http() {
    return http.address();
  }

  /** How to call this node's DICOM port, e.g. {@code CAREGRID@127.0.0.1:11112}; null when it has none. */
  public String dicom() {
    return dicom == null ? null : dicom.address();
  }

  /** How to call this node's MLLP port, e.g. {@code mllp://127.0.0.1:2575}; null when it has none. */
  public String hl7() {
    return hl7 == null ? null : hl7.address();
  }

  /** How to call this node's MQTT port, e.g. {@code mqtt://127.0.0.1:1883}; null when it has none. */
  public String mqtt() {
    return mqtt == null ? null : mqtt.address();
  }

  /** The DICOM port it really got. Only where {@link #dicom()} is not null. */
  public int dicomPort() {
    return dicom.port();
  }

  /**
   * A token of this node's own for somebody in this process, good for {@code validFor}.
   *
   * @throws StartException when this node takes no such tokens
   */
  public String token(String subject, String role, Duration validFor) {
    return callers.token(subject, role, validFor);
  }

  /** To be said at every start of a node whose doors ask nobody, or ask in the clear; null when they do neither. */
  public String openness() {
    return Openness.of(config, http());
  }

  /** The configuration in effect, embedded engines included. */
  public NodeConfig config() {
    return config;
  }

  /** What every route of this node's HTTP port asks for. */
  public List<Gate.Line> doors() {
    return http.table();
  }

  public FhirStore fhir() {
    return store.fhir();
  }

  /** Closes everything, last opened first: first nothing more comes in, then what is in is written. */
  @Override
  public void close() {
    opened.close();
  }
}
