package io.caregrid.platform;

import io.caregrid.api.ApiDoors;
import io.caregrid.api.auth.Authentication;
import io.caregrid.api.convert.ConvertRoutes;
import io.caregrid.api.deidentify.DeidentifyRoutes;
import io.caregrid.api.live.NamedMappingRoutes;
import io.caregrid.cluster.NodeConfig;
import io.caregrid.contract.Routes;
import io.caregrid.store.MappingVersions;
import io.caregrid.templates.bundle.Conversions;
import java.util.List;

/** What people and programs ask: FHIR and the pages. */
final class ApiRoom {
  private ApiRoom() {}

  static void open(Ground ground, StoreRoom store, Conversions conversions, Authentication authentication) {
    NodeConfig config = ground.config();
    List<Routes> doors = ground.doors();
    doors.addAll(ApiDoors.all(ground.vertx(), store.fhir(), store.letters(), store.accesses(), ground.trail(),
        config.cluster().shards(), ground.checks(), ground.metrics()::scrape, Main.Version.text(),
        authentication::authority, ground.metrics()));
    doors.add(new NamedMappingRoutes(ground.vertx(), new MappingVersions(store.database()), store.mappings(),
        config.namedMappings(), ground.trail()));
    doors.add(new DeidentifyRoutes(ground.vertx(), ground.trail(), config.fhir().deidentify()));
    doors.add(new ConvertRoutes(ground.vertx(), ground.trail(), conversions,
        config.fhir().convert().maxBodyBytes()));
  }
}
