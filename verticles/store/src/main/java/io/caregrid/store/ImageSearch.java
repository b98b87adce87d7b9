package io.caregrid.store;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.contract.Failure;
import io.caregrid.store.ImageIndex.Found;
import io.caregrid.store.ImageQuery.Key;
import io.caregrid.store.ImageQuery.Level;
import io.caregrid.store.ImageQuery.Match;
import io.caregrid.store.ImageQuery.TagKey;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * One search as one statement: the page is found first, by index or by walking the newest first, and only its rows are counted and unpacked.
 * Attributes that have no column are looked up in the JSON, those of extended query tags in the index of their values.
 * A study's and a series' attributes come once, however many of their instances are found,
 * and an answer holds at most {@value #MOST_BYTES} bytes of attributes: {@link Failure.TooLarge} asks for fewer rows.
 */
final class ImageSearch {
  /** Some thousand studies, or five thousand instances, have a fifth of that; in memory it is several times as much. */
  private static final int MOST_BYTES = 16 << 20;
  private static final int SOP_INSTANCE = 0x00080018;
  private static final int MODALITY = 0x00080060;
  private static final int MODALITIES_IN_STUDY = 0x00080061;
  private static final int STUDY_UID = 0x0020000D;
  private static final int SERIES_UID = 0x0020000E;

  /** Folded as a date: written YYYYMMDD. */
  private static final Map<Integer, String> DATES = Map.of(0x00080020, "s.study_date", 0x00100030, "s.birth_date",
      0x00400244, "e.step_date");
  private static final Map<Integer, String> UIDS = Map.of(STUDY_UID, "s.study", SERIES_UID, "e.series", SOP_INSTANCE,
      "i.instance", 0x00080016, "i.sop_class");
  private static final Map<Integer, String> STRINGS = Map.of(0x00100020, "s.patient_id", 0x00080050, "s.accession",
      0x00081030, "s.description", MODALITY, "e.modality", 0x00081090, "e.model");
  private static final Map<Integer, String> NAMES = Map.of(0x00100010, "s.patient", 0x00080090, "s.referring");
  /** What the series keeps without a column, and the instance; anything else is the study's. */
  static final Set<Integer> OF_SERIES = Set.of(0x00200011, 0x00200060, 0x00080021, 0x00080031, 0x0008103E,
      0x00400245, 0x00180015);
  static final Set<Integer> OF_INSTANCE = Set.of(0x00200013, 0x00280008, 0x00280010, 0x00280011, 0x00280100);

  private final Database database;

  ImageSearch(Database database) {
    this.database = database;
  }

  Future<List<Found>> run(ImageQuery query) {
    Statement statement = Statement.of(query);
    return database.search(statement.sql(), statement.values()).map(rows -> {
      Reading reading = new Reading(query.level());
      List<Found> found = new ArrayList<>(rows.size());
      for (Row row : rows) found.add(reading.found(row));
      return found;
    });
  }

  /** Rows → what was found. The objects of a study and of a series are those of all its rows. */
  private static final class Reading {
    private final Level level;
    private final Map<Long, ObjectNode> studies = new HashMap<>();
    private final Map<Long, ObjectNode> series = new HashMap<>();

    Reading(Level level) {
      this.level = level;
    }

    Found found(Row row) {
      if (row.getLong("bytes") > MOST_BYTES)
        throw new Failure.TooLarge("what was found is more than one answer holds: ask again with a smaller limit");
      ObjectNode study = studies.computeIfAbsent(row.getLong("study_id"), id -> study(row));
      if (level == Level.STUDY) return new Found(tagged(study, row), null, null);
      ObjectNode itsSeries = series.computeIfAbsent(row.getLong("series_id"), id -> series(row));
      if (level == Level.SERIES) return new Found(study, tagged(itsSeries, row), null);
      ObjectNode instance = read(row.getString("instance_attributes"));
      put(instance, "00080056", "CS", "ONLINE");
      return new Found(study, itsSeries, tagged(instance, row));
    }

    /** At the level of the search, where each row has an object of its own, whatever level a tag is of. */
    private static ObjectNode tagged(ObjectNode found, Row row) {
      String values = row.getColumnIndex("tag_values") < 0 ? null : row.getString("tag_values");
      if (values != null)
        read(values).properties().forEach(one -> {
          if (!found.has(one.getKey())) found.set(one.getKey(), one.getValue());
        });
      return found;
    }

    private static ObjectNode study(Row row) {
      ObjectNode study = read(row.getString("study_attributes"));
      put(study, "00080056", "CS", "ONLINE");
      values(study, "00080061", "CS", row.getArrayOfStrings("modalities"));
      number(study, "00201206", row.getLong("series_count"));
      number(study, "00201208", row.getLong("instance_count"));
      return study;
    }

    private static ObjectNode series(Row row) {
      ObjectNode series = read(row.getString("series_attributes"));
      number(series, "00201209", row.getLong("series_instances"));
      return series;
    }
  }

  private static ObjectNode read(String json) {
    return Json.read(json.getBytes(StandardCharsets.UTF_8));
  }

  private static void put(ObjectNode into, String tag, String vr, String value) {
    values(into, tag, vr, new String[] {value});
  }

  private static void values(ObjectNode into, String tag, String vr, String[] values) {
    ObjectNode element = into.putObject(tag).put("vr", vr);
    if (values == null || values.length == 0) return;
    var array = element.putArray("Value");
    for (String value : values) array.add(value);
  }

  private static void number(ObjectNode into, String tag, long value) {
    into.putObject(tag).put("vr", "IS").putArray("Value").add(value);
  }

  static ObjectNode merged(Found found) {
    TreeMap<String, JsonNode> all = new TreeMap<>();
    for (ObjectNode level : new ObjectNode[] {found.study(), found.series(), found.instance()})
      if (level != null) level.properties().forEach(element -> all.put(element.getKey(), element.getValue()));
    ObjectNode merged = Json.MAPPER.createObjectNode();
    merged.setAll(all);
    return merged;
  }

  /** SQL and its values. */
  record Statement(String sql, Tuple values) {
    static Statement of(ImageQuery query) {
      Conditions where = new Conditions(query);
      String ids = switch (query.level()) {
        case STUDY -> "s.id as study_id from image_study s";
        case SERIES ->
          "s.id as study_id, e.id as series_id from image_series e join image_study s on s.id = e.study_id";
        case INSTANCE -> """
            s.id as study_id, e.id as series_id, i.instance from image_instance i join image_series e on e.id = i.series_id
            join image_study s on s.id = e.study_id""";
      };
      String order = switch (query.level()) {
        case STUDY -> "s.id";
        case SERIES -> "e.id";
        case INSTANCE -> "i.sid";
      };
      String page = "select row_number() over (order by " + order + " desc) as n, " + ids + where.sql() + " order by "
          + order + " desc limit " + where.value(query.limit()) + " offset " + where.value(query.offset());
      String shown = query.shown().isEmpty()
          ? null
          : tagValues(query.level(),
              where.value(query.shown().stream().map(ImageTags.Tag::id).toArray(Integer[]::new)));
      return new Statement(
          Database.PLANNED + "with page as materialized (" + page + ") " + rows(query.level(), shown), where.values);
    }

    /** One object with the values of those tags that what is found has, or null. */
    private static String tagValues(Level level, String tags) {
      String id = "case t.level when 'S' then p.study_id";
      if (level != Level.STUDY) id += " when 'E' then p.series_id";
      if (level == Level.INSTANCE) id += " when 'I' then i.sid";
      return "(select jsonb_object_agg(t.path, v.value)::text from image_tag t join image_tag_value v on v.tag = t.id and v.id = "
          + id + " end where t.id = any(" + tags + ")) as tag_values";
    }

    /** @param tagValues null: none are shown */
    private static String rows(Level level, String tagValues) {
      String counted = STUDIES_COUNTED;
      String select = "select p.n, p.study_id, c.modalities, c.series_count, c.instance_count, "
          + once("s", "p.study_id", "study");
      String bytes = "coalesce(octet_length(study_attributes), 0)";
      String from = " from page p join image_study s on s.id = p.study_id join studies c on c.study_id = p.study_id";
      if (level != Level.STUDY) {
        counted += SERIES_COUNTED;
        select += ", p.series_id, f.instance_count as series_instances, " + once("e", "p.series_id", "series");
        bytes += " + coalesce(octet_length(series_attributes), 0)";
        from += " join image_series e on e.id = p.series_id join series f on f.series_id = p.series_id";
      }
      if (level == Level.INSTANCE) {
        select += ", i.attributes::text as instance_attributes";
        bytes += " + octet_length(instance_attributes)";
        from += " join image_instance i on i.instance = p.instance";
      }
      if (tagValues != null) {
        select += ", " + tagValues;
        bytes += " + coalesce(octet_length(tag_values), 0)";
      }
      return counted + "select * from (select r.*, sum(" + bytes + ") over w as bytes, " + bytes + " as own from ("
          + select + from + ") r window w as (order by n)) b where bytes - own <= " + MOST_BYTES + " order by n";
    }

    /** The first row of a study or series has its attributes, for all of them. */
    private static String once(String table, String id, String name) {
      return "case when row_number() over (partition by " + id + " order by p.n) = 1 then " + table
          + ".attributes::text end as " + name + "_attributes";
    }

    /** Each study and series once, however many of its instances are on the page. */
    private static final String STUDIES_COUNTED = """
        , studies as materialized (select d.study_id,
          (select count(*) from image_series x where x.study_id = d.study_id) as series_count,
          (select count(*) from image_series x join image_instance y on y.series_id = x.id where x.study_id = d.study_id) as instance_count,
          (select array_agg(distinct upper(x.modality) order by upper(x.modality)) from image_series x
            where x.study_id = d.study_id and x.modality is not null) as modalities
          from (select distinct study_id from page) d)
        """;
    private static final String SERIES_COUNTED = """
        , series as materialized (select d.series_id,
          (select count(*) from image_instance x where x.series_id = d.series_id) as instance_count
          from (select distinct series_id from page) d)
        """;
  }

  /** The where clause; values are parameters, always. */
  private static final class Conditions {
    private final List<String> conditions = new ArrayList<>();
    private final Tuple values = Tuple.tuple();
    private final boolean fuzzy;

    Conditions(ImageQuery query) {
      fuzzy = query.fuzzy();
      query.keys().forEach(this::add);
      query.tagged().forEach(this::add);
    }

    String sql() {
      return conditions.isEmpty() ? "" : " where " + String.join(" and ", conditions);
    }

    String value(Object value) {
      values.addValue(value);
      return "$" + values.size();
    }

    private void add(Key key) {
      int tag = key.tag();
      if (tag == MODALITIES_IN_STUDY)
        conditions.add("exists (select from image_series m where m.study_id = s.id and "
            + matches("m.modality", key.match(), ImageSearch::folded) + ")");
      else
        if (UIDS.containsKey(tag)) conditions.add(matches(UIDS.get(tag), key.match(), text -> text));
        else if (DATES.containsKey(tag)) conditions.add(matches(DATES.get(tag), key.match(), text -> text));
        else if (STRINGS.containsKey(tag)) conditions.add(matches(STRINGS.get(tag), key.match(), ImageSearch::folded));
        else if (NAMES.containsKey(tag)) conditions.add(named(NAMES.get(tag), key.match()));
        else inJson(tag, key.match());
    }

    private String matches(String column, Match match, java.util.function.UnaryOperator<String> folding) {
      if (match instanceof Match.Exact exact) return column + " = " + value(folding.apply(exact.value()));
      if (match instanceof Match.Wild wild)
        return column + " like " + value(pattern(folding.apply(wild.pattern())));
      if (match instanceof Match.Any any)
        return column + " = any(" + value(any.values().stream().map(folding).toArray(String[]::new)) + ")";
      Match.Range range = (Match.Range) match;
      List<String> ends = new ArrayList<>();
      if (range.from() != null) ends.add(column + " >= " + value(folding.apply(range.from())));
      if (range.to() != null) ends.add(column + " <= " + value(folding.apply(range.to())));
      return String.join(" and ", ends);
    }

    /** By the index of the tag's values, or one by one by their keys, as the database finds less. */
    private void add(TagKey key) {
      ImageTags.Tag tag = key.tag();
      String id = switch (tag.level()) {
        case STUDY -> "s.id";
        case SERIES -> "e.id";
        case INSTANCE -> "i.sid";
      };
      // the columns of a name are called as in a study's row
      conditions.add(id + " in (select v.id from (select tag, id, number, text as of_name, names as of_names, "
          + "words as of_words from image_tag_value) v where v.tag = " + value(tag.id()) + " and "
          + valued(tag.vr(), key.match()) + ")");
    }

    private String valued(String vr, Match match) {
      if (ImageTags.NUMBERS.contains(vr))
        return "v.number = " + value(Double.valueOf(((Match.Exact) match).value()));
      if (vr.equals("PN")) return named("v.of", match);
      if (vr.equals("UI")) return matches("v.of_name", match, text -> text);
      boolean time = vr.equals("TM") || vr.equals("DT");
      // up to 10:15 is up to the end of that minute: what is written more exactly sorts before the tilde
      if (time && match instanceof Match.Range range && range.to() != null)
        return matches("v.of_name", new Match.Range(range.from(), range.to() + "~"), ImageSearch::folded);
      return matches("v.of_name", match, ImageSearch::folded);
    }

    private String named(String whose, Match match) {
      String asked = match instanceof Match.Exact exact ? exact.value() : ((Match.Wild) match).pattern();
      return fuzzy ? fuzzy(whose, asked) : oneOfTheGroups(whose, match, ImageColumns.named(asked));
    }

    private String fuzzy(String whose, String asked) {
      String words = ImageColumns.words(ImageColumns.named(asked.replace('*', ' ').replace('?', ' '))).strip();
      List<String> begins = new ArrayList<>();
      for (String word : words.split(" "))
        begins.add(whose + "_words like " + value("% " + pattern(word) + "%"));
      return String.join(" and ", begins);
    }

    /** Only what is not plain Latin can be in the other groups, and asking for them takes the index away. */
    private String oneOfTheGroups(String whose, Match match, String folded) {
      boolean exact = match instanceof Match.Exact;
      String alphabetic = whose + (exact ? "_name = " + value(folded) : "_name like " + value(pattern(folded)));
      boolean latin = folded.chars().allMatch(c -> c < 0x250);
      String like = exact ? escaped(folded) : pattern(folded);
      return latin
          ? alphabetic
          : "(" + alphabetic + " or " + whose + "_names like " + value("%=" + like + "=%") + ")";
    }

    /** Any of the values may match (PS3.4 C.2.2.3.1); person names by their alphabetic group. */
    private void inJson(int tag, Match match) {
      String table = OF_INSTANCE.contains(tag) ? "i" : OF_SERIES.contains(tag) ? "e" : "s";
      String element = table + ".attributes #> " + "array[" + value(String.format("%08X", tag)) + ", 'Value']";
      String text = "lower(coalesce(v ->> 'Alphabetic', v #>> '{}'))";
      conditions.add("exists (select from jsonb_array_elements(" + element + ") v where "
          + matches(text, match, ImageSearch::folded) + ")");
    }
  }

  private static String folded(String asked) {
    return asked.strip().toLowerCase(Locale.ROOT);
  }

  /** DICOM's wildcards in LIKE's words. */
  static String pattern(String wild) {
    return escaped(wild).replace('*', '%').replace('?', '_');
  }

  private static String escaped(String text) {
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_");
  }
}
