package io.caregrid.platform;

import io.caregrid.analytics.export.ExportRoutes;
import io.caregrid.analytics.export.ExportVerticle;
import io.caregrid.analytics.export.RuleBooks;
import io.caregrid.analytics.lake.AnalyticsVerticle;
import io.caregrid.analytics.lake.LakeTables;
import io.caregrid.analytics.lake.store.ObjectStore;
import io.caregrid.analytics.lake.store.Place;
import io.caregrid.analytics.sql.SqlRoutes;
import io.caregrid.analytics.views.ViewRoutes;
import io.caregrid.api.ApiDoors;
import io.caregrid.api.ClusterRoutes;
import io.caregrid.api.HealthRoutes;
import io.caregrid.api.HealthRoutes.Check;
import io.caregrid.api.HttpVerticle;
import io.caregrid.api.auth.Authentication;
import io.caregrid.api.auth.NodeKey;
import io.caregrid.api.convert.ConvertRoutes;
import io.caregrid.api.deidentify.DeidentifyRoutes;
import io.caregrid.api.fhir.r4.Rules;
import io.caregrid.api.live.NamedMappingRoutes;
import io.caregrid.api.signin.SignIn;
import io.caregrid.cluster.ConfigException;
import io.caregrid.cluster.DeidentifyConfig;
import io.caregrid.cluster.HazelcastCluster;
import io.caregrid.cluster.Hosts;
import io.caregrid.cluster.NodeConfig;
import io.caregrid.cluster.Topics;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Gate;
import io.caregrid.contract.Live;
import io.caregrid.contract.NodeReport;
import io.caregrid.contract.RecordCodec;
import io.caregrid.contract.Roles;
import io.caregrid.contract.Routes;
import io.caregrid.device.BatchWriter;
import io.caregrid.device.DeviceIdentity;
import io.caregrid.device.FindingsVerticle;
import io.caregrid.device.House;
import io.caregrid.device.IdentityWatch;
import io.caregrid.device.MeasurementRules;
import io.caregrid.device.ShardMetrics;
import io.caregrid.device.ShardPump;
import io.caregrid.dicom.archive.Archive;
import io.caregrid.dicom.dimse.DicomScpVerticle;
import io.caregrid.dicom.fhir.ImagingStudyVerticle;
import io.caregrid.dicom.web.DicomWebVerticle;
import io.caregrid.engines.FolderLock;
import io.caregrid.events.TellRoutes;
import io.caregrid.events.TellSettings;
import io.caregrid.events.TellerVerticle;
import io.caregrid.ingest.DeadLetterReader;
import io.caregrid.ingest.IngestVerticle;
import io.caregrid.ingest.NormaliseVerticle;
import io.caregrid.ingest.hl7.Hl7Verticle;
import io.caregrid.ingest.load.Credentials;
import io.caregrid.ingest.load.DropFolder;
import io.caregrid.ingest.load.Target;
import io.caregrid.ingest.mqtt.MqttVerticle;
import io.caregrid.store.AuditEvents;
import io.caregrid.store.Cause;
import io.caregrid.store.ChangeFeed;
import io.caregrid.store.Database;
import io.caregrid.store.DeadLetters;
import io.caregrid.store.Deliveries;
import io.caregrid.store.ExportJobs;
import io.caregrid.store.FhirStore;
import io.caregrid.store.Hl7Messages;
import io.caregrid.store.ImageIndex;
import io.caregrid.store.Lease;
import io.caregrid.store.MappingVersions;
import io.caregrid.store.Reindex;
import io.caregrid.store.Sequencer;
import io.caregrid.store.ShardStore;
import io.caregrid.store.Undelivered;
import io.caregrid.store.WebSessions;
import io.caregrid.store.audit.Trail;
import io.caregrid.templates.bundle.Conversions;
import io.caregrid.templates.deidentify.Deidentifier.Keys;
import io.caregrid.templates.sets.MappingSets;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.vertx.core.Deployable;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.micrometer.MetricsDomain;
import io.vertx.micrometer.MicrometerMetricsFactory;
import io.vertx.micrometer.MicrometerMetricsOptions;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The whole node, wired in one place. Read {@link #open} from top to bottom: each thing is built from those above it, and closed before them.
 *
 * <p>Starting blocks until every door is open; whatever fails on the way closes what was open. One node and three are the same code; a development
 * node differs in one {@code if}, which brings PostgreSQL and Kafka along.
 */
public final class Platform implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Platform.class);

  /** Longest a node that ends waits for its audit entries to be in the database; they are on its disk in any case. */
  private static final Duration DRAIN = Duration.ofSeconds(8);

  /** How often a node looks whether its database answers, so that its log says when that ends, and why. */
  private static final Duration LOOKS = Duration.ofSeconds(5);

  private final Deque<AutoCloseable> opened = new ArrayDeque<>();
  private final List<Routes> doors = new ArrayList<>();
  private final List<Check> checks = new ArrayList<>();
  private final PrometheusMeterRegistry metrics = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private NodeConfig config;
  private HazelcastCluster cluster;
  private Vertx vertx;
  private FhirStore fhir;
  private HttpVerticle http;
  private Trail trail;
  private Archive archive;
  private NodeKey key;
  private DicomScpVerticle dicom;
  private Hl7Verticle hl7;
  private MqttVerticle mqtt;
  private ShardPump pump;

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
    keep(FolderLock.take(told.data(), "node"));
    config = told;
    Roles roles = DefinedRoles.of(config);
    checkDoors();
    TellSettings.check(config.tell(), roles);
    MappingSets files = MappingFiles.load(config.mappings());
    Conversions conversions = TemplateSets.load(config.fhir().convert());
    if (dev) {
      progress.step("starting PostgreSQL and Kafka");
      config = keep(DevEngines.start(told.data())).use(told);
    }

    progress.step("checking topics on Kafka at " + config.kafka().bootstrapServers());
    Topics topics = progress.waiting(() -> Topics.ensure(config.kafka(), config.cluster(), Await.PATIENCE));

    if (tells() && config.tell().needsTopic()) progress.waiting(() -> {
      Topics.ensureChanges(config.kafka(), config.cluster(), Await.PATIENCE);
      return null;
    });

    progress.step("joining the cluster");
    cluster = keep(HazelcastCluster.join(config.cluster(), config.roles().contains("device"), self()));
    progress.waiting(cluster::awaitOwner);
    vertx = Await
        .ready(cluster.vertx(options(), builder -> builder.withMetrics(new MicrometerMetricsFactory(metrics))));
    keep(() -> Await.closed(vertx.close()));
    trail = openTrail();
    watchDisk();
    List.of(Live.Watch.class, Live.Vitals.class, Live.Latest.class, NodeReport.class, NodeReport.Question.class)
        .forEach(this::travel);
    keep(SelfReport.answering(vertx, cluster.id(), config.name(), () -> pump == null ? List.of() : pump.shards()));

    progress.step("opening the store");
    Database database = openDatabase(progress);
    AuditEvents accesses = new AuditEvents(database);
    trail.ship(vertx, accesses);
    keep(() -> Await.closed(trail.drain(DRAIN)));
    fhir = new FhirStore(database, trail, config.fhir());
    DeadLetters letters = new DeadLetters(database);
    LiveMappings mappings = openMappings(database, files);

    progress.step("opening the doors");
    Authentication authentication = authentication(roles);
    if (config.roles().contains("device")) openShards(database, topics, mappings, roles);
    if (config.roles().contains("ingest")) openIngest(letters, mappings);
    if (takesMqtt()) openMqtt(roles, authentication);
    if (takesHl7()) openHl7(database, roles, conversions, progress);
    else doors.add(Hl7Verticle.closed(withoutHl7()));
    if (config.roles().contains("dicom")) openDicom(database, roles);
    if (config.roles().contains("analytics")) openLake(database);
    if (config.roles().contains("analytics")) openExport(database);
    openTell(database);
    if (config.roles().contains("api")) {
      doors.addAll(
          ApiDoors.all(vertx, fhir, letters, accesses, trail, config.cluster().shards(), checks, metrics::scrape,
              Main.Version.text(), authentication::authority, metrics));
      doors.add(new NamedMappingRoutes(vertx, new MappingVersions(database), mappings, config.namedMappings(),
          trail));
      doors.add(new DeidentifyRoutes(vertx, trail, config.fhir().deidentify()));
      doors.add(new ConvertRoutes(vertx, trail, conversions, config.fhir().convert().maxBodyBytes()));
    } else
      doors.add(new HealthRoutes(checks, metrics::scrape));
    doors.add(new ClusterRoutes(vertx, config.cluster().name(), config.cluster().shards(), cluster::nodes));
    SignIn signIn = SignIn.of(vertx, config.security(), config.isOpen(), roles, trail, new WebSessions(database),
        authentication::caller, Clock.systemUTC());
    doors.add(signIn);
    http = new HttpVerticle(config.http(), signIn.before(authentication.doorman()), trail, doors);
    openHttp();
    if (archive != null) openImaging(database);
    if (tells()) openTeller(database, roles);
    if (config.load().folder() != null && config.roles().contains("ingest")) openDropFolder(database);
    log.info("node is running name={} addresses={}", config.name(), addresses());
    if (openness() != null) log.warn("{}", openness());
  }

  /** What of a door's settings can be seen to be wrong before anything is waited for. */
  private void checkDoors() {
    httpDoor().check();
    new DoorFiles("http", config.http().tls()).check();
    if (config.roles().contains("dicom")) {
      dicomDoor().check();
      new DoorFiles("dicom", config.dicom().tls()).check();
    }
    if (takesHl7() && config.hl7().hasPort()) {
      hl7Door().check();
      new DoorFiles("hl7", config.hl7().tls()).check();
    }
    if (takesMqtt()) {
      mqttDoor().check();
      new DoorFiles("mqtt", config.mqtt().tls()).check();
    }
  }

  private Authentication authentication(Roles roles) {
    if (config.security().takesNodeTokens(config.http().host())) key = nodeKey();
    Authentication authentication = keep(
        new Authentication(vertx, config, key, roles, Clock.systemUTC(), metrics));
    if (authentication.hasIssuers())
      checks.add(new Check("issuers", () -> Future.succeededFuture(authentication.allThere()), false));
    return authentication;
  }

  private NodeKey nodeKey() {
    try {
      return NodeKey.keep(config.data(), config.name());
    } catch (IOException refused) {
      throw new StartException("this node's own key: " + refused.getMessage(), refused);
    }
  }

  private Trail openTrail() {
    Path folder = AuditShipCommand.folder(config);
    try {
      Trail.make(folder);
      keep(FolderLock.take(folder, "audit"));
      Trail opened = keep(Trail.open(folder, config.audit(), config.name(), metrics));
      check("audit", () -> Future.succeededFuture(opened.isHealthy()));
      return opened;
    } catch (IOException refused) {
      throw new StartException("accesses cannot be recorded there, check audit.folder: " + refused, refused);
    }
  }

  /** What the others shall know of this node as soon as it is there. */
  private Map<String, String> self() {
    return Map.of(HazelcastCluster.NAME, config.name(), HazelcastCluster.ROLES, String.join(",", config.roles()),
        HazelcastCluster.HTTP, config.http().host() + ":" + config.http().port(), HazelcastCluster.RULES,
        MeasurementRules.mark(config.tell()));
  }

  private Database openDatabase(Progress progress) {
    Database database = progress.waiting(() -> Await.ready(Databases.open(vertx, config.database())));
    keep(() -> Await.closed(database.close()));
    check("database", database::answers);
    long looks = vertx.setPeriodic(LOOKS.toMillis(), look -> database.answers());
    keep(() -> vertx.cancelTimer(looks));
    Sequencer sequencer = Sequencer.start(database);
    keep(() -> Await.closed(sequencer.stop()));
    Reindex reindex = Reindex.start(database);
    keep(() -> Await.closed(reindex.stop()));
    return database;
  }

  private LiveMappings openMappings(Database database, MappingSets files) {
    LiveMappings mappings = new LiveMappings(new MappingVersions(database), files, config.mappings() != null);
    deploy(mappings);
    mappings.expect(config.namedMappings());
    checks.add(new Check("mappings", () -> Future.succeededFuture(mappings.isUpToDate()), false));
    return mappings;
  }

  private void openShards(Database database, Topics topics, LiveMappings mappings, Roles roles) {
    ShardMetrics shardMetrics = new ShardMetrics(metrics);
    DeviceIdentity identity = new DeviceIdentity(fhir, config.identity());
    deploy(new IdentityWatch(new ChangeFeed(database), identity));
    MeasurementRules rules = MeasurementRules.of(config.tell(), metrics);
    Caller ruling = config.tell().watchesDevices() ? TellSettings.writer(config.tell(), roles) : null;
    String mark = MeasurementRules.mark(config.tell());
    House house = new House(() -> cluster.nodes().stream().anyMatch(node -> node.roles().contains("ingest")),
        () -> cluster.nodes()
            .stream()
            .filter(node -> node.roles().contains("device"))
            .allMatch(node -> node.rules().equals(mark)));
    FindingsVerticle findings = FindingsVerticle.of(vertx, database, fhir, rules, identity, config.kafka(),
        topics.measurements().id(), house, config.tell().giveUpAfter(), ruling);
    deploy(findings);
    if (!config.tell().silences().isEmpty())
      checks.add(new Check("silence", () -> Future.succeededFuture(findings.isOnTime()), false));
    int atOnce = Math.max(1, config.database().poolSize() / 4);
    BatchWriter writer = new BatchWriter(vertx, new ShardStore(database), identity, mappings, rules, atOnce,
        shardMetrics);
    pump = new ShardPump(vertx, cluster, writer, topics.measurements().id(), config.kafka(), config.shard(),
        shardMetrics,
        () -> ShardPump.consumer(config.kafka()));
    Await.ready(pump.start());
    keep(() -> Await.closed(pump.stop()));
    check("shards", () -> Future.succeededFuture(pump.ready()));
  }

  private void openIngest(DeadLetters letters, LiveMappings mappings) {
    NormaliseVerticle normalise = new NormaliseVerticle(config.kafka(), config.cluster().shards(), config.ingest(),
        mappings::current, metrics);
    DeadLetterReader reader = new DeadLetterReader(config.kafka(), letters);
    IngestVerticle ingest = new IngestVerticle(vertx, config.kafka(), config.ingest(), mappings::current,
        metrics);
    deploy(normalise);
    deploy(reader);
    deploy(ingest);
    doors.add(ingest);
    doors.add(ingest.replaying(letters, trail));
    doors.add(ingest.showing(trail));
    check("ingest", () -> Future.succeededFuture(ingest.ready()));
    check("normalise", () -> Future.succeededFuture(normalise.ready()));
    check("dead letters", () -> Future.succeededFuture(reader.ready()));
  }

  private boolean takesMqtt() {
    return config.roles().contains("ingest") && config.mqtt().isOn();
  }

  private void openMqtt(Roles roles, Authentication authentication) {
    boolean asks = !config.isOpen() && !config.mqtt().isOpenByWish();
    try {
      mqtt = new MqttVerticle(vertx, config.mqtt(), config.kafka(), config.ingest(), asks,
          roles.grants(config.mqtt().roles()), authentication::caller, trail, metrics);
    } catch (IllegalArgumentException refused) {
      throw new StartException(refused.getMessage(), refused);
    }
    try {
      deploy(mqtt);
    } catch (IllegalStateException failed) {
      throw mqttDoor().explain(failed);
    }
    check("mqtt", () -> Future.succeededFuture(mqtt.ready()));
    if (Hosts.isLoopback(config.mqtt().host())) return;
    if (!asks && config.mqtt().tls().clientCa() == null)
      log.warn("Open: whoever reaches {} may send readings, as mqtt.mode or security.mode says", mqtt());
    if (!config.mqtt().tls().isOn())
      log.warn(
          "In the clear: readings, and the tokens that devices show, go to {} as they are, for everybody on the way"
              + " to read. Set mqtt.tls.cert and mqtt.tls.key",
          mqtt());
  }

  private boolean takesHl7() {
    return config.roles().contains("ingest") && config.hl7().isOn();
  }

  private String withoutHl7() {
    return config.roles().contains("ingest")
        ? "HL7 v2 is off on this node: set hl7.http to true to take messages here, or hl7.port to take them by MLLP, too"
        : "this node has not the role ingest, so it takes no HL7 v2: send the message to one that has";
  }

  private void openHl7(Database database, Roles roles, Conversions conversions, Progress progress) {
    progress.waiting(() -> Topics.ensureHl7(config.kafka(), config.cluster(), config.hl7(), Await.PATIENCE));
    try {
      hl7 = new Hl7Verticle(vertx, config.hl7(), config.kafka(), config.ingest(), roles.grants(config.hl7().roles()),
          Hl7Verticle.Meaning.of(conversions::hl7v2, resource -> Rules.check(resource, true)), fhir,
          new Hl7Messages(database), trail, metrics);
    } catch (IllegalArgumentException refused) {
      throw new StartException(refused.getMessage(), refused);
    }
    try {
      deploy(hl7);
    } catch (IllegalStateException failed) {
      throw hl7Door().explain(failed);
    }
    doors.add(hl7);
    check("hl7", () -> Future.succeededFuture(hl7.ready()));
    if (hl7() != null && !Hosts.isLoopback(config.hl7().host()) && config.hl7().tls().clientCa() == null)
      log.warn("Open: whoever reaches {} may write into the store by MLLP{}, as hl7.mode says", hl7(),
          config.hl7().tls().isOn() ? "" : ", in the clear");
  }

  private void openDicom(Database database, Roles roles) {
    ImageIndex index = new ImageIndex(database);
    archive = keep(Await.however(Archive.open(vertx, config.dicom(), pictures(), index, metrics)));
    DicomWebVerticle web = new DicomWebVerticle(vertx, archive, index, trail, config.dicom(),
        config.data().resolve("scratch").toAbsolutePath());
    deploy(web);
    doors.add(web);
    DicomScpVerticle.Door door = new DicomScpVerticle.Door(config.dicom(), roles, !config.isOpen(),
        archive::receive, archive::acceptsMore, trail, metrics);
    if (!config.isOpen() && config.dicom().callers().isEmpty())
      log.warn("nobody may call the DICOM port: dicom.callers names no application");
    DeploymentOptions everyCore = new DeploymentOptions().setInstances(Runtime.getRuntime().availableProcessors());
    try {
      deploy(vertx.deployVerticle(() -> dicom = new DicomScpVerticle(config.dicom(), door), everyCore));
    } catch (IllegalStateException failed) {
      throw dicomDoor().explain(failed);
    }
    check("dicom", () -> Future.succeededFuture(archive.acceptsMore()));
  }

  private void openLake(Database database) {
    ObjectStore objects = keep(lake());
    Path scratch = config.data().resolve("lake-scratch").toAbsolutePath();
    AnalyticsVerticle lake = new AnalyticsVerticle(database, config.lake(), objects, scratch.resolve("commits"),
        metrics);
    deploy(lake);
    checks.add(new Check("lake", () -> Future.succeededFuture(lake.isOnTime()), false));
    LakeTables tables = new LakeTables(objects, scratch.resolve("schemas"));
    SqlRoutes sql = new SqlRoutes(tables, config.lake().sql(), trail, metrics, scratch.resolve("sql"));
    deploy(sql);
    doors.add(sql);
    doors.add(new ViewRoutes(vertx, fhir, trail));
  }

  /** A node that cannot keep exports does everything else. */
  private void openExport(Database database) {
    ObjectStore files;
    try {
      files = keep(Place.open(config.export(), config.lake(), config.data().toAbsolutePath()));
    } catch (IOException | ConfigException refused) {
      String why = "this node has no place for exports, check export.place: "
          + (refused instanceof IOException ? refused.toString() : refused.getMessage());
      log.error("no exports on this node, {}", why);
      doors.add(ExportRoutes.closed(why));
      return;
    }
    DeidentifyConfig own = config.fhir().deidentify();
    RuleBooks books = new RuleBooks(config.export().anonymization(),
        new Keys(own.dateShiftKey(), own.cryptoHashKey(), own.encryptKey()), Clock.systemUTC());
    ExportVerticle work = new ExportVerticle(database, files, config.export().isForAllNodes(config.lake()),
        config.data().resolve("export-scratch").toAbsolutePath(), trail, books,
        config.export().within(config.database().poolSize()));
    deploy(work);
    doors.add(new ExportRoutes(fhir, new ExportJobs(database), files, trail, work, books, config.isOpen()));
  }

  private ObjectStore lake() {
    try {
      return Place.open(config.lake(), config.data().toAbsolutePath());
    } catch (IOException refused) {
      throw new StartException("the lake cannot be kept there, check lake.place: " + refused, refused);
    }
  }

  private Path pictures() {
    Path folder = config.dicom().folder();
    return (folder == null ? config.data().resolve("dicom") : folder).toAbsolutePath();
  }

  /** Last, since others are told of an address that must be open. */
  private void openImaging(Database database) {
    deploy(
        ImagingStudyVerticle.deploy(vertx, database, fhir, config.imaging(), config.identity(), http() + "/dicom-web"));
  }

  private boolean tells() {
    return config.roles().contains("api") && config.tell().isOn();
  }

  private void openTell(Database database) {
    if (!config.roles().contains("api")) return;
    Deliveries deliveries = new Deliveries(database);
    Set<String> targets = config.tell().targets().keySet();
    doors.add(new TellRoutes(deliveries, new Undelivered(database), config.tell(), trail));
    if (!targets.isEmpty()) checks.add(new Check("tell", () -> deliveries.areWell(targets), false));
    if (tells()) return;
    leave(deliveries);
    vertx.setPeriodic(Duration.ofHours(1).toMillis(), fired -> leave(deliveries));
  }

  /** Nobody is told here: when that has been so for long on all nodes, nothing is kept for those who were. */
  private void leave(Deliveries deliveries) {
    deliveries.leave(Caller.system("tell"), config.tell().giveUpAfter())
        .onFailure(cause -> log.warn("the feed may wait for somebody who is not told any more cause={}",
            Cause.withoutValues(cause)));
  }

  /** Last, since its news lead to addresses that must be open. */
  private void openTeller(Database database, Roles roles) {
    String base = config.tell().address().isEmpty() ? http() + "/fhir" : config.tell().address();
    deploy(new TellerVerticle(database, fhir, trail, config.tell(), roles, config.kafka(), base, metrics));
  }

  private void openDropFolder(Database database) {
    URI base = URI.create(config.load().target().isEmpty() ? http() + "/fhir" : config.load().target());
    boolean own = config.load().target().isEmpty() || isOwn(base);
    if (own && config.http().tls().clientCa() != null)
      throw new StartException(
          "load.folder cannot load into this node, which takes nobody without a client certificate (http.tls.clientCa):"
              + " set load.target to another node");
    if (own && !config.isOpen() && key == null)
      throw new StartException(
          "load.folder needs a token of this node's own: set security.nodeTokens to loopback or always");
    if (own && config.load().asksForTokens())
      throw new StartException("load.tokenEndpoint is for another server, and load.target is this node");
    HttpClient.Builder client = HttpClient.newBuilder()
        .version(HttpClient.Version.HTTP_1_1)
        .connectTimeout(Duration.ofSeconds(10));
    try {
      client.sslContext(Trust.of(config.load().ca(), own ? config.http().tls().cert() : null));
    } catch (IOException | GeneralSecurityException unusable) {
      throw new StartException("load.ca must be a PEM file with certificates: " + unusable.getMessage(), unusable);
    }
    HttpClient asking = client.build();
    deploy(
        new DropFolder(config.load(), name -> new Lease(database, name), new Target(base, asking,
            own ? ofThisNode() : Credentials.of(config.load(), asking))));
  }

  private Credentials ofThisNode() {
    return config.isOpen()
        ? Credentials.NONE
        : fresh -> token("drop-folder", "FHIR Data Contributor", Duration.ofMinutes(5));
  }

  /** Whether it is this node's own door, by one of the names that the door goes by. */
  private boolean isOwn(URI base) {
    URI door = URI.create(http());
    if (base.getHost() == null || !base.getScheme().equals(door.getScheme())) return false;
    int port = base.getPort() >= 0 ? base.getPort() : base.getScheme().equals("https") ? 443 : 80;
    String host = base.getHost().toLowerCase(Locale.ROOT);
    boolean named = host.equals(door.getHost()) || host.equals("localhost") || host.equals("127.0.0.1")
        || config.http().names().stream().anyMatch(host::equalsIgnoreCase);
    return named && port == door.getPort();
  }

  private void openHttp() {
    try {
      deploy(http);
    } catch (IllegalStateException failed) {
      throw httpDoor().explain(failed);
    }
  }

  private DoorPort httpDoor() {
    return new DoorPort("http.port", config.http().host(), config.http().port());
  }

  private DoorPort dicomDoor() {
    return new DoorPort("dicom.port", config.dicom().host(), config.dicom().port());
  }

  private DoorPort hl7Door() {
    return new DoorPort("hl7.port", config.hl7().host(), config.hl7().port());
  }

  private DoorPort mqttDoor() {
    return new DoorPort("mqtt.port", config.mqtt().host(), config.mqtt().port());
  }

  /** Without the network clients' metrics: all of them share one gauge, which counts only the first's connections and warns of the others. */
  private VertxOptions options() {
    return new VertxOptions().setMetricsOptions(new MicrometerMetricsOptions().setEnabled(true)
        .setJvmMetricsEnabled(true)
        .addDisabledMetricsCategory(MetricsDomain.EVENT_BUS)
        .addDisabledMetricsCategory(MetricsDomain.NET_CLIENT));
  }

  private <R extends Record> void travel(Class<R> type) {
    vertx.eventBus().registerDefaultCodec(type, new RecordCodec<>(type));
  }

  private void deploy(Deployable verticle) {
    deploy(vertx.deployVerticle(verticle));
  }

  private void deploy(Future<String> deployment) {
    String id = Await.ready(deployment);
    keep(() -> Await.closed(vertx.undeploy(id)));
  }

  private void check(String name, Supplier<Future<Boolean>> passes) {
    checks.add(new Check(name, passes, true));
  }

  private void watchDisk() {
    DiskSpace disk = new DiskSpace(config.data(), metrics);
    Supplier<Future<Boolean>> enough = () -> vertx.executeBlocking(disk::isEnough, false);
    enough.get();
    vertx.setPeriodic(Duration.ofMinutes(1).toMillis(), look -> enough.get());
    checks.add(new Check("disk space", enough, false));
  }

  private <T extends AutoCloseable> T keep(T thing) {
    opened.push(thing);
    return thing;
  }

  /** What runs here → where it listens, with the ports it really got. */
  public Map<String, String> addresses() {
    Map<String, String> addresses = new LinkedHashMap<>();
    addresses.put("http", http());
    if (dicom != null) addresses.put("dicom", dicom() + ", pictures in " + archive.folder());
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
    String host = config.http().host();
    return (config.http().tls().isOn() ? "https://" : "http://") + (host.contains(":") ? "[" + host + "]" : host) + ":"
        + http.port();
  }

  /** How to call this node's DICOM port, e.g. {@code CAREGRID@127.0.0.1:11112}; null when it has none. */
  public String dicom() {
    return dicom == null ? null : config.dicom().aeTitle() + "@" + config.dicom().host() + ":" + dicom.port();
  }

  /** How to call this node's MLLP port, e.g. {@code mllp://127.0.0.1:2575}; null when it has none. */
  public String hl7() {
    return hl7 == null || !config.hl7().hasPort() ? null : "mllp://" + config.hl7().host() + ":" + hl7.port();
  }

  /** How to call this node's MQTT port, e.g. {@code mqtt://127.0.0.1:1883}; null when it has none. */
  public String mqtt() {
    return mqtt == null
        ? null
        : (config.mqtt().tls().isOn() ? "mqtts://" : "mqtt://") + config.mqtt().host() + ":" + mqtt.port();
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
    if (key == null)
      throw new StartException("this node takes no tokens of its own, which its parts need here: "
          + "set security.nodeTokens to loopback or always");
    return key.token(subject, List.of(role), Instant.now(), validFor);
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
    return fhir;
  }

  /** Closes everything, last opened first: first nothing more comes in, then what is in is written. */
  @Override
  public void close() {
    while (!opened.isEmpty()) Closing.quietly(opened.pop());
  }
}
