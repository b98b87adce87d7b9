package io.caregrid.dicom.fhir;

import static io.caregrid.dicom.fhir.Pictures.patient;
import static io.caregrid.dicom.fhir.Pictures.picture;
import static io.caregrid.dicom.fhir.Radiology.get;
import static io.caregrid.dicom.fhir.Radiology.until;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.cluster.ImagingConfig;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.store.ImageIndex.Changed;
import io.caregrid.store.ImageIndex.Entry;
import io.caregrid.store.Stored;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(Engines.class)
class ImagingStudyIT {
  private Radiology house;

  @BeforeEach
  void open(LocalPostgres postgres) {
    house = new Radiology(postgres);
  }

  @AfterEach
  void close() {
    house.close();
  }

  private void untilStudyHas(String uid, int instances) {
    until(uid + " has " + instances + " instances and no note",
        () -> house.isSettled() && house.instances(uid) == instances);
  }

  @Test
  void aStudyIsMadeOnceChangedWhenItGrowsAndRemovedWithTheArchives() {
    house.node();
    house.add(picture("1.2", 1), picture("1.2", 2));
    untilStudyHas("1.2", 2);
    assertEquals(1, house.version("1.2"));
    assertEquals("Endpoint/dicom-wado-rs", house.study("1.2").at("/endpoint/0/reference").asText());
    assertEquals(Radiology.ADDRESS, house.read("Endpoint", "dicom-wado-rs").path("address").asText());

    house.add(picture("1.2", 2, 1, patient("P-1.2")));
    untilStudyHas("1.2", 3);
    assertEquals(2, house.version("1.2"));
    assertEquals(2, house.study("1.2").path("numberOfSeries").asInt());

    get(house.index.remove("1.2", "1.2.2", null));
    untilStudyHas("1.2", 2);
    get(house.index.remove("1.2", null, null));
    untilStudyHas("1.2", 0);
    assertNull(house.study("1.2"));

    house.add(picture("1.2", 7));
    untilStudyHas("1.2", 1);
    assertEquals(5, house.version("1.2"));
  }

  @Test
  void aStudyThatDidNotChangeGetsNoNewVersion() {
    house.node();
    house.add(picture("1.2", 1));
    untilStudyHas("1.2", 1);

    get(house.studies.noteAll());
    until("it was looked at again", house::isSettled);

    assertEquals(1, house.version("1.2"));
  }

  /** Once when it is quiet for a second, and every ten seconds while it is not: that is all a listener of the change feed hears of a thousand pictures. */
  @Test
  @Tag("full")
  void aThousandPicturesOneByOneMakeFewVersions() {
    house.node(ImagingConfig.DEFAULT, "Lookup", Debounce.QUIET);
    long began = System.nanoTime();
    for (int number = 1; number <= 1000; number++) house.add(picture("1.2", number));
    untilStudyHas("1.2", 1000);

    long most = 2 + Duration.ofNanos(System.nanoTime() - began).toSeconds();
    assertTrue(house.version("1.2") <= most, "versions: " + house.version("1.2") + " of " + most);
    assertEquals(house.version("1.2"), house.history("1.2").size());
  }

  @Test
  void aNodeThatEndsWhilePicturesComeIsFollowedByOneThatMissesNone() {
    Vertx first = house.node();
    for (int number = 1; number <= 100; number++) {
      house.add(picture("1.2", number));
      if (number == 40) house.stop(first);
      if (number == 60) house.node();
    }

    untilStudyHas("1.2", 100);

    assertEquals(100, house.study("1.2").findValues("sopClass").size());
  }

  /** The note is written with the index rows: whoever starts next finds it. */
  @Test
  void aCrashBetweenIndexAndFhirLosesNothing() {
    house.add(picture("1.2", 1));
    assertNull(house.study("1.2"));

    house.node();

    untilStudyHas("1.2", 1);
  }

  @Test
  void aCrashBetweenFhirAndTheNoteMakesNothingTwice() {
    house.add(picture("1.2", 1));
    get(house.writer().write("1.2"));
    List<Changed> notes = get(house.studies.changedAfter(0, 10));
    assertEquals(1, notes.size());

    get(house.writer().write("1.2"));
    assertEquals(1, house.version("1.2"));
    get(house.index.settled(notes.get(0)));

    assertTrue(house.isSettled());
  }

