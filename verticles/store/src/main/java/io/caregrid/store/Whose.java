package io.caregrid.store;

import io.caregrid.contract.Audit;
import io.caregrid.contract.Audit.Deed;
import io.caregrid.contract.Caller;
import io.vertx.core.buffer.Buffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** Whose data an access was about, for its entry in the audit trail. */
final class Whose {
  private static final Set<String> NAMING = Set.of("patient", "subject");

  private Whose() {}

  static Audit.Entry in(Audit.Entry entry, Stored stored) {
    String patient = stored == null ? null : patient(stored);
    return patient == null ? entry : with(entry, List.of(patient));
  }

  static Audit.Entry in(Audit.Entry entry, Page page) {
    return with(entry, page.patients());
  }

  private static Audit.Entry with(Audit.Entry entry, List<String> found) {
    if (found.isEmpty()) return entry;
    if (entry.patients().isEmpty()) return entry.about(found);
    Set<String> all = new LinkedHashSet<>(entry.patients());
    all.addAll(found);
    return entry.about(List.copyOf(all));
  }

  /** {@code Patient/id} each once. */
  static List<String> patients(List<Stored> resources) {
    Set<String> patients = new LinkedHashSet<>();
    for (Stored one : resources) {
      String patient = patient(one);
      if (patient != null) patients.add(patient);
    }
    return List.copyOf(patients);
  }

  private static String patient(Stored resource) {
    if (resource.type().equals("Patient")) return "Patient/" + resource.id();
    String field = Definition.of(resource.type()).patient();
    if (field == null || resource.body() == null) return null;
    String target = reference(resource.body(), field);
    if (target == null) return null;
    String local = Postings.local(target);
    return local.startsWith("Patient/") ? local : null;
  }

  private static String reference(Buffer body, String field) {
    try {
      return BodyReference.in(body, field);
    } catch (Body.Damaged damaged) {
      return null;
    }
  }

  /** A search as it was asked; the patients it names are meant, whether anything of theirs is found or not. */
  static Audit.Entry asked(Caller caller, SearchQuery query) {
    String type = query.type() == null ? "" : query.type();
    String text = query.params()
        .stream()
        .map(param -> param.name() + "=" + param.value())
        .collect(Collectors.joining("&"));
    List<String> named = query.params()
        .stream()
        .filter(param -> NAMING.contains(param.name()) || type.equals("Patient") && param.name().equals("_id"))
        .flatMap(param -> Arrays.stream(param.value().split(",")))
        .map(value -> value.startsWith("Patient/") ? value : "Patient/" + value)
        .filter(reference -> Ids.legal(reference.substring("Patient/".length())))
        .distinct()
        .toList();
    List<String> meant = new ArrayList<>(named);
    for (String place : query.within()) {
      boolean isOne = place.startsWith("Patient/") && !place.equals(SearchQuery.EVERY_PATIENT);
      if (isOne && !meant.contains(place)) meant.add(place);
    }
    String place = query.within().isEmpty()
        ? type
        : String.join(",", query.within()) + "/" + (type.isEmpty() ? "*" : type);
    return Audit.Entry.of(caller, Deed.SEARCH, null).about(meant).asking(place + "?" + text);
  }
}
