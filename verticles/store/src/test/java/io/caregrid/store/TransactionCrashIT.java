package io.caregrid.store;

import static io.caregrid.store.Room.CALLER;
import static io.caregrid.store.Room.get;
import static io.caregrid.store.Room.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.cluster.DatabaseConfig;
import io.caregrid.engines.EngineException;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.engines.Memory;
import io.caregrid.engines.OwnPort;
import io.caregrid.store.SearchQuery.Param;
import io.caregrid.store.Step.Create;
import io.vertx.core.Future;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** PostgreSQL dies by kill -9 while transactions, groups and conditional creates are under way. */
@Tag("full")
class TransactionCrashIT {
  private static final int OBSERVATIONS = 30;
  private static final int LINES = 6;
  @TempDir(factory = Memory.class)
  Path folder;

  private final AtomicInteger next = new AtomicInteger();
  private final Set<Integer> whole = ConcurrentHashMap.newKeySet();
  private final Map<String, String> single = new ConcurrentHashMap<>();
  private FhirStore store;

  @Test
  void whatWasAnsweredIsThereAndNothingIsThereByHalf() throws IOException {
    OwnPort held = OwnPort.take();
    int port = held.number();
    LocalPostgres server = LocalPostgres.start(folder, port);
    DatabaseConfig config = new DatabaseConfig(server.host(), port, server.createDatabase(), server.user(),
        server.password(), 8);
    Room room = Room.open(config);
    store = new FhirStore(room.database(), entry -> Future.succeededFuture());
    List<Future<?>> lines = new ArrayList<>();
    for (int i = 0; i < LINES; i++) lines.add(i % 2 == 0 ? bundles() : creates());
    Room.until("transactions and creates are answered", () -> whole.size() >= 20 && single.size() >= 500);

    kill(server);
    get(Future.join(lines).otherwiseEmpty());

    try (LocalPostgres again = LocalPostgres.start(folder, port)) {
      Room.until("the pool has recovered", () -> get(room.database().answers()));
      for (int n = 0; n < next.get(); n++) {
        int patients = found("Patient", new Param("identifier", "urn:crash|" + n));
        int observations = found("Observation", new Param("identifier", "urn:crash|" + n));
        assertEquals(patients * OBSERVATIONS, observations, "transaction " + n);
        assertTrue(patients == 1 || !whole.contains(n), "transaction " + n + " was answered");
      }
      single.forEach((identifier, id) -> assertEquals(1, get(store.read(CALLER, "Device", id)).version()));
      for (String type : List.of("patient", "observation", "device")) {
        assertEquals(room.count("from r_" + type),
            room.count("from change_queue where lower(type) = $1 and op = 'C'", type), type);
      }
    } finally {
      room.close();
      held.close();
    }
  }

  private static void kill(LocalPostgres server) {
    ProcessHandle postmaster = ProcessHandle.of(server.postmaster()).orElseThrow();
    List<ProcessHandle> all = new ArrayList<>(postmaster.descendants().toList());
    all.add(0, postmaster);
    all.forEach(ProcessHandle::destroyForcibly);
    Room.until("PostgreSQL is dead", () -> all.stream().noneMatch(ProcessHandle::isAlive));
    try {
      server.close();
    } catch (EngineException alreadyDead) {
      assertTrue(alreadyDead.getMessage().contains("does not"), alreadyDead.getMessage());
    }
  }

  /** One after the other until one fails. */
  private Future<?> bundles() {
    int n = next.getAndIncrement();
    List<Step> steps = new ArrayList<>();
    for (int i = 0; i < OBSERVATIONS; i++) {
      steps.add(new Create(null, "Observation", null, json("{'resourceType':'Observation','status':'final',"
          + "'identifier':[{'system':'urn:crash','value':'" + n
          + "'}],'code':{'text':'t'},'subject':{'reference':'urn:uuid:p'}}")));
    }
    ObjectNode patient = json(
        "{'resourceType':'Patient','identifier':[{'system':'urn:crash','value':'" + n + "'}]}");
    steps.add(new Create("urn:uuid:p", "Patient", null, patient));
    return store.transaction(CALLER, steps).compose(done -> {
      whole.add(n);
      return bundles();
    });
  }

  private Future<?> creates() {
    List<Future<Stored>> some = new ArrayList<>();
    for (int i = 0; i < 20; i++) some.add(store.create(CALLER, "Device", json("{'resourceType':'Device'}")));
    return Future.join(some)
        .onComplete(done -> some.stream()
            .filter(Future::succeeded)
            .forEach(made -> single.put(made.result().id(), made.result().id())))
        .compose(all -> creates());
  }

  private int found(String type, Param param) {
    return get(store.search(CALLER, new SearchQuery(type, List.of(param), 100, "none", null))).entries().size();
  }
}
