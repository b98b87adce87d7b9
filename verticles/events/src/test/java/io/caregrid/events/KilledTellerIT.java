package io.caregrid.events;

import static io.caregrid.events.TellHouse.get;
import static io.caregrid.events.TellHouse.quick;
import static io.caregrid.events.TellHouse.until;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.caregrid.cluster.DatabaseConfig;
import io.caregrid.cluster.KafkaConfig;
import io.caregrid.contract.Audit;
import io.caregrid.contract.Roles;
import io.caregrid.engines.AskAgain;
import io.caregrid.events.Receiver.Got;
import io.caregrid.store.Database;
import io.caregrid.store.FhirStore;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A process that tells is killed while its receiver has the news and has not answered yet. */
@Tag("full")
class KilledTellerIT extends Listening {
  /** A teller in a process of its own. */
  static final class Teller {
    private Teller() {}

    /** @param args host, port, name, user and password of the database; address and secret of the target */
    public static void main(String[] args) {
      Vertx vertx = Vertx.vertx();
      DatabaseConfig there = new DatabaseConfig(args[0], Integer.parseInt(args[1]), args[2], args[3], args[4], 4);
      Database database = AskAgain.whileBusy(() -> get(Database.open(vertx, there)));
      var config = TellHouse.tell(Map.of("targets.ward.kind", "webhook", "targets.ward.url", args[5],
          "targets.ward.secret", args[6]));
      get(vertx.deployVerticle(new TellerVerticle(database, new FhirStore(database, Audit.log()), Audit.log(), config,
          Roles.BUILT_IN, KafkaConfig.DEFAULT, TellHouse.SOURCE, new SimpleMeterRegistry(), quick(1_000),
          new TellerVerticle.Patience(Duration.ofMinutes(3), Duration.ofSeconds(80)))));
    }
  }

  @Test
  void whatTheReceiverHasAndNobodyNotedIsSentAgainUnderTheSameIdAndNothingIsLeftOut() throws Exception {
    receiver.reply = Receiver.Reply.nothing();
    DatabaseConfig there = house.config;
    Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx200m",
        "-cp", System.getProperty("java.class.path"), Teller.class.getName(), there.host(),
        Integer.toString(there.port()), there.database(), there.user(), there.password(), receiver.url(),
        Receiver.SECRET).inheritIO().start();
    try {
      until("it tells", () -> house.number("select count(*) from feed_listener where name = 'tell'") == 1);
      house.patient("first", 1);
      house.patient("first", 2);
      until("the receiver has it", () -> receiver.got.size() == 1);
    } finally {
      process.destroyForcibly();
      process.waitFor(120, TimeUnit.SECONDS);
    }
    house.patient("first", 3);
    receiver.reply = Receiver.Reply.status(204);
    house.sql("update lease set held_until = now() where name = 'tell'"); // as time would have done

    ward();

    until("all is told", () -> receiver.got.size() >= 4 && house.target("ward").getLong("waiting") == 0);
    assertEquals(List.of("Patient/first 1", "Patient/first 1", "Patient/first 2", "Patient/first 3"),
        receiver.of("Patient/first"));
    assertEquals(3, receiver.got.stream().map(Got::id).distinct().count());
  }
}
