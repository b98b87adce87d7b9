package io.caregrid.ingest.hl7;

import io.caregrid.cluster.ClusterConfig;
import io.caregrid.cluster.DatabaseConfig;
import io.caregrid.cluster.Hl7Config;
import io.caregrid.cluster.IngestConfig;
import io.caregrid.cluster.KafkaConfig;
import io.caregrid.cluster.TlsConfig;
import io.caregrid.cluster.Topics;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Doorman;
import io.caregrid.contract.Failure;
import io.caregrid.contract.Gate;
import io.caregrid.contract.Roles;
import io.caregrid.engines.AskAgain;
import io.caregrid.ingest.Await;
import io.caregrid.store.Database;
import io.caregrid.store.FhirStore;
import io.caregrid.store.Hl7Letter;
import io.caregrid.store.Hl7Messages;
import io.caregrid.store.Hl7Messages.Which;
import io.caregrid.store.Page;
import io.caregrid.store.SearchQuery;
import io.caregrid.store.SearchQuery.Param;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.ext.web.Router;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;

/** HL7 v2 of one node on real engines: its port, its HTTP addresses, its store. */
final class House implements AutoCloseable {
  /** No stall of a loaded machine makes Kafka too late for an answer. */
  static final IngestConfig INGEST = new IngestConfig(1 << 20, Duration.ofSeconds(60), 32 << 20, 1);
  /** Where Kafka goes away. */
  private static final IngestConfig HASTY = new IngestConfig(1 << 20, Duration.ofSeconds(8), 32 << 20, 1);
  private static final Caller CALLER = Caller.system("test");
  private static final HttpClient HTTP = HttpClient.newHttpClient();

  final Vertx vertx = Vertx.vertx();
  final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  final Queue<Audit.Entry> audited = new ConcurrentLinkedQueue<>();
  final Database database;
  final FhirStore store;
  final Hl7Messages messages;
  final Hl7Verticle verticle;
  private final String deployment;
  private final int http;

  static KafkaConfig kafka(String bootstrapServers) {
    return new KafkaConfig(bootstrapServers, UUID.randomUUID() + "-", 3, Duration.ofDays(7), 256 << 10);
  }

  static Hl7Config config() {
    return config(Duration.ofMinutes(2), 64, TlsConfig.NONE);
  }

  static Hl7Config config(Duration idle, int connections, TlsConfig tls) {
    return new Hl7Config("127.0.0.1", 0, false, "protected", List.of("FHIR Data Writer"), 16 << 20, connections,
        64 << 20,
        idle,
        idle, "", List.of("P"), Duration.ofDays(30), tls);
  }

  static void topic(KafkaConfig kafka) {
    ClusterConfig cluster = new ClusterConfig("single", "caregrid", "127.0.0.1", 0, 0, List.of(), 4, "");
    Topics.ensureHl7(kafka, cluster, config(), Duration.ofMinutes(2));
  }

  House(KafkaConfig kafka, DatabaseConfig at, Hl7Config config) {
    this(kafka, at, config, Hl7Verticle.Meaning.of(Ward::convert, Ward::check));
  }

  House(KafkaConfig kafka, DatabaseConfig at, Hl7Config config, Hl7Verticle.Meaning meaning) {
    this(kafka, at, config, meaning, Storing.Patience.DEFAULT);
  }

  /** One that says soon that Kafka is away. */
  static House hasty(KafkaConfig kafka, DatabaseConfig at, Hl7Config config) {
    return new House(kafka, at, config, Hl7Verticle.Meaning.of(Ward::convert, Ward::check), Storing.Patience.DEFAULT,
        HASTY);
  }

  House(KafkaConfig kafka, DatabaseConfig at, Hl7Config config, Hl7Verticle.Meaning meaning,
      Storing.Patience patience) {
    this(kafka, at, config, meaning, patience, INGEST);
  }

  private House(KafkaConfig kafka, DatabaseConfig at, Hl7Config config, Hl7Verticle.Meaning meaning,
      Storing.Patience patience, IngestConfig ingest) {
    database = AskAgain.whileBusy(() -> Await.get(Database.open(vertx, at)));
    Audit audit = entry -> {
      audited.add(entry);
      return Future.succeededFuture();
    };
    store = new FhirStore(database, audit);
    messages = new Hl7Messages(database);
    verticle = new Hl7Verticle(vertx, config, kafka, ingest, Roles.BUILT_IN.grants(config.roles()), meaning, store,
        messages, audit, meters, patience);
    deployment = Await.get(vertx.deployVerticle(verticle));
    Router router = Router.router(vertx);
    router.route().handler(Gate.kept(Doorman.OPEN, audit));
    verticle.mount(router);
    router.route()
        .failureHandler(failed -> failed.response()
            .setStatusCode(failed.failure() instanceof Failure told ? told.status : 500)
            .end());
    http = Await.get(vertx.createHttpServer().requestHandler(router).listen(0, "127.0.0.1")).actualPort();
    Await.until("the reader", verticle::ready);
  }

  int port() {
    return verticle.port();
  }

  /** In the order of their versions' making. */
  Page find(String type, String... params) {
    List<Param> asked = new java.util.ArrayList<>();
    for (int n = 0; n < params.length; n += 2) asked.add(new Param(params[n], params[n + 1]));
    return Await.get(store.search(CALLER, new SearchQuery(type, asked, 1000, "none", null)));
  }

  int count(String type) {
    return find(type).entries().size();
  }

  List<Hl7Letter> letters() {
    return Await.get(messages.list(CALLER, Which.ALL, 1000, null));
  }

  double counted(String name) {
    return meters.find(name).counters().stream().mapToDouble(counter -> counter.count()).sum();
  }

  HttpResponse<String> send(String verb, String path, String type, byte[] body) throws Exception {
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + http + path))
        .timeout(Duration.ofSeconds(120))
        .method(verb, body == null
            ? HttpRequest.BodyPublishers.noBody()
            : HttpRequest.BodyPublishers.ofByteArray(body));
    if (type != null) request.header("Content-Type", type);
    return HTTP.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  @Override
  public void close() {
    Await.get(vertx.undeploy(deployment));
    Await.get(vertx.close());
  }
}
