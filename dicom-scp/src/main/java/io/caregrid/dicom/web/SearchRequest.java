package io.caregrid.dicom.web;

import io.caregrid.contract.Failure;
import io.caregrid.dicom.data.Dictionary;
import io.caregrid.dicom.data.Tag;
import io.caregrid.dicom.data.Vr;
import io.caregrid.store.ImageQuery;
import io.caregrid.store.ImageQuery.Key;
import io.caregrid.store.ImageQuery.Level;
import io.caregrid.store.ImageQuery.Match;
import io.caregrid.store.ImageQuery.TagKey;
import io.caregrid.store.ImageTags;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;

/**
 * A QIDO-RS query, read (PS3.18 sections 8.3.4 and 10.6.1). What cannot be searched for is 400, as in Microsoft's service: a key that is quietly ignored
 * finds the wrong patients.
 *
 * @param level  what is searched for
 * @param scoped true when the address names the study
 * @param keys   those of the address included
 * @param fields tags to return beside the usual ones: those asked for and those searched by
 * @param all    {@code includefield=all}
 * @param tagged keys of extended query tags
 * @param shown  extended query tags to return: those searched by and those asked for
 * @param limit  most rows to answer
 * @param offset rows to leave out, 0..{@value #FARTHEST}
 */
record SearchRequest(Level level, boolean scoped, List<Key> keys, Set<Integer> fields, boolean all, boolean fuzzy,
    List<TagKey> tagged, List<ImageTags.Tag> shown, int limit, int offset) {

  /** Most rows in one answer. */
  static final int MOST = 5000;
  /** Most rows left out in front: they are looked at too. */
  static final int FARTHEST = 100_000;
  /** Rows when no limit is named and the address names no study: Microsoft's default. */
  static final int USUAL = 100;

  private static final Set<Integer> STUDY_KEYS = Set.of(Tag.STUDY_INSTANCE_UID, Tag.STUDY_DATE, Tag.STUDY_TIME,
      Tag.ACCESSION_NUMBER, Tag.MODALITIES_IN_STUDY, Tag.REFERRING_PHYSICIAN_NAME, Tag.STUDY_DESCRIPTION,
      Tag.NAME_OF_PHYSICIANS_READING_STUDY, Tag.ADMITTING_DIAGNOSES_DESCRIPTION, Tag.PATIENT_NAME, Tag.PATIENT_ID,
      Tag.PATIENT_BIRTH_DATE, Tag.PATIENT_SEX, Tag.STUDY_ID);
  private static final Set<Integer> SERIES_KEYS = Set.of(Tag.SERIES_INSTANCE_UID, Tag.MODALITY, Tag.SERIES_NUMBER,
      Tag.SERIES_DESCRIPTION, Tag.MANUFACTURER_MODEL_NAME, Tag.PERFORMED_PROCEDURE_STEP_START_DATE,
      Tag.PERFORMED_PROCEDURE_STEP_START_TIME, Tag.SERIES_DATE, Tag.SERIES_TIME, Tag.LATERALITY);
  private static final Set<Integer> INSTANCE_KEYS = Set.of(Tag.SOP_INSTANCE_UID, Tag.SOP_CLASS_UID, Tag.INSTANCE_NUMBER,
      Tag.NUMBER_OF_FRAMES, Tag.ROWS, Tag.COLUMNS, Tag.BITS_ALLOCATED);

  SearchRequest {
    keys = List.copyOf(keys);
    fields = Set.copyOf(fields);
    tagged = List.copyOf(tagged);
    shown = List.copyOf(shown);
  }

  /** One row more than asked for, which tells whether there are more. */
  ImageQuery query() {
    return new ImageQuery(level, keys, fuzzy, limit + 1, offset, tagged, shown);
  }

  /** Without extended query tags. */
  static SearchRequest of(Level level, String study, String series, List<Map.Entry<String, String>> parameters) {
    return of(level, study, series, parameters, List.of());
  }

  /** True when it takes the list of extended query tags to read these: something is asked for beyond the usual attributes. */
  static boolean asksForMore(List<Map.Entry<String, String>> parameters) {
    return parameters.stream().anyMatch(one -> switch (one.getKey().toLowerCase(Locale.ROOT)) {
      case "includefield" -> true;
      case "limit", "offset", "fuzzymatching", "accept", "charset" -> false;
      default -> {
        OptionalInt tag = Dictionary.tag(one.getKey());
        yield tag.isEmpty() || !isKept(tag.getAsInt());
      }
    });
  }

  /** What a search can be for without an extended query tag, at some level. */
  static boolean isKept(int tag) {
    return STUDY_KEYS.contains(tag) || SERIES_KEYS.contains(tag) || INSTANCE_KEYS.contains(tag);
  }

  /**
   * @param study      from the address, null when it names none; likewise {@code series}
   * @param parameters in their order, decoded; names may repeat
   * @param tags       all extended query tags
   * @throws Failure.Invalid naming the parameter
   */
  static SearchRequest of(Level level, String study, String series, List<Map.Entry<String, String>> parameters,
      List<ImageTags.Tag> tags) {
    Reading reading = new Reading(level, tags);
    if (study != null) reading.keys.add(new Key(Tag.STUDY_INSTANCE_UID, new Match.Exact(study)));
    if (series != null) reading.keys.add(new Key(Tag.SERIES_INSTANCE_UID, new Match.Exact(series)));
    parameters.forEach(one -> reading.take(one.getKey(), one.getValue()));
    int limit = reading.limit > 0 ? reading.limit : study == null ? USUAL : MOST;
    return new SearchRequest(level, study != null, reading.keys, reading.fields, reading.all, reading.fuzzy,
        reading.tagged, reading.shown(), Math.min(limit, MOST), reading.offset);
  }

  private static final class Reading {
    private final Level level;
    private final List<ImageTags.Tag> tags;
    private final List<TagKey> tagged = new ArrayList<>();
    private final List<Key> keys = new ArrayList<>();
    private final Set<Integer> fields = new HashSet<>();
    private final Set<String> seen = new HashSet<>();
    private boolean all;
    private boolean fuzzy;
    private int limit;
    private int offset;

    Reading(Level level, List<ImageTags.Tag> tags) {
      this.level = level;
      this.tags = tags;
    }

    /** Of those that may be searched by, and that are of this level or of one above. */
    List<ImageTags.Tag> shown() {
      return tags.stream()
          .filter(tag -> tag.isSearchable() && tag.level().compareTo(level) <= 0)
          .filter(tag -> all || fields.contains(tag.number()))
          .toList();
    }

    void take(String name, String value) {
      String word = name.toLowerCase(Locale.ROOT);
      if (!word.equals("includefield") && !seen.add(word)) throw new Failure.Invalid(name + " is given twice");
      switch (word) {
        case "includefield" -> include(value);
        case "limit" -> limit = number(word, value, 1);
        case "offset" -> offset = offset(value);
        case "fuzzymatching" -> fuzzy = truth(word, value);
        case "accept", "charset" -> {} // for the answer, not for the search
        default -> key(name, value);
      }
    }

    private void include(String names) {
      for (String name : names.split(",", -1)) {
        if (name.strip().equalsIgnoreCase("all")) all = true;
        else fields.add(known("includefield", name.strip()));
      }
    }

    private void key(String name, String value) {
      int tag = known("search", name);
      ImageTags.Tag extended = isKept(tag) ? null : extended(tag);
      if (extended != null) {
        extended(name, extended, value.strip());
        return;
      }
      if (Dictionary.vr(tag) == Vr.SQ || !searchable(tag))
        throw new Failure.Invalid(name + " cannot be searched for " + place(tag));
      fields.add(tag);
      String asked = value.strip();
      if (!asked.isEmpty() && !asked.matches("\\*+")) keys.add(new Key(tag, match(name, Dictionary.vr(tag), asked)));
    }

    /** A private attribute is known when there is a tag for it. */
    private int known(String use, String name) {
      OptionalInt tag = name.contains(".") ? OptionalInt.empty() : Dictionary.tag(name);
      return tag.isPresent() && extended(tag.getAsInt()) != null ? tag.getAsInt() : tag(use, name);
    }

    /** Null: there is none. */
    private ImageTags.Tag extended(int tag) {
      return tags.stream().filter(one -> one.number() == tag).findFirst().orElse(null);
    }

    private void extended(String name, ImageTags.Tag tag, String asked) {
      if (!tag.ready())
        throw new Failure.Invalid(name + " cannot be searched for yet: what is here is still being indexed by it");
      if (!tag.enabled()) throw new Failure.Invalid(name + " cannot be searched for: its queryStatus is Disabled");
      if (tag.level().compareTo(level) > 0)
        throw new Failure.Invalid(
            name + " cannot be searched for among " + (level == Level.STUDY ? "studies" : "series"));
      fields.add(tag.number());
      if (!asked.isEmpty() && !asked.matches("\\*+")) tagged.add(new TagKey(tag, match(name, tag.vr(), asked)));
    }

    private boolean searchable(int tag) {
      return STUDY_KEYS.contains(tag) || level != Level.STUDY && SERIES_KEYS.contains(tag)
          || level == Level.INSTANCE && INSTANCE_KEYS.contains(tag);
    }

    private String place(int tag) {
      if (level == Level.STUDY && tag == Tag.MODALITY) return "among studies: ModalitiesInStudy can";
      boolean below = SERIES_KEYS.contains(tag) || INSTANCE_KEYS.contains(tag);
      return below ? "among " + (level == Level.STUDY ? "studies" : "series") : "here";
    }
  }

  /** A keyword of PS3.6 or eight hexadecimal digits, also at the end of a path such as {@code 00400275.00400007}. */
  private static int tag(String use, String name) {
    if (name.contains(".")) {
      for (String step : name.split("\\.", -1)) tag(use, step);
      throw new Failure.Invalid(
          use + ": " + shown(name) + " names an attribute inside of a sequence, which is not kept for searching");
    }
    OptionalInt tag = Dictionary.tag(name);
    if (tag.isEmpty() || Dictionary.keyword(tag.getAsInt()) == null)
      throw new Failure.Invalid(use + ": " + shown(name) + " is neither an attribute's keyword nor its tag (PS3.6)");
    return tag.getAsInt();
  }

  /** What a client wrote where a name belongs might be a patient's. */
  private static String shown(String name) {
    return name.matches("[0-9A-Za-z.]{1,130}") ? name : "what is named there";
  }

  private static Match match(String name, Vr vr, String asked) {
    return switch (vr) {
      case UI -> uids(name, asked);
      case DA -> range(name, asked, "\\d{8}", "YYYYMMDD, or a range such as 20240101-20240131");
      case TM -> range(name, asked, "\\d{2}(\\d{2}(\\d{2}(\\.\\d{1,6})?)?)?", "HHMMSS, or a range such as 0800-1200");
      case IS, US -> new Match.Exact(integer(name, asked));
      case CS -> codes(asked);
      default -> text(asked);
    };
  }

  /** Of an extended query tag. */
  private static Match match(String name, String vr, String asked) {
    if (ImageTags.NUMBERS.contains(vr)) return new Match.Exact(decimal(name, asked));
    if (vr.equals("DT")) return moments(name, asked);
    return match(name, Vr.valueOf(vr), asked);
  }

  private static String decimal(String name, String asked) {
    if (!asked.matches("[+-]?(\\d{1,20}(\\.\\d{0,20})?|\\.\\d{1,20})([eE][+-]?\\d{1,3})?"))
      throw new Failure.Invalid(name + " must be a number");
    return asked;
  }

  /** A hyphen may begin an offset from UTC (PS3.5 6.2 DT), too, which values are compared without. */
  private static Match moments(String name, String asked) {
    Match match = range(name, asked, "\\d{4}(\\d{2}){0,5}(\\.\\d{1,6})?",
        "YYYYMMDDHHMMSS, or a range such as 20240101-20240131");
    if (match instanceof Match.Range range && range.from() != null && range.to() != null
        && range.from().compareTo(range.to() + "~") > 0)
      throw new Failure.Invalid(name + " must not end before it begins; an offset from UTC is left out");
    return match;
  }

  private static Match text(String asked) {
    return asked.contains("*") || asked.contains("?") ? new Match.Wild(asked) : new Match.Exact(asked);
  }

  /** A code string holds neither comma nor backslash (PS3.5 6.2), so these separate several. */
  private static Match codes(String asked) {
    String[] several = asked.split("[,\\\\]");
    return several.length > 1 && !asked.matches(".*[*?].*") ? new Match.Any(List.of(several)) : text(asked);
  }

  /** PS3.18 8.3.4.1: separated by commas; a backslash is what C-FIND has. */
  private static Match uids(String name, String asked) {
    List<String> uids = List.of(asked.split("[,\\\\]"));
    if (uids.isEmpty() || !uids.stream().allMatch(Addresses::isUid))
      throw new Failure.Invalid(name + " must be a UID, or several separated by commas");
    return uids.size() == 1 ? new Match.Exact(uids.get(0)) : new Match.Any(uids);
  }

  private static String integer(String name, String asked) {
    if (!asked.matches("[+-]?\\d{1,10}")) throw new Failure.Invalid(name + " must be an integer");
    return String.valueOf(Long.parseLong(asked));
  }

  private static Match range(String name, String asked, String form, String words) {
    String[] ends = asked.split("-", -1);
    boolean readable = ends.length <= 2 && !asked.equals("-");
    for (String end : ends) readable = readable && (end.isEmpty() || end.matches(form) && exists(end, form));
    if (!readable) throw new Failure.Invalid(name + " must be " + words);
    if (ends.length == 1) return new Match.Exact(asked);
    return new Match.Range(ends[0].isEmpty() ? null : ends[0], ends[1].isEmpty() ? null : ends[1]);
  }

  private static boolean exists(String end, String form) {
    if (!form.equals("\\d{8}")) return true;
    try {
      return LocalDate.parse(end, DateTimeFormatter.BASIC_ISO_DATE) != null;
    } catch (DateTimeException none) {
      return false;
    }
  }

  private static int number(String name, String value, int least) {
    if (!value.matches("\\d{1,9}") || Integer.parseInt(value) < least)
      throw new Failure.Invalid(name + " must be a whole number, at least " + least);
    return Integer.parseInt(value);
  }

  private static int offset(String value) {
    int offset = number("offset", value, 0);
    if (offset > FARTHEST)
      throw new Failure.Invalid("offset must be at most " + FARTHEST + ": narrow the search, by StudyDate for example");
    return offset;
  }

  private static boolean truth(String name, String value) {
    if (!value.equals("true") && !value.equals("false")) throw new Failure.Invalid(name + " must be true or false");
    return value.equals("true");
  }
}
