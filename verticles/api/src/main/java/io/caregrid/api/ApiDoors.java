package io.caregrid.api;

import io.caregrid.api.fhir.AuditRoutes;
import io.caregrid.api.fhir.FhirRoutes;
import io.caregrid.api.fhir.ResourceRules;
import io.caregrid.api.live.DeadLetterRoutes;
import io.caregrid.api.live.LiveRoutes;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Routes;
import io.caregrid.store.AuditEvents;
import io.caregrid.store.DeadLetters;
import io.caregrid.store.FhirStore;
import io.vertx.core.Vertx;
import java.util.List;
import java.util.function.Supplier;

/** This room's doors, ready for {@link HttpVerticle}. */
public final class ApiDoors {
  private ApiDoors() {}

  /**
   * Starts reading FHIR's definitions in the background; writes that come before they are there wait for them.
   *
   * @param audit   told of every access
   * @param shards  {@code cluster.shards}
   * @param checks  what {@code /health/ready} asks, in order
   * @param scrape  the metrics registry's text in Prometheus' format
   * @param version of this house
   */
  public static List<Routes> all(Vertx vertx, FhirStore store, DeadLetters letters, AuditEvents events, Audit audit,
      int shards,
      List<HealthRoutes.Check> checks, Supplier<String> scrape, String version) {
    return List.of(
        new FhirRoutes(store, ResourceRules.load(vertx), version),
        new AuditRoutes(events, audit),
        new LiveRoutes(vertx, store, audit, shards),
        new DeadLetterRoutes(letters, audit),
        new HealthRoutes(checks, scrape),
        new OpenApiRoutes(version),
        new PageRoutes());
  }
}
