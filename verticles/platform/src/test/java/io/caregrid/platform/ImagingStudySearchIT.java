package io.caregrid.platform;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.caregrid.dicom.data.DataSet;
import io.caregrid.dicom.data.DataSetWriter;
import io.caregrid.dicom.data.Part10;
import io.caregrid.dicom.data.Tag;
import io.caregrid.dicom.data.TransferSyntax;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Two studies sent by STOW-RS, of two patients and two days, are found over FHIR as ImagingStudies: each question finds one of them, or none. */
@ExtendWith(Engines.class)
class ImagingStudySearchIT {
  private static final ObjectMapper JSON = new ObjectMapper();
  @TempDir
  static Path folder;
  private static PictureNode node;

  @BeforeAll
  static void send(LocalPostgres postgres) throws Exception {
    node = new PictureNode(postgres, folder.resolve("kept"));
    patient("ada", "MRN-1");
    patient("bob", "MRN-2");
    assertEquals(200, node.send(file("1.2.3", "CT", "MRN-1", "ACC-1", "20261120", "081500")));
    assertEquals(200, node.send(file("1.2.4", "MR", "MRN-2", "ACC-2", "20261019", "235959")));
    TestNode.eventually(Duration.ofSeconds(60), "both ImagingStudies",
        () -> found("ImagingStudy").size() == 2 ? true : null);
  }

  @AfterAll
  static void close() {
    if (node != null) node.close();
  }

  private static void patient(String id, String mrn) throws IOException, InterruptedException {
    String body = "{\"resourceType\":\"Patient\",\"id\":\"" + id + "\",\"identifier\":[{\"value\":\"" + mrn + "\"}]}";
    HttpRequest put = HttpRequest.newBuilder(URI.create(node.base() + "/fhir/Patient/" + id))
        .header("Content-Type", "application/fhir+json")
        .PUT(HttpRequest.BodyPublishers.ofString(body))
        .build();
    assertEquals(201, HttpClient.newHttpClient().send(put, HttpResponse.BodyHandlers.discarding()).statusCode());
  }

  private static Path file(String study, String modality, String mrn, String accession, String date, String time)
      throws IOException {
    String sopClass = modality.equals("CT") ? "1.2.840.10008.5.1.4.1.1.2" : "1.2.840.10008.5.1.4.1.1.4";
    DataSet set = new DataSet(TransferSyntax.EXPLICIT_LE).putText(Tag.SOP_CLASS_UID, sopClass)
        .putText(Tag.SOP_INSTANCE_UID, study + ".1.1")
        .putText(Tag.STUDY_DATE, date)
        .putText(Tag.STUDY_TIME, time)
        .putText(Tag.ACCESSION_NUMBER, accession)
        .putText(Tag.MODALITY, modality)
        .putText(Tag.PATIENT_ID, mrn)
        .putText(Tag.STUDY_INSTANCE_UID, study)
        .putText(Tag.SERIES_INSTANCE_UID, study + ".1");
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes(Part10.header(sopClass, study + ".1.1", TransferSyntax.EXPLICIT_LE, null).array());
    bytes.writeBytes(DataSetWriter.bytes(set, TransferSyntax.EXPLICIT_LE));
    return Files.write(folder.resolve(study + ".dcm"), bytes.toByteArray());
  }

  private static JsonNode found(String question) throws IOException, InterruptedException {
    return JSON.readTree(node.get("/fhir/" + question, "application/fhir+json")).path("entry");
  }

  @ParameterizedTest
  @CsvSource(nullValues = "none", value = {"patient=Patient/ada, CT", "patient=bob, MR", "patient=Patient/eve, none",
    "identifier=urn:dicom:uid%7Curn:oid:1.2.3, CT", "identifier=urn:oid:1.2.4, MR", "identifier=ACC-1, CT",
    "identifier=ACC-3, none", "modality=CT, CT",
    "modality=http://dicom.nema.org/resources/ontology/DCM%7CMR, MR", "modality=US, none",
    "started=2026-11-20, CT", "started=2026-10, MR", "started=2025, none",
    "endpoint=Endpoint/dicom-wado-rs&modality=MR, MR", "endpoint=Endpoint/another, none"})
  void aQuestionFindsItsStudy(String question, String modality) throws IOException, InterruptedException {
    JsonNode entries = found("ImagingStudy?" + question);

    assertEquals(modality == null ? 0 : 1, entries.size(), () -> question + " found " + entries);
    if (modality != null)
      assertEquals(modality, entries.at("/0/resource/modality/0/code").asText());
  }
}
