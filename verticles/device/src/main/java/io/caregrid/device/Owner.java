package io.caregrid.device;

import io.caregrid.templates.observation.Identity;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** Whose a device's readings are, as far as it could be found out. */
public sealed interface Owner {
  /** What a reading says about itself: the device's own identifier, and the patient's and the encounter's if the message named them; else null. */
  record Claim(String device, String patient, String encounter) {
    public Claim(String device, String patient) {
      this(device, patient, null);
    }
  }

  /** Whose a reading of that time is: {@link Known} or {@link Unknown}. */
  default Owner at(Instant time) {
    return this;
  }

  record Known(Identity identity) implements Owner {}

  /**
   * The reading cannot be attributed.
   *
   * @param reason a constant, safe as a metric tag
   * @param detail a sentence for a person, without patient data
   */
  record Unknown(String reason, String detail) implements Owner {}

  /**
   * The device goes from patient to patient: which of them depends on when a reading was taken.
   *
   * @param device    id of the Device whose readings they are
   * @param links     the Device's own, then its parents': the first that knows a patient at that time decides
   * @param named     ids of the Patients with the identifier in the message; null when the message has no say
   * @param encounter the one the message names, or null
   * @param without   why there is none although there ought to be; null when all is well
   */
  record Linked(String device, List<Link> links, Set<String> named, Visit encounter, Unknown without)
      implements
        Owner {
    public Linked {
      links = List.copyOf(links);
      named = named == null ? null : Set.copyOf(named);
    }

    @Override
    public Owner at(Instant time) {
      for (Link link : links) {
        Set<String> patients = link.at(time);
        if (patients.size() > 1)
          return new Unknown("ambiguous-link",
              "DeviceUseStatements link the Device to several Patients at the time of the reading. Let their timings not overlap.");
        if (patients.size() == 1) return of(patients.iterator().next());
      }
      return new Unknown("device-without-patient",
          "The Device is not linked to a Patient. Set Device.patient to Patient/<id>.");
    }

    private Owner of(String patient) {
      if (named != null && !named.contains(patient))
        return new Unknown("patient-mismatch",
            "The message names another patient than the one its Device is linked to.");
      if (without != null) return without;
      if (encounter != null && encounter.patient() != null && !encounter.patient().equals(patient))
        return new Unknown("encounter-mismatch",
            "The Encounter in the message is another patient's than the one its Device is linked to.");
      return new Known(new Identity(device, patient, encounter == null ? null : encounter.id()));
    }

    /** The one answer for all times, where there is one; else itself. */
    Owner settled() {
      return links.stream().allMatch(link -> link.uses().isEmpty()) ? at(Instant.EPOCH) : this;
    }
  }

  /**
   * What one Device is linked to.
   *
   * @param patient of {@code Device.patient}, which holds at all times that no use speaks of; null when there is none
   */
  record Link(List<Use> uses, String patient) {
    public Link {
      uses = List.copyOf(uses);
    }

    /** Empty: nobody's. */
    Set<String> at(Instant time) {
      Set<String> used = uses.stream().filter(use -> use.covers(time)).map(Use::patient).collect(Collectors.toSet());
      return !used.isEmpty() ? used : patient == null ? Set.of() : Set.of(patient);
    }
  }

  /** A time during which a patient uses a device, from {@code DeviceUseStatement.timingPeriod}; before {@code to}. */
  record Use(Instant from, Instant to, String patient) {
    boolean covers(Instant time) {
      return !time.isBefore(from) && time.isBefore(to);
    }
  }

  /** An Encounter's id, and that of its Patient; null when it names none. */
  record Visit(String id, String patient) {}
}
