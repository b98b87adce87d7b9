package io.caregrid.dicom.dimse;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/** The UIDs this room may agree upon, with their names in PS3.6. */
final class SopClasses {
  /** PS3.4 annex A. */
  static final String VERIFICATION = "1.2.840.10008.1.1";
  /** UID → name: what may be stored (PS3.4 table B.5-1, and the retired ones). */
  static final Map<String, String> STORAGE = table("storage-classes.txt");
  /** UID → name: how data sets may come. */
  static final Map<String, String> TRANSFER_SYNTAXES = table("transfer-syntaxes.txt");

  private SopClasses() {}

  private static Map<String, String> table(String resource) {
    Map<String, String> names = new LinkedHashMap<>();
    try (BufferedReader lines = new BufferedReader(
        new InputStreamReader(SopClasses.class.getResourceAsStream(resource), StandardCharsets.UTF_8))) {
      lines.lines().filter(line -> !line.startsWith("#")).forEach(line -> {
        int space = line.indexOf(' ');
        names.put(line.substring(0, space), line.substring(space + 1));
      });
    } catch (IOException broken) {
      throw new UncheckedIOException(broken);
    }
    return Map.copyOf(names);
  }
}
