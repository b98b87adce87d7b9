package io.caregrid.store;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.contract.Failure;
import io.vertx.core.Future;
import io.vertx.pgclient.PgException;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Where every picture is and how it is found. The bytes are not here: {@code io.caregrid.dicom.archive} keeps them, and writes them before their row.
 *
 * <p>Study and series attributes are those of the latest instance that came. Counts are counted when asked for. Any thread.
 */
public final class ImageIndex {
  private static final String LOCATED = """
      select s.study, e.series, i.instance, i.sop_class, i.transfer_syntax, i.frames, i.node, i.file, i.pos, i.length, i.crc, i.stored
      from image_study s join image_series e on e.study_id = s.id join image_instance i on i.series_id = e.id
      where s.study = $1""";
  private static final String PATIENTS = """
      select distinct patient_id from image_study where study = any($1) and patient_id is not null""";
  private static final String REMOVE = "select remove_images($1, $2, $3) as gone";
  private static final String SETTLED = "delete from image_study_change where serial = any($1)";

  private final Database database;
  private final ImageSearch search;
  private final ImageAdding adding;

  public ImageIndex(Database database) {
    this.database = database;
    this.search = new ImageSearch(database);
    this.adding = new ImageAdding(database);
  }

  /** What became of its instances, in order. */
  public ImageChanges changes() {
    return new ImageChanges(database);
  }

  /** By which more attributes its instances are found. */
  public ImageTags tags() {
    return new ImageTags(database);
  }

  /** For work on it that one node at a time does. */
  public Lease lease(String work) {
    return new Lease(database, work);
  }

  /** The same index, for the keeper of the files. */
  public ImageFiles files() {
    return new ImageFiles(database);
  }

  /**
   * An instance and where its bytes are.
   *
   * @param node   id of the archive folder
   * @param file   path below that folder, with slashes
   * @param offset of the first byte of the Part 10 file in {@code file}
   * @param length bytes
   * @param crc32c of these bytes
   */
  public record Located(String study, String series, String instance, String sopClass, String transferSyntax,
      long frames, String node, String file, long offset, long length, int crc32c, OffsetDateTime storedAt) {
    boolean sameBytesAs(Place place) {
      return node.equals(place.node) && file.equals(place.file) && offset == place.offset;
    }
  }

  /** Where bytes lie, as in {@link Located}. */
  public record Place(String node, String file, long offset, long length, int crc32c) {}

  /**
   * What is added: a place and three objects of DICOM JSON (PS3.18 annex F) with the attributes each level keeps.
   *
   * @param study    patient's and study's attributes
   * @param series   the series' own
   * @param instance the instance's own
   * @param tagged   what extended query tags find it by
   */
  public record Entry(Located located, ObjectNode study, ObjectNode series, ObjectNode instance,
      ImageTags.Tagged tagged) {
    /** Its tags were not read: they will be. */
    public Entry(Located located, ObjectNode study, ObjectNode series, ObjectNode instance) {
      this(located, study, series, instance, ImageTags.Tagged.UNREAD);
    }
  }

  /**
   * What became of an entry.
   *
   * @param added false: the instance was here before, or is {@link #REMOVED}
   * @param study and series: where it is filed
   * @param place of the bytes that count
   */
  public record Known(boolean added, String study, String series, Place place) {
    /** Added by an earlier attempt whose answer was lost, and removed since: its place is garbage. */
    public static final Known REMOVED = new Known(false, null, null, null);
  }

  /**
   * Adds what is new, and notes the studies as changed. An instance that is here stays as it is. A failure may leave some of them added: whoever got
   * no answer, or one he does not believe, asks {@link #addAgain} with the same places, which gives the same answer.
   *
   * @param entries at places that nobody was ever asked to add
   * @return one for each entry, in their order; of two entries with one SOP Instance UID the first counts
   */
  public Future<List<Known>> add(List<Entry> entries) {
    if (entries.isEmpty()) return Future.succeededFuture(List.of());
    return adding.add(entries).recover(Failures::recover);
  }

  /** True when it is the database's own word that it will not have what it was asked to add: nothing of that statement was done. */
  public static boolean refuses(Throwable cause) {
    return cause instanceof Failure.Invalid || cause instanceof PgException;
  }

