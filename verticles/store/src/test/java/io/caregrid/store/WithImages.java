package io.caregrid.store;

import static io.caregrid.store.Room.get;
import static io.caregrid.store.Room.json;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.store.ImageIndex.Changed;
import io.caregrid.store.ImageIndex.Entry;
import io.caregrid.store.ImageIndex.Found;
import io.caregrid.store.ImageIndex.Located;
import io.caregrid.store.ImageQuery.Key;
import io.caregrid.store.ImageQuery.Level;
import io.caregrid.store.ImageQuery.Match;
import io.vertx.core.Future;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtendWith;

/** A test that has an empty image index. */
@ExtendWith(Room.Key.class)
abstract class WithImages {
  private static final String NAME = "{'vr':'PN','Value':[{'Alphabetic':'%s'}]}";
  Room room;
  ImageIndex index;

  @BeforeEach
  void emptyIndex(Room room) {
    this.room = room;
    index = new ImageIndex(room.database());
    room.sql("truncate image_study, image_series, image_instance, image_garbage, image_study_change");
  }

  static Entry entry(String study, String series, String instance, long offset, String name, String date) {
    Located at = new Located(study, series, instance, "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.1.2.1", 1, "n",
        "w0/1.seg", offset, 100, 7, OffsetDateTime.of(2026, 11, 21, 8, 0, 0, 0, ZoneOffset.UTC));
    ObjectNode ofStudy = json("{'0020000D':{'vr':'UI','Value':['" + study + "']},'00100010':" + NAME.formatted(name)
        + ",'00100020':{'vr':'LO','Value':['P-" + study + "']},'00080020':{'vr':'DA','Value':['" + date
        + "']},'00200010':{'vr':'SH','Value':['S1']}}");
    ObjectNode ofSeries = json("{'0020000E':{'vr':'UI','Value':['" + series
        + "']},'00080060':{'vr':'CS','Value':['CT']},'00200011':{'vr':'IS','Value':[3]}}");
    return new Entry(at, ofStudy, ofSeries, json("{'00080018':{'vr':'UI','Value':['" + instance + "']}}"));
  }

  Future<List<Changed>> changed() {
    return new ImageStudies(room.database()).changedAfter(0, 100);
  }

  static Entry entry(String study, String instance, long offset) {
    return entry(study, study + ".1", instance, offset, "Doe^John", "20260102");
  }

  List<String> studies(boolean fuzzy, Key... keys) {
    List<Found> found = get(index.search(new ImageQuery(Level.STUDY, List.of(keys), fuzzy, 100, 0)));
    return found.stream().map(study -> ImageColumns.text(study.study(), "0020000D")).toList();
  }

  List<String> named(String pattern) {
    return studies(false, new Key(0x00100010, new Match.Wild(pattern)));
  }
}