  @Test
  void aPatientWhoComesLaterIsLinkedAndOneWhoGoesIsNot() {
    house.node();
    house.add(picture("1.2", 1));
    untilStudyHas("1.2", 1);
    assertEquals("", house.subject("1.2"));
    assertEquals("P-1.2", house.study("1.2").at("/subject/identifier/value").asText());
    assertEquals("Jane Doe", house.study("1.2").at("/subject/display").asText());

    house.put("Patient", "jane", "{'resourceType':'Patient','identifier':[{'system':'urn:mrn','value':'P-1.2'}]}");
    until("the study is linked", () -> house.subject("1.2").equals("Patient/jane"));

    house.put("Patient", "twin", "{'resourceType':'Patient','identifier':[{'system':'urn:x','value':'P-1.2'}]}");
    until("two carry the identifier", () -> house.subject("1.2").isEmpty());

    house.put("Patient", "twin",
        "{'resourceType':'Patient','active':false,'identifier':[{'system':'urn:x','value':'P-1.2'}]}");
    until("the other one was merged away", () -> house.subject("1.2").equals("Patient/jane"));

    house.put("Patient", "jane", "{'resourceType':'Patient','identifier':[{'system':'urn:mrn','value':'new'}]}");
    until("nobody carries it any more", () -> house.subject("1.2").isEmpty());

    house.put("Patient", "jane", "{'resourceType':'Patient','identifier':[{'system':'urn:mrn','value':'P-1.2'}]}");
    until("she has it again", () -> house.subject("1.2").equals("Patient/jane"));
    get(house.store.delete(Radiology.CALLER, "Patient", "jane", OptionalInt.empty()));
    until("she is gone", () -> house.subject("1.2").isEmpty());
  }

  @Test
  void aPatientWhoCouldNotBeReadAndIsPutAnewHoldsUpNoStudy() throws Exception {
    house.put("Patient", "jane", "{'resourceType':'Patient','identifier':[{'system':'urn:mrn','value':'P-1.2'}]}");
    house.node();
    house.add(picture("1.2", 1));
    until("the study is linked", () -> house.subject("1.2").equals("Patient/jane"));

    house.sql("update r_patient set body = '\\x09' where id = 'jane'");
    house.put("Patient", "jane", "{'resourceType':'Patient','identifier':[{'system':'urn:mrn','value':'new'}]}");

    until("what she was called before is not hers any more", () -> house.subject("1.2").isEmpty());
    house.add(picture("1.3", 1));
    untilStudyHas("1.3", 1);
  }

  @Test
  void anIdOfAnotherIssuerIsAnotherPatient() {
    house.put("Patient", "ours", "{'resourceType':'Patient','identifier':[{'system':'urn:oid:1.9','value':'7'}]}");
    house.put("Patient", "theirs", "{'resourceType':'Patient','identifier':[{'system':'urn:oid:1.8','value':'7'}]}");
    house.node(new ImagingConfig("urn:oid:1.9", "", ""), "Lookup");
    house.add(picture("1.2", 1, 1, patient("7")),
        picture("1.3", 1, 1, patient("7") + ",'00100021':{'vr':'LO','Value':['1.8']}"),
        picture("1.4", 1, 1, patient("7") + ",'00100021':{'vr':'LO','Value':['ELSEWHERE']}"));
    untilStudyHas("1.4", 1);

    assertEquals("Patient/ours", house.subject("1.2"));
    assertEquals("Patient/theirs", house.subject("1.3"));
    assertEquals("", house.subject("1.4"));
    assertEquals("ELSEWHERE", house.study("1.4").at("/subject/identifier/assigner/display").asText());
  }

  @Test
  void inModeCreateAPatientIsMadeOnceAndADeletedOneStaysSo() {
    house.node(ImagingConfig.DEFAULT, "Create");
    house.add(picture("1.2", 1, 1, patient("MRN-1")), picture("1.3", 1, 1, patient("MRN-1")));
    untilStudyHas("1.3", 1);

    // the id DeviceIdentity gives the same patient
    String id = "72f52a7a0951f983dff6f69b709b8fa73742a747bc21f8cf772a935e3ab2806e";
    assertEquals("Patient/" + id, house.subject("1.2"));
    assertEquals("Patient/" + id, house.subject("1.3"));
    ObjectNode made = house.read("Patient", id);
    assertEquals("1", made.at("/meta/versionId").asText());
    assertEquals("Doe", made.at("/name/0/family").asText());
    assertEquals("female", made.path("gender").asText());
    assertEquals("1970-01-31", made.path("birthDate").asText());

    get(house.store.delete(Radiology.CALLER, "Patient", id, OptionalInt.empty()));
    until("the link is gone", () -> house.subject("1.2").isEmpty() && house.isSettled());
    assertNull(house.read("Patient", id));
  }