  /** As {@link #add}, slower, for places that an earlier attempt may have added: those may be removed since, or are just being removed. */
  public Future<List<Known>> addAgain(List<Entry> entries) {
    if (entries.isEmpty()) return Future.succeededFuture(List.of());
    return adding.addAgain(entries).recover(Failures::recover);
  }

  /** Everything of a study, of a series, or one instance; in the order it came. Empty when there is nothing. */
  public Future<List<Located>> instances(String study, String seriesOrNull, String instanceOrNull) {
    Tuple values = Tuple.of(study);
    if (seriesOrNull != null) values.addString(seriesOrNull);
    if (instanceOrNull != null) values.addString(instanceOrNull);
    return database.ask(located(seriesOrNull, instanceOrNull), values).map(rows -> {
      List<Located> found = new ArrayList<>(rows.size());
      for (Row row : rows) found.add(located(row));
      return found;
    }).recover(Failures::recover);
  }

  /** One statement for each kind of question: one that suits them all would look at every instance of a study to give one. */
  static String located(String seriesOrNull, String instanceOrNull) {
    String series = seriesOrNull == null ? "" : " and e.series = $2";
    String instance = instanceOrNull == null ? "" : " and i.instance = $" + (seriesOrNull == null ? 2 : 3);
    return LOCATED + series + instance + " order by e.id, i.sid";
  }

  /** Whose studies these are: Patient IDs (0010,0020) as they are searched, in lower case; each once. */
  public Future<List<String>> patientIds(List<String> studies) {
    if (studies.isEmpty()) return Future.succeededFuture(List.of());
    return database.ask(PATIENTS, Tuple.tuple().addValue(studies.toArray(String[]::new))).map(rows -> {
      List<String> found = new ArrayList<>(rows.size());
      for (Row row : rows) found.add(row.getString("patient_id"));
      return found;
    }).recover(Failures::recover);
  }

  static Located located(Row row) {
    return new Located(row.getString("study"), row.getString("series"), row.getString("instance"),
        row.getString("sop_class"), row.getString("transfer_syntax"), row.getLong("frames"), row.getString("node"),
        row.getString("file"), row.getLong("pos"), row.getLong("length"), row.getInteger("crc"),
        row.getOffsetDateTime("stored"));
  }

  /**
   * One thing found, as DICOM JSON; {@code series} and {@code instance} are null above their level. The study carries (0008,0056), (0008,0061),
   * (0020,1206) and (0020,1208), the series (0020,1209), the instance (0008,0056). Rows of one study or series share its object: not to be changed.
   */
  public record Found(ObjectNode study, ObjectNode series, ObjectNode instance) {
    /** All in one object, in the order of tags. */
    public ObjectNode merged() {
      return ImageSearch.merged(this);
    }
  }

  /** {@link Failure.TooLarge}: more than one answer holds; a smaller limit helps. */
  public Future<List<Found>> search(ImageQuery query) {
    return search.run(query).recover(Failures::recover);
  }

  /**
   * Removes the rows of a study, of one series, or of one instance, and notes their bytes as garbage, in one transaction.
   *
   * @return how many instances
   */
  public Future<Long> remove(String study, String seriesOrNull, String instanceOrNull) {
    return remove(Tuple.of(study, seriesOrNull, instanceOrNull), 3).recover(Failures::recover);
  }

  private Future<Long> remove(Tuple which, int attempts) {
    return database.ask(REMOVE, which)
        .map(rows -> rows.iterator().next().getLong("gone"))
        .recover(cause -> attempts > 1 && Failures.lostRace(cause)
            ? remove(which, attempts - 1)
            : Future.failedFuture(cause));
  }

  /**
   * A study that got or lost instances since somebody settled it.
   *
   * @param serials the notes seen: to be handed back
   */
  public record Changed(String study, Set<Long> serials) {
    public Changed {
      serials = Set.copyOf(serials);
    }
  }

  /** The study as it was after {@link ImageStudies#changedAfter} has been taken in. A change that came since keeps its note. */
  public Future<Void> settled(Changed changed) {
    return database.ask(SETTLED, Tuple.tuple().addValue(changed.serials().toArray(Long[]::new)))
        .<Void>mapEmpty()
        .recover(Failures::recover);
  }
}
