package io.caregrid.api;

import io.caregrid.api.auth.Authority;
import io.caregrid.api.fhir.AuditRoutes;
import io.caregrid.api.fhir.FhirRoutes;
import io.caregrid.api.fhir.ResourceRules;
import io.caregrid.api.fhir.SmartRoutes;
import io.caregrid.api.live.DeadLetterRoutes;
import io.caregrid.api.live.LiveRoutes;
import io.caregrid.api.live.MappingRoutes;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Routes;
import io.caregrid.store.AuditEvents;
import io.caregrid.store.DeadLetters;
import io.caregrid.store.FhirStore;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
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
    return all(vertx, store, letters, events, audit, shards, checks, scrape, version, () -> Authority.NONE,
        new SimpleMeterRegistry());
  }

  /**
   * @param authority who gives the tokens that this node takes, as it is known by now
   * @param metrics   where these doors tell how they are doing
   */
  public static List<Routes> all(Vertx vertx, FhirStore store, DeadLetters letters, AuditEvents events, Audit audit,
      int shards, List<HealthRoutes.Check> checks, Supplier<String> scrape, String version,
      Supplier<Authority> authority, MeterRegistry metrics) {
    return List.of(
        new FhirRoutes(store, ResourceRules.load(vertx), version, authority, metrics),
        new SmartRoutes(authority),
        new AuditRoutes(events, audit),
        new LiveRoutes(vertx, store, audit, shards),
        new DeadLetterRoutes(letters, audit),
        new MappingRoutes(vertx),
        new HealthRoutes(checks, scrape),
        new OpenApiRoutes(version),
        new PageRoutes());
  }
}