  @Test
  @Tag("full")
  void twoNodesMakeEverythingOnceAndOneGoesOnAlone() {
    Vertx first = house.node();
    house.node();
    for (int study = 1; study <= 50; study++) house.add(picture("1.2." + study, 1), picture("1.2." + study, 2));
    until("all are made", house::isSettled);
    for (int study = 1; study <= 50; study++) {
      assertEquals(2, house.instances("1.2." + study));
      assertEquals(1, house.version("1.2." + study));
    }

    house.stop(first);
    house.add(picture("1.3", 1));
    untilStudyHas("1.3", 1);
  }

  @Test
  void whoLookedEarlierNeverHasTheLastWord() {
    List<Future<Void>> writes = new ArrayList<>();
    for (int number = 1; number <= 60; number++) {
      house.add(picture("1.2", number));
      for (int writer = 0; writer < 4; writer++) writes.add(house.writer().write("1.2"));
    }
    get(Future.join(writes).transform(done -> Future.succeededFuture()));
    assertTrue(writes.stream().anyMatch(Future::succeeded));
    get(house.writer().write("1.2"));

    int before = 0;
    for (Stored version : house.history("1.2")) {
      int instances = Resources.read(version).path("numberOfInstances").asInt();
      assertTrue(instances > before, "version " + version.version() + " has " + instances + " after " + before);
      before = instances;
    }
    assertEquals(60, before);
  }

  @Test
  @Tag("full")
  void aStudyOfFiveThousandPicturesIsOneResource() {
    house.node(ImagingConfig.DEFAULT, "Lookup", Debounce.QUIET);
    long began = System.nanoTime();
    for (int series = 1; series <= 10; series++) {
      List<Entry> entries = new ArrayList<>();
      for (int number = 1; number <= 500; number++) entries.add(picture("1.2", series, number, patient("P")));
      get(house.index.add(entries));
    }
    untilStudyHas("1.2", 5000);

    ObjectNode study = house.study("1.2");
    assertEquals(10, study.path("series").size());
    assertEquals(5000, study.findValues("sopClass").size());
    assertNotNull(StudyResourceTest.parsed(study));
    long most = 2 + Duration.ofNanos(System.nanoTime() - began).toSeconds();
    assertTrue(house.version("1.2") <= most, "versions: " + house.version("1.2") + " of " + most);
  }

  @Test
  void aUidThatIsNoFhirIdIsKeptUnderItsHash() {
    house.node();
    house.add(picture("1.2_3", 1));

    untilStudyHas("1.2_3", 1);

    assertFalse(StudyResource.id("1.2_3").contains("_"));
  }

  /** PostgreSQL takes none of theirs. */
  @Test
  @Tag("full")
  void aStudyDoesNotWaitForThousandsThatCannotBeWritten() {
    for (int some = 0; some < 12; some++) {
      List<Entry> entries = new ArrayList<>();
      for (int one = 0; one < 100; one++) entries.add(picture("9." + some + "." + one, 1));
      get(house.index.add(entries));
    }
    house.sql("create function no() returns trigger language plpgsql as "
        + "'begin if new.id like ''9.%'' then raise exception ''no''; end if; return new; end'");
    house.sql("create trigger no before insert on r_imagingstudy for each row execute function no()");
    house.node();
    house.add(picture("1.2", 1));

    until("the study is there", () -> house.instances("1.2") == 1);
    assertFalse(house.isSettled(), "the others are written");
  }

  @Test
  void aStudyDoesNotWaitForAStreamOfPatients() throws InterruptedException {
    house.node(ImagingConfig.DEFAULT, "Lookup", new Pace(Duration.ofMillis(60), 1, 100));
    AtomicBoolean over = new AtomicBoolean();
    List<Thread> streams = new ArrayList<>();
    for (int stream = 0; stream < 6; stream++) {
      String id = "p" + stream;
      streams.add(new Thread(() -> {
        while (!over.get()) house.put("Patient", id, "{'resourceType':'Patient'}");
      }));
    }
    streams.forEach(Thread::start);
    try {
      for (int study = 1; study <= 3; study++) {
        String uid = "1.2." + study;
        house.add(picture(uid, 1));
        until("the study is there", () -> house.instances(uid) == 1);
      }
    } finally {
      over.set(true);
      for (Thread stream : streams) stream.join();
    }
  }

  @Test
  void allStudiesOfManyPagesComeThrough() {
    for (int study = 1; study <= 60; study++) house.add(picture("1.2." + study, 1));
    house.node(ImagingConfig.DEFAULT, "Lookup", new Pace(Duration.ofMillis(60), 100, 10));

    until("all are made", house::isSettled);

    for (int study = 1; study <= 60; study++) assertEquals(1, house.instances("1.2." + study));
  }
}
