package io.caregrid.platform.demo;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.caregrid.store.FhirStore;
import io.vertx.core.Future;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/** Enters the ward into the store: a Patient and a Device per bed, under fixed ids, only what is not there yet. */
final class Register {
  private static final Caller CALLER = Caller.system("demo");
  static final String MRN = "http://example.org/caregrid-demo/mrn";
  private static final String DEVICE = "http://example.org/caregrid-demo/device";
  private static final String ACT_REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason";
  private static final String LOINC = "http://loinc.org";

  private final FhirStore store;

  Register(FhirStore store) {
    this.store = store;
  }

  Future<Void> enter(List<Bed> beds) {
    List<Future<Void>> all = new ArrayList<>();
    for (Bed bed : beds) {
      all.add(
          make("Patient", bed.patientId(), patient(bed)).compose(patient -> make("Device", bed.deviceId(), device(bed)))
              .compose(device -> bed.story() == Bed.Story.COPD
                  ? make("Observation", "demo-oxygen-12", oxygen(bed))
                  : Future.succeededFuture()));
    }
    return Future.all(all).mapEmpty();
  }

  private Future<Void> make(String type, String id, ObjectNode resource) {
    return store.read(CALLER, type, id)
        .recover(failed -> failed instanceof Failure.NotFound
            ? store.update(CALLER, type, id, resource, OptionalInt.empty())
            : Future.failedFuture(failed))
        .mapEmpty();
  }

  private static ObjectNode patient(Bed bed) {
    ObjectNode patient = resource("Patient", bed.patientId());
    patient.putObject("text")
        .put("status", "additional")
        .put("div",
            "<div xmlns=\"http://www.w3.org/1999/xhtml\">A person who does not exist. " + history(bed) + "</div>");
    patient.putArray("identifier").addObject().put("system", MRN).put("value", bed.mrn());
    patient.put("active", true);
    patient.putArray("name")
        .addObject()
        .put("use", "official")
        .put("family", bed.family())
        .putArray("given")
        .add(bed.given());
    return patient.put("gender", bed.gender()).put("birthDate", bed.born().toString());
  }

  private static String history(Bed bed) {
    return switch (bed.story()) {
      case STEADY -> "Under observation, no events.";
      case SEPSIS -> "Second day after a colon resection, type 2 diabetes. Had a quiet night.";
      case COPD -> "COPD, GOLD 3, on two litres of oxygen by nasal cannula. Saturation falls at night.";
    };
  }

  private static ObjectNode device(Bed bed) {
    ObjectNode device = resource("Device", bed.deviceId());
    device.putArray("identifier").addObject().put("system", DEVICE).put("value", bed.device());
    device.put("status", "active").put("manufacturer", "Caregrid demo");
    device.putArray("deviceName")
        .addObject()
        .put("name", "Simulated bedside monitor " + bed.number())
        .put("type", "user-friendly-name");
    device.putObject("patient").put("reference", "Patient/" + bed.patientId());
    return device;
  }

  private static ObjectNode oxygen(Bed bed) {
    ObjectNode flow = resource("Observation", "demo-oxygen-12");
    flow.put("status", "final");
    flow.putObject("code")
        .put("text", "Inhaled oxygen flow rate")
        .putArray("coding")
        .addObject()
        .put("system", LOINC)
        .put("code", "3151-8")
        .put("display", "Inhaled oxygen flow rate");
    flow.putObject("subject").put("reference", "Patient/" + bed.patientId());
    flow.put("effectiveDateTime", Instant.now().minus(6, ChronoUnit.HOURS).truncatedTo(ChronoUnit.SECONDS).toString());
    flow.putObject("valueQuantity")
        .put("value", 2)
        .put("unit", "L/min")
        .put("system", "http://unitsofmeasure.org")
        .put("code", "L/min");
    return flow;
  }

  /** Marked as test data, so that nobody takes it for a person's. */
  private static ObjectNode resource(String type, String id) {
    ObjectNode resource = JsonNodeFactory.instance.objectNode().put("resourceType", type).put("id", id);
    resource.putObject("meta")
        .putArray("tag")
        .addObject()
        .put("system", ACT_REASON)
        .put("code", "HTEST")
        .put("display", "test health data");
    return resource;
  }
}
