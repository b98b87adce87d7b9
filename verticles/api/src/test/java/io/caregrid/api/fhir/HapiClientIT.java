package io.caregrid.api.fhir;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.rest.api.EncodingEnum;
import ca.uhn.fhir.rest.api.MethodOutcome;
import ca.uhn.fhir.rest.client.api.IGenericClient;
import ca.uhn.fhir.rest.server.exceptions.ResourceGoneException;
import ca.uhn.fhir.rest.server.exceptions.UnprocessableEntityException;
import io.caregrid.api.Ward;
import java.util.HashSet;
import java.util.Set;
import java.util.UUID;
import org.hl7.fhir.r4.model.Bundle;
import org.hl7.fhir.r4.model.CapabilityStatement;
import org.hl7.fhir.r4.model.Enumerations.AdministrativeGender;
import org.hl7.fhir.r4.model.IdType;
import org.hl7.fhir.r4.model.Meta;
import org.hl7.fhir.r4.model.Observation;
import org.hl7.fhir.r4.model.OperationOutcome;
import org.hl7.fhir.r4.model.Parameters;
import org.hl7.fhir.r4.model.Patient;
import org.hl7.fhir.r4.model.Quantity;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** HAPI's generic client, which asks for the capability statement before anything else, in both forms. */
@Tag("full")
@ExtendWith(Ward.Key.class)
class HapiClientIT {
  private static final FhirContext R4 = FhirContext.forR4();

  @ParameterizedTest
  @EnumSource(value = EncodingEnum.class, names = {"JSON", "XML"})
  void theGenericClientDoesItsWorkUnchanged(EncodingEnum encoding, Ward ward) {
    R4.getRestfulClientFactory().setSocketTimeout(120_000);
    IGenericClient client = R4.newRestfulGenericClient(ward.base() + "/fhir");
    client.setEncoding(encoding);
    String tag = UUID.randomUUID().toString();

    assertEquals("4.0.1", client.capabilities().ofType(CapabilityStatement.class).execute().getFhirVersion().toCode());
    Patient patient = new Patient();
    patient.getMeta().addTag("urn:hapi", tag, null);
    patient.addName().setFamily("Hapi <&>").addGiven("É");
    MethodOutcome made = client.create().resource(patient).execute();
    assertTrue(made.getCreated());

    Patient read = client.read().resource(Patient.class).withId(made.getId().getIdPart()).execute();
    assertEquals("Hapi <&>", read.getNameFirstRep().getFamily());
    read.setGender(AdministrativeGender.OTHER);
    assertEquals("2", client.update().resource(read).execute().getResource().getMeta().getVersionId());
    assertEquals("1", client.read()
        .resource(Patient.class)
        .withIdAndVersion(made.getId().getIdPart(), "1")
        .execute()
        .getMeta()
        .getVersionId());
    Bundle history = client.history()
        .onInstance(made.getId().toUnqualifiedVersionless())
        .returnBundle(Bundle.class)
        .execute();
    assertEquals(2, history.getEntry().size());

    found(client, tag, made.getId().getIdPart());
    labelled(client, made.getId().getIdPart());
    OperationOutcome judged = client.operation()
        .onType(Patient.class)
        .named("validate")
        .withParameter(Parameters.class, "resource", new Patient().setActive(true))
        .returnResourceType(OperationOutcome.class)
        .execute();
    assertEquals("nothing is wrong with it", judged.getIssueFirstRep().getDiagnostics());

    assertThrows(UnprocessableEntityException.class, () -> client.create().resource(new Observation()).execute());
    client.delete().resourceById(made.getId().toUnqualifiedVersionless()).execute();
    assertThrows(ResourceGoneException.class,
        () -> client.read().resource(Patient.class).withId(made.getId().getIdPart()).execute());
  }

  private static void found(IGenericClient client, String tag, String patient) {
    for (int i = 0; i < 5; i++) {
      Observation one = new Observation().setStatus(Observation.ObservationStatus.FINAL);
      one.getMeta().addTag("urn:hapi", tag, null);
      one.getCode().setText("w");
      one.setValue(new Quantity().setValue(new java.math.BigDecimal("1.10")));
      one.getSubject().setReference("Patient/" + patient);
      client.create().resource(one).execute();
    }
    Set<String> ids = new HashSet<>();
    Bundle page = client.search()
        .forResource(Observation.class)
        .withTag("urn:hapi", tag)
        .count(2)
        .returnBundle(Bundle.class)
        .execute();
    while (page != null) {
      page.getEntry().forEach(entry -> {
        ids.add(entry.getResource().getIdElement().getIdPart());
        assertEquals("1.10", ((Observation) entry.getResource()).getValueQuantity().getValue().toPlainString());
      });
      page = page.getLink("next") == null ? null : client.loadPage().next(page).execute();
    }
    assertEquals(5, ids.size());
  }

  private static void labelled(IGenericClient client, String id) {
    Meta label = new Meta();
    label.addTag("urn:hapi", "added", null);
    Meta meta = client.meta().add().onResource(new IdType("Patient", id)).meta(label).execute();

    assertTrue(meta.getTag().stream().anyMatch(one -> "added".equals(one.getCode())));
    client.meta().delete().onResource(new IdType("Patient", id)).meta(label).execute();
    assertTrue(client.meta()
        .get(Meta.class)
        .fromResource(new IdType("Patient", id))
        .execute()
        .getTag()
        .stream()
        .noneMatch(one -> "added".equals(one.getCode())));
  }
}
