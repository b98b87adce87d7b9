package io.caregrid.perf.fhir;

import java.io.IOException;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/** Creates, reads, updates and deletes of Patients and Observations, each alone and all together. */
final class Crud {
  /** New ones have numbers that the ward never gets. */
  private static final AtomicInteger NEXT = new AtomicInteger(100_000_000);

  private Crud() {}

  private record Simple(String name, String unit, boolean timed, boolean writes, Maker maker) implements Workload {
    interface Maker {
      Turn turn(Server server, Ward ward) throws IOException, InterruptedException;
    }

    @Override
    public Turn turn(Server server, Ward ward) throws IOException, InterruptedException {
      return maker.turn(server, ward);
    }
  }

  /** @param deletes how many there are to delete in a turn */
  static List<Workload> all(int deletes) {
    return List.of(
        new Simple("create-patient", "creates", true, true,
            (server, ward) -> (connection, connections, chance) -> Crud::createPatient),
        new Simple("create-observation", "creates", true, true,
            (server, ward) -> (connection, connections, chance) -> tally -> createObservation(tally, ward, chance)),
        new Simple("read", "reads", true, false,
            (server, ward) -> (connection, connections, chance) -> tally -> read(tally, ward, chance)),
        new Simple("update", "updates", true, true, Crud::updates),
        new Simple("delete", "deletes", false, true, (server, ward) -> deletes(server, ward, deletes)),
        new Simple("crud", "requests", true, true,
            (server, ward) -> (connection, connections, chance) -> tally -> life(tally)));
  }

  private static boolean createPatient(Tally tally) throws IOException {
    tally.ask("POST", "/Patient", Chart.patient(NEXT.getAndIncrement()), 201);
    return true;
  }

  private static boolean createObservation(Tally tally, Ward ward, Random chance) throws IOException {
    String patient = ward.patients().get(chance.nextInt(ward.patients().size()));
    tally.ask("POST", "/Observation", Chart.observation(NEXT.getAndIncrement(), patient), 201);
    return true;
  }

  private static boolean read(Tally tally, Ward ward, Random chance) throws IOException {
    String id = ward.observations().get(chance.nextInt(ward.observations().size()));
    tally.ask("GET", "/Observation/" + id, null, 200);
    return true;
  }

  /** Each connection has Observations of its own: who updates the same at once gets 409 from some servers. */
  private static Workload.Turn updates(Server server, Ward ward) {
    int later = NEXT.getAndIncrement();
    return (connection, connections, chance) -> tally -> {
      int each = ward.observations().size() / connections;
      int place = chance.nextInt(each) * connections + connection;
      int number = ward.number(place);
      String id = ward.observations().get(place);
      int value = Math.floorMod(later + chance.nextInt(1_000), 1_000);
      tally.ask("PUT", "/Observation/" + id, Chart.observation(number, ward.patientOf(number), id, value), 200);
      return true;
    };
  }

  private static Workload.Turn deletes(Server server, Ward ward, int count) throws IOException, InterruptedException {
    int from = NEXT.getAndAdd(count);
    List<String> ids = new Fill(server, 4).create("Observation", count,
        n -> Chart.observation(from + n, ward.patients().get(n % ward.patients().size())), Long.MAX_VALUE);
    ConcurrentLinkedQueue<String> left = new ConcurrentLinkedQueue<>(ids);
    return (connection, connections, chance) -> tally -> {
      String id = left.poll();
      if (id == null) return false;
      tally.ask("DELETE", "/Observation/" + id, null, 200);
      return true;
    };
  }

  /** Eight requests: a Patient and an Observation are created, read, updated and deleted. */
  private static boolean life(Tally tally) throws IOException {
    int number = NEXT.getAndIncrement();
    String patient = Fill.id(tally.ask("POST", "/Patient", Chart.patient(number), 201).location());
    String observation = Fill
        .id(tally.ask("POST", "/Observation", Chart.observation(number, patient), 201).location());
    tally.ask("GET", "/Patient/" + patient, null, 200);
    tally.ask("GET", "/Observation/" + observation, null, 200);
    String renamed = Chart.patient(number)
        .replaceFirst("\\{", "{\"id\":\"" + patient + "\",")
        .replace("Springfield", "Shelbyville");
    tally.ask("PUT", "/Patient/" + patient, renamed, 200);
    tally.ask("PUT", "/Observation/" + observation, Chart.observation(number, patient, observation, 1), 200);
    tally.ask("DELETE", "/Observation/" + observation, null, 200);
    tally.ask("DELETE", "/Patient/" + patient, null, 200);
    return true;
  }
}
