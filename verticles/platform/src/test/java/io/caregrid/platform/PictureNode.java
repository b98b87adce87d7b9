package io.caregrid.platform;

import io.caregrid.api.ApiDoors;
import io.caregrid.api.HttpVerticle;
import io.caregrid.api.signin.SignIn;
import io.caregrid.cluster.DatabaseConfig;
import io.caregrid.cluster.DicomConfig;
import io.caregrid.cluster.HttpConfig;
import io.caregrid.cluster.IdentityConfig;
import io.caregrid.cluster.ImagingConfig;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Doorman;
import io.caregrid.contract.Live;
import io.caregrid.contract.RecordCodec;
import io.caregrid.contract.Routes;
import io.caregrid.dicom.archive.Archive;
import io.caregrid.dicom.fhir.ImagingStudyVerticle;
import io.caregrid.dicom.web.DicomWebVerticle;
import io.caregrid.engines.AskAgain;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.store.AuditEvents;
import io.caregrid.store.Database;
import io.caregrid.store.DeadLetters;
import io.caregrid.store.FhirStore;
import io.caregrid.store.ImageIndex;
import io.caregrid.store.Schema;
import io.caregrid.store.Sequencer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The part of a node that keeps and shows pictures: archive, DICOMweb, FHIR and pages on one port; no Kafka and no cluster, which pictures do not need. */
final class PictureNode implements AutoCloseable {
  private final Vertx vertx = Vertx.vertx();
  private final HttpClient client = HttpClient.newHttpClient();
  private final Database database;
  private final Sequencer sequencer;
  private final Archive archive;
  private final List<Routes> doors = new ArrayList<>();
  private final int port;
  private String http;

  PictureNode(LocalPostgres postgres, Path folder) {
    for (Class<? extends Record> type : List.of(Live.Watch.class, Live.Vitals.class, Live.Latest.class)) codec(type);
    DatabaseConfig where = new DatabaseConfig(postgres.host(), postgres.port(),
        postgres.createDatabase(Schema.on(postgres.host(), postgres.port(), postgres.user(), postgres.password())),
        postgres.user(), postgres.password(), 8);
    database = AskAgain.whileBusy(() -> Await.ready(Database.open(vertx, where)));
    sequencer = Sequencer.start(database);
    FhirStore store = new FhirStore(database, Audit.log());
    ImageIndex index = new ImageIndex(database);
    archive = Await.ready(Archive.open(vertx, DicomConfig.DEFAULT, folder, index, new SimpleMeterRegistry()));
    DicomWebVerticle web = new DicomWebVerticle(vertx, archive, index, Audit.log(), DicomConfig.DEFAULT,
        folder.resolveSibling(folder.getFileName() + "-scratch"));
    Await.ready(vertx.deployVerticle(web));
    doors.add(web);
    doors.addAll(ApiDoors.all(vertx, store, new DeadLetters(database), new AuditEvents(database), Audit.log(), 1,
        List.of(), () -> "", "test"));
    doors.add(SignIn.notOffered(true));
    port = open(0);
    Await.ready(ImagingStudyVerticle.deploy(vertx, database, store, ImagingConfig.DEFAULT,
        new IdentityConfig("Lookup", ""), base() + "/dicom-web"));
  }

  private <R extends Record> void codec(Class<R> type) {
    vertx.eventBus().registerDefaultCodec(type, new RecordCodec<>(type));
  }

  private int open(int wanted) {
    HttpVerticle verticle = new HttpVerticle(new HttpConfig("127.0.0.1", wanted, List.of()), Doorman.OPEN, Audit.log(),
        doors);
    http = Await.ready(vertx.deployVerticle(verticle));
    return verticle.port();
  }

  String base() {
    return "http://127.0.0.1:" + port;
  }

  /** By STOW-RS. @return the status */
  int send(Path file) throws IOException, InterruptedException {
    HttpRequest request = HttpRequest.newBuilder(URI.create(base() + "/dicom-web/studies"))
        .header("Content-Type", "application/dicom")
        .header("Accept", "application/dicom+json")
        .POST(HttpRequest.BodyPublishers.ofFile(file))
        .build();
    return client.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
  }

  String get(String path, String accept) throws IOException, InterruptedException {
    HttpRequest request = HttpRequest.newBuilder(URI.create(base() + path)).header("Accept", accept).build();
    return client.send(request, HttpResponse.BodyHandlers.ofString()).body();
  }

  /** As if the node were gone, for as long as {@code meanwhile} takes; then it is back on the same port. */
  void withDoorsClosed(Runnable meanwhile) {
    Await.ready(vertx.undeploy(http));
    try {
      meanwhile.run();
    } finally {
      open(port);
    }
  }

  @Override
  public void close() {
    Await.closed(vertx.undeploy(http));
    archive.close();
    Await.closed(sequencer.stop());
    Await.closed(database.close());
    Await.closed(vertx.close());
  }
}
