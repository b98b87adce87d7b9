package io.caregrid.perf.fhir;

import java.util.List;

/**
 * What a server was filled with, by the ids that it gave: the n-th Patient and Observation are those of {@link Chart}.
 *
 * @param observations of every {@code stride}-th Observation: a million ids are more than anybody needs
 * @param filled       Observations that are there
 */
record Ward(List<String> patients, List<String> observations, int stride, int filled) {

  private static final int KEPT = 50_000;

  Ward {
    patients = List.copyOf(patients);
    observations = List.copyOf(observations);
  }

  static int stride(int observations) {
    return Math.max(1, (observations + KEPT - 1) / KEPT);
  }

  /** Of the Observation at this place in {@link #observations()}. */
  int number(int place) {
    return place * stride;
  }

  String patientOf(int observation) {
    return patients.get(observation / Chart.OBSERVATIONS_EACH);
  }
}
