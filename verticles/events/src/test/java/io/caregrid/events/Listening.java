package io.caregrid.events;

import static io.caregrid.events.TellHouse.quick;
import static io.caregrid.events.TellHouse.webhook;

import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtendWith;

/** A house for all tests of a class, and a receiver for each of them. */
@ExtendWith(Engines.class)
abstract class Listening {
  static TellHouse house;
  Receiver receiver;

  @BeforeAll
  static void open(LocalPostgres postgres) {
    house = new TellHouse(postgres);
  }

  @AfterAll
  static void close() {
    house.close();
  }

  @BeforeEach
  void listen() {
    receiver = new Receiver(house.vertx);
  }

  @AfterEach
  void quiet() {
    house.quiet();
    receiver.close();
  }

  /** A teller of one target. @param more settings of it, key and value in turn */
  final String ward(String... more) {
    Map<String, String> settings = webhook("ward", receiver);
    for (int i = 0; i < more.length; i += 2) settings.put("targets.ward." + more[i], more[i + 1]);
    return house.teller(settings, quick(1_000));
  }
}
