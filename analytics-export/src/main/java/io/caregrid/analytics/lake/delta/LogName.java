package io.caregrid.analytics.lake.delta;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A file in {@code _delta_log}: {@code 00000000000000000042.json} and the like. The version comes first, in 20 digits, so that the names sort by it; and
 * {@code .checkpoint} sorts before {@code .json} of the same version.
 *
 * @param version the first version it is about
 */
record LogName(String name, long version, Kind kind) {
  /** Others ({@code OTHER}) are checksums, checkpoints in parts and compacted versions: we neither write nor need them, but remove them in time. */
  enum Kind {
    COMMIT, CHECKPOINT, OTHER
  }

  private static final Pattern FORM = Pattern.compile("(\\d{20})\\.(.+)");

  /** Null: no file of the log. */
  static LogName of(String objectName) {
    String name = objectName.substring(objectName.lastIndexOf('/') + 1);
    Matcher form = FORM.matcher(name);
    if (!form.matches()) return null;
    Kind kind = switch (form.group(2)) {
      case "json" -> Kind.COMMIT;
      case "checkpoint.parquet" -> Kind.CHECKPOINT;
      default -> Kind.OTHER;
    };
    try {
      return new LogName(objectName, Long.parseLong(form.group(1)), kind);
    } catch (NumberFormatException tooLarge) {
      return null;
    }
  }

  /** {@code folder} ends with a slash. */
  static String commit(String folder, long version) {
    return folder + digits(version) + ".json";
  }

  static String checkpoint(String folder, long version) {
    return folder + digits(version) + ".checkpoint.parquet";
  }

  /** What all names of versions from this one on sort behind or equal. */
  static String digits(long version) {
    return String.format(Locale.ROOT, "%020d", version);
  }
}
