package io.caregrid.store;

import io.caregrid.cluster.AuditConfig;
import io.caregrid.cluster.DatabaseConfig;
import io.caregrid.engines.AskAgain;
import io.caregrid.engines.Child;
import io.caregrid.store.audit.Trail;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** A process that records accesses from several threads and ships them, says each one that was kept, and is killed without warning. */
final class KilledTrail {
  private static final int THREADS = 4;

  private KilledTrail() {}

  /** @return what was kept before the kill: nothing of it may be missing */
  static Set<String> runAndKill(Path folder, DatabaseConfig database, String prefix, int after)
      throws IOException, InterruptedException {
    Set<String> kept = new HashSet<>();
    Child.run(KilledTrail.class, List.of("-Xmx128m", "-XX:TieredStopAtLevel=1"), line -> {
      if (line.startsWith("kept ")) kept.add(line.substring("kept ".length()));
      return kept.size() == after;
    }, folder.toString(), database.host(), String.valueOf(database.port()), database.database(), database.user(),
        database.password(), prefix);
    return kept;
  }

  public static void main(String[] arguments) throws Exception {
    Vertx vertx = Vertx.vertx();
    DatabaseConfig config = new DatabaseConfig(arguments[1], Integer.parseInt(arguments[2]), arguments[3], arguments[4],
        arguments[5], 4);
    Database database = AskAgain.whileBusy(() -> Room.get(Database.open(vertx, config)));
    Trail trail = Trail.open(Path.of(arguments[0]), AuditConfig.DEFAULT, "child", new SimpleMeterRegistry());
    trail.ship(vertx, new AuditEvents(database));
    for (int thread = 0; thread < THREADS; thread++) {
      String mine = arguments[6] + "/" + thread + "-";
      new Thread(() -> record(trail, mine)).start();
    }
    Thread.sleep(600_000);
    System.exit(1);
  }

  private static void record(Trail trail, String mine) {
    for (int n = 0; true; n++) {
      Room.get(trail.record(AuditTrailTest.entry(mine + n)));
      System.out.println("kept " + mine + n);
    }
  }
}
