package io.caregrid.platform.demo;

import java.time.LocalDate;

/**
 * One bed of the simulated ward: a person who does not exist, and the monitor beside them.
 *
 * @param number 1..50; also the seed of everything random about this bed
 * @param gender FHIR R4 administrative-gender
 */
public record Bed(int number, String given, String family, String gender, LocalDate born, Story story) {

  /** What will happen here. */
  public enum Story {
    /** Nothing; as it should be. */
    STEADY,
    /** Second day after an operation: heart rate and breathing rise, pressure falls, fever comes, within ten minutes; treatment helps. */
    SEPSIS,
    /** COPD on two litres of oxygen: low saturation, with dips at night. */
    COPD
  }

  /** The monitor's own identifier, e.g. {@code monitor-07}. */
  public String device() {
    return "monitor-%02d".formatted(number);
  }

  /** Medical record number, e.g. {@code MRN-1007}: invented. */
  public String mrn() {
    return "MRN-%d".formatted(1000 + number);
  }

  /** Id of the FHIR Patient. */
  public String patientId() {
    return "demo-patient-%02d".formatted(number);
  }

  /** Id of the FHIR Device. */
  public String deviceId() {
    return "demo-" + device();
  }

  /** True for the half that speaks HTTP; the others write to Kafka. */
  public boolean overHttp() {
    return number % 2 == 1;
  }
}
