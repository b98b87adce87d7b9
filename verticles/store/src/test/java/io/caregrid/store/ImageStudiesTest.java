package io.caregrid.store;

import static io.caregrid.store.Room.get;
import static io.caregrid.store.Room.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.caregrid.store.ImageIndex.Changed;
import io.caregrid.store.ImageIndex.Entry;
import io.caregrid.store.ImageIndex.Located;
import io.caregrid.store.ImageStudies.Instance;
import io.caregrid.store.ImageStudies.Study;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(Room.Key.class)
class ImageStudiesTest {
  private static final String CT = "1.2.840.10008.5.1.4.1.1.2";
  private ImageIndex index;
  private ImageStudies studies;

  @BeforeEach
  void emptyIndex(Room room) {
    index = new ImageIndex(room.database());
    studies = new ImageStudies(room.database());
    room.sql("truncate image_study, image_series, image_instance, image_garbage, image_study_change");
  }

  private void add(String study, String series, String instance) {
    Entry entry = WithImages.entry(study, series, instance, instance.hashCode(), "Doe^John", "20260102");
    Located at = entry.located();
    get(index.add(List.of(new Entry(at, entry.study(), entry.series(),
        json("{'00200013':{'vr':'IS','Value':[7]},'00080018':{'vr':'UI','Value':['" + instance + "']}}")))));
  }

  private List<String> noted() {
    List<Changed> changed = get(studies.changedAfter(0, 100));
    changed.forEach(study -> get(index.settled(study)));
    return changed.stream().map(Changed::study).sorted().toList();
  }

  @Test
  void aStudyIsReadWholeAndInTheOrderItCame() {
    add("1", "1.2", "1.2.9");
    add("1", "1.1", "1.1.1");
    add("1", "1.2", "1.2.3");
    add("2", "2.1", "2.1.1");

    Study study = get(studies.read("1"));

    assertEquals("P-1", study.attributes().at("/00100020/Value/0").asText());
    assertEquals(List.of("1.2", "1.1"), study.series().stream().map(ImageStudies.Series::uid).toList());
    assertEquals("CT", study.series().get(0).attributes().at("/00080060/Value/0").asText());
    assertEquals(List.of(new Instance("1.2.9", CT, "7"), new Instance("1.2.3", CT, "7")),
        study.series().get(0).instances());
    assertNull(get(studies.read("3")));
  }

  @Test
  void studiesOfAPatientAreNotedAsChanged() {
    add("1", "1.1", "1.1.1");
    add("2", "2.1", "2.1.1");
    noted();

    get(studies.noteOfPatients(List.of(" p-2 ", "nobody", "")));
    assertEquals(List.of("2"), noted());

    get(studies.noteOfPatients(List.of()));
    assertEquals(List.of(), noted());

    get(studies.noteAll());
    assertEquals(List.of("1", "2"), noted());
  }

  @Test
  void notesAreReadFromBothEndsAFewAtATime() {
    for (String study : List.of("1", "2", "1", "3")) get(studies.noteOfPatients(List.of("p-" + study)));
    assertEquals(List.of(), get(studies.lastChanged(10)), "there is no such study yet");
    for (String study : List.of("1", "2", "3")) add(study, study + ".1", study + ".1.1");
    get(studies.noteOfPatients(List.of("p-1")));

    List<Changed> first = get(studies.changedAfter(0, 2));
    assertEquals(List.of("1", "2"), first.stream().map(Changed::study).toList());
    long seen = first.get(1).serials().iterator().next();
    assertEquals(List.of("3", "1"), get(studies.changedAfter(seen, 2)).stream().map(Changed::study).toList());
    assertEquals(List.of("1", "3"), get(studies.lastChanged(2)).stream().map(Changed::study).toList());
    assertEquals(List.of("1", "3", "2"), get(studies.lastChanged(9)).stream().map(Changed::study).toList());
    assertEquals(2, get(studies.lastChanged(9)).get(0).serials().size());
  }
}
