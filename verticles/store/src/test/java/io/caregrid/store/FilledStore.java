package io.caregrid.store;

import static io.caregrid.store.Room.CALLER;
import static io.caregrid.store.Room.get;
import static io.caregrid.store.Room.json;

import io.caregrid.contract.Audit;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.OptionalInt;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * A store with a few patients, and what belongs to them, in it. There is one per JVM, since a database costs seconds: who adds to it what another test
 * would find takes it away again.
 */
final class FilledStore implements AutoCloseable {
  static final String LOINC = "http://loinc.org";
  final Room room;
  /** By its clock it is five milliseconds past noon. */
  FhirStore fhir;

  /** {@code @ExtendWith(FilledStore.Key.class)} and a parameter of type {@link FilledStore}. */
  static final class Key implements ParameterResolver {
    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext test) {
      return parameter.getParameter().getType() == FilledStore.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext test) {
      Postgres postgres = Postgres.of(test.getRoot());
      return test.getRoot()
          .getStore(Namespace.create(FilledStore.class))
          .getOrComputeIfAbsent(FilledStore.class, key -> new FilledStore(Room.open(postgres.migrated())),
              FilledStore.class);
    }
  }

  private FilledStore(Room room) {
    this.room = room;
    at("2026-11-20T10:00:00Z");
    put("Patient", "ada",
        "'name':[{'family':'Løvelace-Ñandú','given':['Ada','Augusta']}],'birthDate':'1985-12','gender':'female','active':true,"
            + "'identifier':[{'system':'urn:mrn','value':'MRN|7,1','type':{'text':'Medical Record','coding':[{'system':'v2','code':'MR'}]}},"
            + "{'value':'bare'}]");
    put("Patient", "bob", "'name':[{'text':'Bob  Smithson','family':'Smithson'}],'birthDate':'1950','gender':'male',"
        + "'text':{'status':'generated','div':'<div>A nurse <b>says</b> hello</div>'}");
    put("List", "ward", "'status':'current','mode':'working','entry':[{'item':{'reference':'Patient/bob'}},"
        + "{'item':{'reference':'Device/mon-1'}}]");
    put("Device", "mon-1",
        "'identifier':[{'system':'urn:dev','value':'monitor-07'}],'patient':{'reference':'Patient/ada'},'status':'active'");
    put("Device", "mon-2", "'identifier':[{'system':'urn:other','value':'monitor-07'}]");
    at("2026-11-20T11:00:00Z");
    observation("hr1", "ada", "8867-4",
        "'effectiveDateTime':'2026-11-20T10:00:00Z','device':{'reference':'Device/mon-1'}");
    observation("hr2", "ada", "8867-4",
        "'effectivePeriod':{'start':'2026-11-20T11:00:00.0000000Z','end':'2026-11-20T11:59:59.9999999Z'}");
    at("2026-11-20T12:00:00.005Z");
    observation("temp", "ada", "8310-5",
        "'effectiveDateTime':'2026-11-19','category':[{'coding':[{'system':'cat','code':'vital-signs'}]}]");
    observation("hrBob", "bob", "8867-4", "'effectiveDateTime':'2026-11'");
    observation("undated", "bob", "1-1", "'status':'preliminary'");
    observation("other", null, "1-2", "'subject':{'reference':'Group/ada'},'effectivePeriod':{'start':'2026-11-21'}");
    put("Endpoint", "wado",
        "'status':'active','name':'Pictures','connectionType':{'system':'urn:connection','code':'dicom-wado-rs'},"
            + "'payloadType':[{'text':'DICOM'}],'address':'http://127.0.0.1/dicom-web'");
    put("ImagingStudy", "ct",
        "'status':'available','identifier':[{'system':'urn:dicom:uid','value':'urn:oid:1.2.3'},{'value':'ACC-1'}],"
            + "'subject':{'reference':'Patient/ada'},'started':'2026-11-20T09:00:00+01:00',"
            + "'endpoint':[{'reference':'Endpoint/wado'}],'referrer':{'reference':'Practitioner/house'},"
            + "'series':[{'uid':'1.2.3.1','modality':{'system':'urn:dcm','code':'CT'},'bodySite':{'code':'chest'},"
            + "'instance':[{'uid':'1.2.3.1.1','sopClass':{'system':'urn:ietf:rfc:3986','code':'urn:oid:1.2.840.1'}}]}]");
    put("PlanDefinition", "walk1", "'status':'retired','url':'http://here/walk','version':'1','title':'Walking'");
    put("PlanDefinition", "walk2", "'status':'active','url':'http://here/walk','version':'2','title':'Walking more'");
    put("Library", "walking",
        "'status':'active','type':{'text':'logic'},'url':'http://here/Library/walking','version':'1'");
    put("ActivityDefinition", "walk",
        "'status':'active','relatedArtifact':[{'type':'depends-on','resource':'http://here/Library/walking|1'},"
            + "{'type':'composed-of','resource':'http://here/walk'},{'type':'derived-from','resource':'http://there/fhir/Patient/ada'}]");
    put("CarePlan", "old",
        "'status':'active','intent':'plan','subject':{'reference':'Patient/carl'},'instantiatesCanonical':['http://here/walk|1']");
    put("CarePlan", "any",
        "'status':'active','intent':'plan','subject':{'reference':'Patient/dora'},'instantiatesCanonical':['http://here/walk']");
    put("ImagingStudy", "mr",
        "'status':'available','subject':{'identifier':{'value':'7'}},'started':'2026-10',"
            + "'series':[{'uid':'1.2.4.1','modality':{'system':'urn:dcm','code':'MR'}}]");
  }

  private void at(String now) {
    fhir = new FhirStore(room.database(), Audit.log(), Clock.fixed(Instant.parse(now), ZoneOffset.UTC));
  }

  void put(String type, String id, String fields) {
    get(fhir.update(CALLER, type, id, json("{'resourceType':'" + type + "'," + fields + "}"), OptionalInt.empty()));
  }

  private void observation(String id, String patient, String code, String fields) {
    String subject = patient == null ? "" : "'subject':{'reference':'Patient/" + patient + "'},";
    String status = fields.contains("status") ? "" : "'status':'final',";
    put("Observation", id, status + subject + "'code':{'coding':[{'system':'local','code':'x-" + code + "'},{'system':'"
        + LOINC + "','code':'" + code + "'}]}," + fields);
  }

  @Override
  public void close() {
    room.close();
  }
}
