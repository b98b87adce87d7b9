package io.caregrid.platform;

import io.caregrid.store.AuditEvents;
import io.caregrid.store.Database;
import io.caregrid.store.DeadLetters;
import io.caregrid.store.FhirStore;
import io.caregrid.store.MappingVersions;
import io.caregrid.store.Reindex;
import io.caregrid.store.Sequencer;
import io.caregrid.templates.sets.MappingSets;
import io.vertx.core.Future;
import java.time.Duration;

/**
 * The database of a node, and what all rooms ask of it.
 *
 * @param accesses the audit trail, as it is kept in the database
 * @param letters  what could not be read
 */
record StoreRoom(Database database, FhirStore fhir, AuditEvents accesses, DeadLetters letters, LiveMappings mappings) {

  /** Longest a node that ends waits for its audit entries to be in the database; they are on its disk in any case. */
  private static final Duration DRAIN = Duration.ofSeconds(8);

  /** How often a node looks whether its database answers, so that its log says when that ends, and why. */
  private static final Duration LOOKS = Duration.ofSeconds(5);

  /** @param files the mappings of the node's own folder */
  static StoreRoom open(Ground ground, MappingSets files, Progress progress) {
    Database database = openDatabase(ground, progress);
    AuditEvents accesses = new AuditEvents(database);
    ground.trail().ship(ground.vertx(), accesses);
    ground.keep(() -> Await.closed(ground.trail().drain(DRAIN)));
    FhirStore fhir = new FhirStore(database, ground.trail(), ground.config().fhir());
    DeadLetters letters = new DeadLetters(database);
    return new StoreRoom(database, fhir, accesses, letters, openMappings(ground, database, files));
  }

  private static Database openDatabase(Ground ground, Progress progress) {
    Database database = progress
        .waiting(() -> Await.ready(Databases.open(ground.vertx(), ground.config().database())));
    ground.keep(() -> Await.closed(database.close()));
    ground.check("database", database::answers);
    long looks = ground.vertx().setPeriodic(LOOKS.toMillis(), look -> database.answers());
    ground.keep(() -> ground.vertx().cancelTimer(looks));
    Sequencer sequencer = Sequencer.start(database);
    ground.keep(() -> Await.closed(sequencer.stop()));
    Reindex reindex = Reindex.start(database);
    ground.keep(() -> Await.closed(reindex.stop()));
    return database;
  }

  private static LiveMappings openMappings(Ground ground, Database database, MappingSets files) {
    LiveMappings mappings = new LiveMappings(new MappingVersions(database), files, ground.config().mappings() != null);
    ground.deploy(mappings);
    mappings.expect(ground.config().namedMappings());
    ground.warn("mappings", () -> Future.succeededFuture(mappings.isUpToDate()));
    return mappings;
  }
}
