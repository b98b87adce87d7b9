package io.caregrid.templates.bundle;

import io.caregrid.templates.mapping.Shipped;
import java.util.Map;
import java.util.TreeMap;

/**
 * The templates that come with the house: {@code /hl7v2} and {@code /ccda} in this module's resources. A jar cannot be asked what is in a folder, so each folder
 * has a file {@code files.txt} that names the others.
 */
public final class OwnTemplates {
  private OwnTemplates() {}

  /** Path in the set to text. @param folder {@code hl7v2} or {@code ccda} */
  public static Map<String, String> files(String folder) {
    Map<String, String> files = new TreeMap<>();
    Shipped.text("/" + folder + "/files.txt")
        .lines()
        .map(String::strip)
        .filter(name -> !name.isEmpty())
        .forEach(name -> files.put(name, Shipped.text("/" + folder + "/" + name)));
    return files;
  }
}
