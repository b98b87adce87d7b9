package io.caregrid.store;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.store.ImageIndex.Changed;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;

/** The image index a whole study at a time, for whoever tells others what is in it. Any thread. */
public final class ImageStudies {
  private static final String STUDY = """
      select s.attributes::text as study, e.series, e.attributes::text as attributes, i.uids, i.classes, i.numbers
      from image_study s join image_series e on e.study_id = s.id join lateral (
        select array_agg(instance order by sid) as uids, array_agg(sop_class order by sid) as classes,
          array_agg(attributes #>> '{00200013,Value,0}' order by sid) as numbers
        from image_instance where series_id = e.id) i on i.uids is not null
      where s.study = $1 order by e.id""";
  private static final String OF_PATIENTS = """
      insert into image_study_change (study) select study from image_study where patient_id = any($1)""";
  private static final String ALL = "insert into image_study_change (study) select study from image_study";

  private static final String CHANGED_AFTER = """
      select study, array_agg(serial) as serials
      from (select serial, study from image_study_change where serial > $1 order by serial limit $2) c
      group by study order by min(serial)""";
  private static final String LAST_CHANGED = """
      select study, array_agg(serial) as serials
      from (select serial, study from image_study_change order by serial desc limit $1) c
      group by study order by max(serial) desc""";

  private final Database database;

  public ImageStudies(Database database) {
    this.database = database;
  }

  /**
   * A study as it is at one moment.
   *
   * @param attributes patient's and study's, DICOM JSON
   * @param series     those with instances, never empty
   */
  public record Study(ObjectNode attributes, List<Series> series) {}

  /** @param instances in the order they came, never empty */
  public record Series(String uid, ObjectNode attributes, List<Instance> instances) {}

  /** @param number Instance Number as it is written, null when there is none */
  public record Instance(String uid, String sopClass, String number) {}

  /** Null when there is no such study. */
  public Future<Study> read(String study) {
    return database.ask(STUDY, Tuple.of(study)).map(ImageStudies::study).recover(Failures::recover);
  }

  private static Study study(RowSet<Row> rows) {
    List<Series> series = new ArrayList<>(rows.size());
    ObjectNode attributes = null;
    for (Row row : rows) {
      attributes = json(row, "study");
      series.add(new Series(row.getString("series"), json(row, "attributes"), instances(row)));
    }
    return attributes == null ? null : new Study(attributes, series);
  }

  private static List<Instance> instances(Row row) {
    String[] uids = row.getArrayOfStrings("uids");
    String[] classes = row.getArrayOfStrings("classes");
    String[] numbers = row.getArrayOfStrings("numbers");
    List<Instance> instances = new ArrayList<>(uids.length);
    for (int i = 0; i < uids.length; i++) instances.add(new Instance(uids[i], classes[i], numbers[i]));
    return instances;
  }

  private static ObjectNode json(Row row, String column) {
    return Json.read(row.getString(column).getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Studies to look at, longest waiting first, by the notes behind {@code serial}. One may no longer exist. Whoever has looked <em>afterwards</em> calls
   * {@link ImageIndex#settled}.
   *
   * @param notes most notes looked at, at least 1: when the answer names fewer, there are no more
   */
  public Future<List<Changed>> changedAfter(long serial, int notes) {
    return changed(database.ask(CHANGED_AFTER, Tuple.of(serial, notes)));
  }

  /** As {@link #changedAfter}, but by the newest notes there are, those that changed last first. */
  public Future<List<Changed>> lastChanged(int notes) {
    return changed(database.ask(LAST_CHANGED, Tuple.of(notes)));
  }

  private static Future<List<Changed>> changed(Future<RowSet<Row>> asked) {
    return asked.map(rows -> {
      List<Changed> changed = new ArrayList<>(rows.size());
      for (Row row : rows)
        changed.add(new Changed(row.getString("study"), Set.of(row.getArrayOfLongs("serials"))));
      return changed;
    }).recover(Failures::recover);
  }

  /** Notes the studies of these patients as changed: something outside the archive did. @param patientIds Patient IDs, compared as a search does */
  public Future<Integer> noteOfPatients(Collection<String> patientIds) {
    String[] folded = patientIds.stream().map(ImageColumns::folded).filter(id -> id != null).toArray(String[]::new);
    if (folded.length == 0) return Future.succeededFuture(0);
    return database.ask(OF_PATIENTS, Tuple.tuple().addValue(folded)).map(RowSet::rowCount).recover(Failures::recover);
  }

  /** Notes every study as changed. */
  public Future<Integer> noteAll() {
    return database.ask(ALL, Tuple.tuple()).map(RowSet::rowCount).recover(Failures::recover);
  }
}
