package io.caregrid.dicom.archive;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.dicom.archive.Incoming.Expected;
import io.caregrid.dicom.archive.Refused.Why;
import io.caregrid.dicom.data.DataSet;
import io.caregrid.dicom.data.DicomException;
import io.caregrid.dicom.data.Element;
import io.caregrid.dicom.data.Limits;
import io.caregrid.dicom.data.Part10;
import io.caregrid.dicom.data.Source;
import io.caregrid.dicom.data.Tag;
import io.caregrid.store.ImageIndex.Entry;
import io.caregrid.store.ImageIndex.Located;
import io.caregrid.store.ImageTags.Listed;
import io.caregrid.store.ImageTags.Tagged;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.stream.Stream;

/**
 * What the index keeps of an instance, read once from its bytes. Pure. Whoever has one knows that the file is readable to its end and says what it is;
 * a deflated one, up to its pixel data, and that its stream is whole as far as the first {@link Part10#MOST_ATTRIBUTES} bytes.
 *
 * @param frames   0 when it has no pixels
 * @param study    DICOM JSON of the patient's and the study's attributes; likewise series and instance
 * @param tagged   what extended query tags find it by
 */
record Described(InstanceKey key, String sopClass, String transferSyntax, long frames, ObjectNode study,
    ObjectNode series, ObjectNode instance, Tagged tagged) {

  /** Values up to here are looked at; longer ones are none that the index keeps. */
  private static final Limits LIMITS = new Limits(64, 100_000, 8 * 1024, 0);
  /** Of a deflated one only this is inflated: everything that the index keeps stands before pixel data. */
  private static final Limits DEFLATED = new Limits(64, 100_000, 8 * 1024, Limits.HEADER.stopBefore());
  private static final int LONGEST_UID = 64;

  /** The character set goes with each level: DICOM JSON says that it is UTF-8 now (PS3.18 F.2.2). */
  private static final int[] STUDY = {Tag.SPECIFIC_CHARACTER_SET, Tag.STUDY_DATE, Tag.STUDY_TIME, Tag.ACCESSION_NUMBER,
    Tag.ISSUER_OF_ACCESSION_NUMBER_SEQUENCE, Tag.ANATOMIC_REGIONS_IN_STUDY_CODE_SEQUENCE,
    Tag.REFERRING_PHYSICIAN_NAME, Tag.TIMEZONE_OFFSET_FROM_UTC, Tag.STUDY_DESCRIPTION, Tag.PROCEDURE_CODE_SEQUENCE,
    Tag.NAME_OF_PHYSICIANS_READING_STUDY, Tag.ADMITTING_DIAGNOSES_DESCRIPTION, Tag.REFERENCED_STUDY_SEQUENCE,
    Tag.PATIENT_NAME, Tag.PATIENT_ID, Tag.ISSUER_OF_PATIENT_ID, Tag.ISSUER_OF_PATIENT_ID_QUALIFIERS_SEQUENCE,
    Tag.PATIENT_BIRTH_DATE, Tag.PATIENT_SEX, Tag.PATIENT_AGE, Tag.PATIENT_SIZE, Tag.PATIENT_WEIGHT, Tag.OCCUPATION,
    Tag.ADDITIONAL_PATIENT_HISTORY, Tag.STUDY_INSTANCE_UID, Tag.STUDY_ID};
  private static final int[] SERIES = {Tag.SPECIFIC_CHARACTER_SET, Tag.SERIES_DATE, Tag.SERIES_TIME, Tag.MODALITY,
    Tag.TIMEZONE_OFFSET_FROM_UTC, Tag.SERIES_DESCRIPTION, Tag.MANUFACTURER_MODEL_NAME, Tag.BODY_PART_EXAMINED,
    Tag.SERIES_INSTANCE_UID, Tag.SERIES_NUMBER, Tag.LATERALITY, Tag.PERFORMED_PROCEDURE_STEP_START_DATE,
    Tag.PERFORMED_PROCEDURE_STEP_START_TIME, Tag.REQUEST_ATTRIBUTES_SEQUENCE};
  private static final int[] INSTANCE = {Tag.SPECIFIC_CHARACTER_SET, Tag.SOP_CLASS_UID, Tag.SOP_INSTANCE_UID,
    Tag.TIMEZONE_OFFSET_FROM_UTC, Tag.INSTANCE_NUMBER, Tag.NUMBER_OF_FRAMES, Tag.ROWS, Tag.COLUMNS,
    Tag.BITS_ALLOCATED};
  /** Pixel Representation decides the VR of others, pixel data whether there are frames. */
  private static final int[] KEPT = Stream
      .of(STUDY, SERIES, INSTANCE, new int[] {Tag.PIXEL_REPRESENTATION, Tag.PIXEL_DATA, Tag.FLOAT_PIXEL_DATA,
        Tag.DOUBLE_FLOAT_PIXEL_DATA})
      .flatMapToInt(Arrays::stream)
      .sorted()
      .distinct()
      .toArray();

  /** What stands before the data set: whether describing means inflating. @throws Refused NOT_DICOM */
  static Part10 head(Source source) {
    try {
      return Part10.read(source);
    } catch (DicomException broken) {
      throw new Refused(Why.NOT_DICOM, broken.getMessage());
    }
  }

  /** @throws Refused NOT_DICOM, INVALID, TOO_LARGE, MISMATCH or OTHER_STUDY */
  static Described of(Source source, Part10 head, Expected expected, Listed tags) {
    // a modality that leaves the patient out is not sent away; over the web the patient is asked for
    boolean web = expected.sopClass() == null;
    return of(source, head, expected, web, tags);
  }

  /** Of what was taken in before, by whichever door. */
  static Described again(Source source, Listed tags) {
    return of(source, head(source), Expected.ANYTHING, false, tags);
  }

  /** Only what extended query tags find an instance by. DicomException: it cannot be read. */
  static Tagged tagged(Source source, Listed tags) {
    Part10 file = Part10.read(source);
    return Tagging.of(file.dataSet(source, limits(file), Tagging.wanted(KEPT, tags)), tags);
  }

  private static Limits limits(Part10 file) {
    return file.syntax().deflated() ? DEFLATED : LIMITS;
  }

  private static Described of(Source source, Part10 file, Expected expected, boolean patientNeeded, Listed tags) {
    try {
      DataSet set = file.dataSet(source, limits(file), Tagging.wanted(KEPT, tags));
      InstanceKey key = new InstanceKey(uid(set, Tag.STUDY_INSTANCE_UID), uid(set, Tag.SERIES_INSTANCE_UID),
          uid(set, Tag.SOP_INSTANCE_UID));
      String sopClass = uid(set, Tag.SOP_CLASS_UID);
      if (patientNeeded && !set.has(Tag.PATIENT_ID)) throw missing(Tag.PATIENT_ID);
      agree(key, sopClass, expected);
      return new Described(key, sopClass, file.syntax().uid(), frames(set), json(set, STUDY), json(set, SERIES),
          json(set, INSTANCE), Tagging.of(set, tags));
    } catch (DicomException.TooLarge bomb) {
      // a tag may stand where this file has a huge sequence, which nobody would have looked into: not the picture's fault
      if (!tags.tags().isEmpty()) return of(source, file, expected, patientNeeded, Listed.UNREAD);
      throw new Refused(Why.TOO_LARGE, bomb.getMessage());
    } catch (DicomException broken) {
      throw new Refused(Why.NOT_DICOM, broken.getMessage());
    }
  }

  private static void agree(InstanceKey key, String sopClass, Expected expected) {
    differ(Tag.SOP_CLASS_UID, sopClass, expected.sopClass(), Why.MISMATCH);
    differ(Tag.SOP_INSTANCE_UID, key.instance(), expected.sopInstance(), Why.MISMATCH);
    differ(Tag.STUDY_INSTANCE_UID, key.study(), expected.study(), Why.OTHER_STUDY);
  }

  private static void differ(int tag, String found, String promised, Why why) {
    if (promised != null && !found.equals(stripped(promised)))
      throw new Refused(why, Tag.text(tag) + " is not the one announced");
  }

  private static String uid(DataSet set, int tag) {
    String text = set.text(tag);
    String uid = text == null ? "" : stripped(text);
    if (uid.isEmpty()) throw missing(tag);
    if (uid.length() > LONGEST_UID) throw new Refused(Why.INVALID, Tag.text(tag) + " is longer than 64 characters");
    for (int i = 0; i < uid.length(); i++)
      if (!isLegal(uid.charAt(i)))
        throw new Refused(Why.INVALID, Tag.text(tag) + " has a character no UID has");
    return uid;
  }

  private static Refused missing(int tag) {
    return new Refused(Why.INVALID, Tag.text(tag) + " is missing");
  }

  /** Digits and dots (PS3.5 9.1); letters and hyphens are not UIDs, but exist and harm nobody. */
  private static boolean isLegal(char c) {
    return c >= '0' && c <= '9' || c == '.' || c == '-' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z';
  }

  private static String stripped(String uid) {
    int end = uid.length();
    while (end > 0 && (uid.charAt(end - 1) == 0 || uid.charAt(end - 1) == ' ')) end--;
    return uid.substring(0, end).stripLeading();
  }

  private static long frames(DataSet set) {
    if (!set.has(Tag.PIXEL_DATA) && !set.has(Tag.FLOAT_PIXEL_DATA) && !set.has(Tag.DOUBLE_FLOAT_PIXEL_DATA)) return 0;
    return Math.max(1, set.number(Tag.NUMBER_OF_FRAMES).orElse(1));
  }

  private static ObjectNode json(DataSet set, int[] tags) {
    DataSet kept = new DataSet(set.syntax());
    for (int tag : tags) {
      Element element = set.get(tag);
      if (element != null) kept.put(element);
    }
    return Abridged.of(kept);
  }

  /** Patient ID, null when it has none. */
  String patientId() {
    return study.at("/00100020/Value/0").asText(null);
  }

  Entry at(String node, String file, long offset, RecordHeader header) {
    Located located = new Located(key.study(), key.series(), key.instance(), sopClass, transferSyntax, frames, node,
        file, offset, header.length(), header.crc32c(),
        Instant.ofEpochMilli(header.storedAt()).atOffset(ZoneOffset.UTC));
    return new Entry(located, study, series, instance, tagged);
  }
}
