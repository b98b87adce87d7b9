package io.caregrid.dicom.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.contract.Failure;
import io.caregrid.dicom.data.Tag;
import io.caregrid.store.ImageQuery.Key;
import io.caregrid.store.ImageQuery.Level;
import io.caregrid.store.ImageQuery.Match.Any;
import io.caregrid.store.ImageQuery.Match.Exact;
import io.caregrid.store.ImageQuery.Match.Range;
import io.caregrid.store.ImageQuery.Match.Wild;
import io.caregrid.store.ImageQuery.TagKey;
import io.caregrid.store.ImageTags;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SearchRequestTest {
  private static SearchRequest studies(String... parameters) {
    return read(Level.STUDY, null, null, parameters);
  }

  private static SearchRequest read(Level level, String study, String series, String... parameters) {
    List<Map.Entry<String, String>> pairs = new ArrayList<>();
    for (String one : parameters) pairs.add(Map.entry(one.split("=", 2)[0], one.split("=", 2)[1]));
    return SearchRequest.of(level, study, series, pairs);
  }

  @Test
  void keywordsAndTagsAreTheSame() {
    Key key = new Key(Tag.STUDY_INSTANCE_UID, new Exact("1.2"));

    assertEquals(List.of(key), studies("StudyInstanceUID=1.2").keys());
    assertEquals(List.of(key), studies("0020000D=1.2").keys());
    assertEquals(List.of(key), studies("0020000d=1.2").keys());
  }

  @Test
  void theWayOfMatchingComesFromTheValue() {
    assertEquals(new Wild("ze?a*"), studies("PatientName=ze?a*").keys().get(0).match());
    assertEquals(new Exact("Zeta^Carl"), studies("PatientName=Zeta^Carl").keys().get(0).match());
    assertEquals(new Any(List.of("1.2", "1.3")), studies("StudyInstanceUID=1.2,1.3").keys().get(0).match());
    assertEquals(new Any(List.of("1.2", "1.3")), studies("StudyInstanceUID=1.2\\1.3").keys().get(0).match());
    assertEquals(new Any(List.of("CT", "MR")), studies("ModalitiesInStudy=CT\\MR").keys().get(0).match());
    assertEquals(new Exact("20240229"), studies("StudyDate=20240229").keys().get(0).match());
    assertEquals(new Range("20240101", "20240131"), studies("StudyDate=20240101-20240131").keys().get(0).match());
    assertEquals(new Range("20240101", null), studies("StudyDate=20240101-").keys().get(0).match());
    assertEquals(new Range(null, "20240131"), studies("StudyDate=-20240131").keys().get(0).match());
    assertEquals(new Range("0800", "1200"), studies("StudyTime=0800-1200").keys().get(0).match());
    assertEquals(new Exact("7"), read(Level.INSTANCE, null, null, "InstanceNumber=007").keys().get(0).match());
  }

  @Test
  void anEmptyValueAndALoneStarMatchEverythingAndAreReturned() {
    SearchRequest request = studies("PatientSex=", "StudyDescription=*");

    assertEquals(List.of(), request.keys());
    assertEquals(Set.of(Tag.PATIENT_SEX, Tag.STUDY_DESCRIPTION), request.fields());
  }

  @Test
  void theAddressIsAKey() {
    assertEquals(
        List.of(new Key(Tag.STUDY_INSTANCE_UID, new Exact("1.2")), new Key(Tag.SERIES_INSTANCE_UID, new Exact("1.3"))),
        read(Level.INSTANCE, "1.2", "1.3").keys());
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
    "StudyDate=- | StudyDate must be YYYYMMDD, or a range such as 20240101-20240131",
    "StudyDate=2024-01-01 | StudyDate must be YYYYMMDD, or a range such as 20240101-20240131",
    "StudyDate=20240230 | StudyDate must be YYYYMMDD, or a range such as 20240101-20240131",
    "StudyDate=2024* | StudyDate must be YYYYMMDD, or a range such as 20240101-20240131",
    "StudyTime=9 | StudyTime must be HHMMSS, or a range such as 0800-1200",
    "NoSuchKeyword=1 | search: NoSuchKeyword is neither an attribute's keyword nor its tag (PS3.6)",
    "99999999=1 | search: 99999999 is neither an attribute's keyword nor its tag (PS3.6)",
    "Jón Jónsson=1 | search: what is named there is neither an attribute's keyword nor its tag (PS3.6)",
    "ProcedureCodeSequence.CodeValue=1 | search: ProcedureCodeSequence.CodeValue names an attribute inside of a sequence, which is not kept for searching",
    "ProcedureCodeSequence.NoSuch=1 | search: NoSuch is neither an attribute's keyword nor its tag (PS3.6)",
    "ProcedureCodeSequence=1 | ProcedureCodeSequence cannot be searched for here",
    "Modality=CT | Modality cannot be searched for among studies: ModalitiesInStudy can",
    "SeriesNumber=1 | SeriesNumber cannot be searched for among studies",
    "PixelSpacing=1 | PixelSpacing cannot be searched for here",
    "StudyInstanceUID=not a uid | StudyInstanceUID must be a UID, or several separated by commas",
    "StudyInstanceUID=1.2,,1.3 | StudyInstanceUID must be a UID, or several separated by commas",
    "includefield=NoSuchKeyword | includefield: NoSuchKeyword is neither an attribute's keyword nor its tag (PS3.6)",
    "limit=abc | limit must be a whole number, at least 1",
    "limit=0 | limit must be a whole number, at least 1",
    "limit=-1 | limit must be a whole number, at least 1",
    "offset=100001 | offset must be at most 100000: narrow the search, by StudyDate for example",
    "offset=999999999 | offset must be at most 100000: narrow the search, by StudyDate for example",
    "offset=-1 | offset must be a whole number, at least 0",
    "fuzzymatching=yes | fuzzymatching must be true or false"})
  void whatCannotBeAskedIsRefusedByItsName(String parameter, String why) {
    assertEquals(why, assertThrows(Failure.Invalid.class, () -> studies(parameter)).getMessage());
  }

  @Test
  void twiceTheSameIsRefused() {
    assertThrows(Failure.Invalid.class, () -> studies("PatientID=1", "PatientID=2"));
    assertThrows(Failure.Invalid.class, () -> studies("limit=1", "limit=2"));
  }

  @Test
  void fieldsComeByTagKeywordOrAll() {
    SearchRequest some = studies("includefield=00100040,StudyTime", "includefield=PatientAge");

    assertEquals(Set.of(Tag.PATIENT_SEX, Tag.STUDY_TIME, Tag.PATIENT_AGE), some.fields());
    assertFalse(some.all());
    assertTrue(studies("includefield=ALL").all());
  }

  @Test
  void withoutALimitThereAreAHundredOrAWholeStudy() {
    assertEquals(SearchRequest.USUAL, studies().limit());
    assertEquals(SearchRequest.USUAL + 1, studies().query().limit());
    assertEquals(SearchRequest.MOST, read(Level.INSTANCE, "1.2", null).limit());
    assertEquals(SearchRequest.MOST, studies("limit=1000000").limit());
    assertEquals(7, studies("limit=7", "offset=3").limit());
    assertEquals(3, studies("limit=7", "offset=3").offset());
  }

  @Test
  void keysOfHigherLevelsCountBelow() {
    read(Level.SERIES, null, null, "PatientID=1", "Modality=CT");
    read(Level.INSTANCE, null, null, "PatientID=1", "Modality=CT", "SOPClassUID=1.2");
    assertThrows(Failure.Invalid.class, () -> read(Level.SERIES, null, null, "SOPInstanceUID=1.2"));
  }

  private static final ImageTags.Tag THICKNESS = tag("00180050", "DS", Level.INSTANCE, null);
  private static final ImageTags.Tag STATION = tag("00081010", "SH", Level.SERIES, null);
  private static final ImageTags.Tag PRIVATE = tag("12051003", "DT", Level.STUDY, "ACME");

  private static ImageTags.Tag tag(String path, String vr, Level level, String creator) {
    return new ImageTags.Tag(1, path, vr, level, creator, true, true, new UUID(0, 1));
  }

  private static SearchRequest tagged(Level level, ImageTags.Tag tag, String... parameters) {
    List<Map.Entry<String, String>> pairs = new ArrayList<>();
    for (String one : parameters) pairs.add(Map.entry(one.split("=", 2)[0], one.split("=", 2)[1]));
    assertTrue(SearchRequest.asksForMore(pairs));
    return SearchRequest.of(level, null, null, pairs, List.of(tag));
  }

  @Test
  void anExtendedQueryTagIsAKeyOfItsLevelAndBelow() {
    SearchRequest series = tagged(Level.SERIES, STATION, "StationName=ct*");

    assertEquals(List.of(new TagKey(STATION, new Wild("ct*"))), series.tagged());
    assertEquals(List.of(STATION), series.shown());
    assertEquals(1, tagged(Level.INSTANCE, STATION, "00081010=CT1").tagged().size());
    assertEquals(List.of(STATION), tagged(Level.SERIES, STATION, "StationName=").shown(), "returned, not compared");
    assertThrows(Failure.Invalid.class, () -> tagged(Level.STUDY, STATION, "StationName=CT1"));
  }

  @Test
  void anExtendedQueryTagIsReadByItsVr() {
    assertEquals(new Exact("2.50"), tagged(Level.INSTANCE, THICKNESS, "SliceThickness=2.50").tagged().get(0).match());
    assertThrows(Failure.Invalid.class, () -> tagged(Level.INSTANCE, THICKNESS, "SliceThickness=2*"));
    assertThrows(Failure.Invalid.class, () -> tagged(Level.INSTANCE, THICKNESS, "SliceThickness=NaN"));
    assertEquals(new Range("2026", "20260102"),
        tagged(Level.STUDY, PRIVATE, "12051003=2026-20260102").tagged().get(0).match());
    assertThrows(Failure.Invalid.class, () -> tagged(Level.STUDY, PRIVATE, "12051003=yesterday"));
    assertThrows(Failure.Invalid.class, () -> tagged(Level.STUDY, PRIVATE, "12051003=20260102101500-0500"),
        "an offset");
  }

  @Test
  void anExtendedQueryTagThatIsNotReadyOrDisabledIsRefusedAndNotReturned() {
    ImageTags.Tag adding = new ImageTags.Tag(1, "00180050", "DS", Level.INSTANCE, null, true, false, new UUID(0, 1));
    ImageTags.Tag disabled = new ImageTags.Tag(1, "00180050", "DS", Level.INSTANCE, null, false, true, new UUID(0, 1));

    assertThrows(Failure.Invalid.class, () -> tagged(Level.INSTANCE, adding, "SliceThickness=1"));
    assertThrows(Failure.Invalid.class, () -> tagged(Level.INSTANCE, disabled, "SliceThickness=1"));
    assertEquals(List.of(), tagged(Level.INSTANCE, disabled, "includefield=all").shown());
    assertEquals(List.of(THICKNESS), tagged(Level.INSTANCE, THICKNESS, "includefield=all").shown());
  }

  @Test
  void fuzzyIsAskedForByName() {
    assertTrue(studies("fuzzymatching=true", "PatientName=zet").query().fuzzy());
    assertFalse(studies("PatientName=zet").fuzzy());
  }
}
