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
import io.caregrid.cluster.ConfigException;
import io.caregrid.cluster.DeidentifyConfig;
import io.caregrid.cluster.NodeConfig;
import io.caregrid.store.ExportJobs;
import io.caregrid.templates.deidentify.Deidentifier.Keys;
import io.vertx.core.Future;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Where what the store has leaves in bulk: the lake with its SQL and views, and exports. */
final class AnalyticsRoom {
  private static final Logger log = LoggerFactory.getLogger(AnalyticsRoom.class);

  private AnalyticsRoom() {}

  static void open(Ground ground, StoreRoom store) {
    openLake(ground, store);
    openExport(ground, store);
  }

  private static void openLake(Ground ground, StoreRoom store) {
    NodeConfig config = ground.config();
    ObjectStore objects = ground.keep(lake(config));
    Path scratch = config.data().resolve("lake-scratch").toAbsolutePath();
    AnalyticsVerticle lake = new AnalyticsVerticle(store.database(), config.lake(), objects, scratch.resolve("commits"),
        ground.metrics());
    ground.deploy(lake);
    ground.warn("lake", () -> Future.succeededFuture(lake.isOnTime()));
    LakeTables tables = new LakeTables(objects, scratch.resolve("schemas"));
    SqlRoutes sql = new SqlRoutes(tables, config.lake().sql(), ground.trail(), ground.metrics(),
        scratch.resolve("sql"));
    ground.deploy(sql);
    ground.show(sql);
    ground.show(new ViewRoutes(ground.vertx(), store.fhir(), ground.trail()));
  }

  private static ObjectStore lake(NodeConfig config) {
    try {
      return Place.open(config.lake(), config.data().toAbsolutePath());
    } catch (IOException refused) {
      throw new StartException("the lake cannot be kept there, check lake.place: " + refused, refused);
    }
  }

  /** A node that cannot keep exports does everything else. */
  private static void openExport(Ground ground, StoreRoom store) {
    NodeConfig config = ground.config();
    ObjectStore files;
    try {
      files = ground.keep(Place.open(config.export(), config.lake(), config.data().toAbsolutePath()));
    } catch (IOException | ConfigException refused) {
      String why = "this node has no place for exports, check export.place: "
          + (refused instanceof IOException ? refused.toString() : refused.getMessage());
      log.error("no exports on this node, {}", why);
      ground.show(ExportRoutes.closed(why));
      return;
    }
    DeidentifyConfig own = config.fhir().deidentify();
    RuleBooks books = new RuleBooks(config.export().anonymization(),
        new Keys(own.dateShiftKey(), own.cryptoHashKey(), own.encryptKey()), Clock.systemUTC());
    ExportVerticle work = new ExportVerticle(store.database(), files, config.export().isForAllNodes(config.lake()),
        config.data().resolve("export-scratch").toAbsolutePath(), ground.trail(), books,
        config.export().within(config.database().poolSize()));
    ground.deploy(work);
    ground.show(new ExportRoutes(store.fhir(), new ExportJobs(store.database()), files, ground.trail(), work, books,
        config.isOpen()));
  }
}
