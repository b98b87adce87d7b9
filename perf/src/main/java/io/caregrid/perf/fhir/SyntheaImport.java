package io.caregrid.perf.fhir;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/** Synthea's patients, a transaction each with all their records, once through in every turn however long that takes. Counted are the resources in them. */
final class SyntheaImport implements Workload {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** @param entries resources in it */
  record Transaction(byte[] body, int entries) {}

  private final List<Transaction> places;
  private final List<Transaction> patients;
  private final int atOnce;

  private SyntheaImport(List<Transaction> places, List<Transaction> patients, int atOnce) {
    this.places = places;
    this.patients = patients;
    this.atOnce = atOnce;
  }

  /**
   * @param folder  of Synthea's bundles, {@code *.json}
   * @param atOnce  transactions in flight
   * @param largest bytes; larger ones are left out
   */
  static SyntheaImport of(Path folder, int atOnce, long largest) throws IOException {
    List<Transaction> places = new ArrayList<>();
    List<Transaction> patients = new ArrayList<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.filter(one -> one.toString().endsWith(".json")).sorted().toList()) {
        String name = file.getFileName().toString();
        byte[] body = Files.readAllBytes(file);
        Transaction transaction = new Transaction(body, JSON.readTree(body).path("entry").size());
        // hospitals come before practitioners, who work there, and by their names they do
        if (name.startsWith("hospital") || name.startsWith("practitioner")) places.add(transaction);
        else if (body.length <= largest) patients.add(transaction);
      }
    }
    if (patients.isEmpty()) throw new IOException("no bundles of patients in " + folder);
    return new SyntheaImport(places, patients, atOnce);
  }

  /** Hospitals and practitioners, which the patients' records name: once, before the first turn. */
  void places(Server server) throws IOException {
    try (Tally tally = new Tally(new Wire(server.base()))) {
      for (Transaction place : places) tally.ask("POST", "", place.body, 200, place.entries);
    }
  }

  int entries() {
    return patients.stream().mapToInt(Transaction::entries).sum();
  }

  int bundles() {
    return patients.size();
  }

  @Override
  public String name() {
    return "import";
  }

  @Override
  public String unit() {
    return "resources";
  }

  @Override
  public int connections(int asked) {
    return atOnce;
  }

  @Override
  public boolean timed() {
    return false;
  }

  @Override
  public Turn turn(Server server, Ward ward) {
    AtomicInteger next = new AtomicInteger();
    return (connection, connections, chance) -> tally -> {
      int mine = next.getAndIncrement();
      if (mine >= patients.size()) return false;
      Transaction transaction = patients.get(mine);
      tally.ask("POST", "", transaction.body, 200, transaction.entries);
      return true;
    };
  }
}
