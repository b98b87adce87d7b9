package io.caregrid.dicom.fhir;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.store.ImageIndex.Entry;
import io.caregrid.store.ImageIndex.Located;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.OffsetDateTime;

/** Index entries as the archive makes them, without bytes behind them. */
final class Pictures {
  static final String CT = "1.2.840.10008.5.1.4.1.1.2";
  private static final ObjectMapper JSON = new ObjectMapper();

  private Pictures() {}

  /** @param json with ' for " */
  static ObjectNode json(String json) {
    try {
      return (ObjectNode) JSON.readTree(json.replace('\'', '"'));
    } catch (IOException bad) {
      throw new UncheckedIOException(bad);
    }
  }

  static String patient(String id) {
    return "'00100010':{'vr':'PN','Value':[{'Alphabetic':'Doe^Jane'}]},'00100020':{'vr':'LO','Value':['" + id
        + "']},'00100030':{'vr':'DA','Value':['19700131']},'00100040':{'vr':'CS','Value':['F']}";
  }

  /** Instance {@code number} of the only series of a study of patient {@code P-<study>}. */
  static Entry picture(String study, int number) {
    return picture(study, 1, number, patient("P-" + study));
  }

  static Entry picture(String study, int series, int number, String patient) {
    String seriesUid = study + "." + series;
    String instanceUid = seriesUid + "." + number;
    Located at = new Located(study, seriesUid, instanceUid, CT, "1.2.840.10008.1.2.1", 1, "node", "w0/1.seg",
        instanceUid.hashCode() & 0xffffffffL, 100, 7, OffsetDateTime.parse("2026-11-21T08:00:00Z"));
    return new Entry(at, json("{" + patient
        + ",'00080020':{'vr':'DA','Value':['20261120']},'00080050':{'vr':'SH','Value':['ACC-1']},'00081030':{'vr':'LO','Value':['Chest']}}"),
        json("{'00080060':{'vr':'CS','Value':['CT']},'00200011':{'vr':'IS','Value':[" + series + "]}}"),
        json("{'00200013':{'vr':'IS','Value':[" + number + "]}}"));
  }
}
