package io.caregrid.ingest.hl7;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** Whose data a message is: what its segments PID and MRG call patients, so that all of one patient's can be found (HL7 v2.5.1 3.4.2, 3.4.9). */
final class Identifiers {
  private static final Map<String, int[]> FIELDS = Map.of("PID", new int[] {2, 3, 4}, "MRG", new int[] {1});
  private static final int MOST = 100;
  private static final int LONGEST = 200;

  private Identifiers() {}

  /**
   * The first component of each repetition, each once, in the order in which they stand there.
   *
   * @param raw     the message, a character a byte
   * @param charset of its texts
   */
  static List<String> of(String raw, Msh header, Charset charset) {
    Set<String> found = new LinkedHashSet<>();
    for (String line : raw.split("[\r\n]+")) {
      int[] fields = line.length() < 4 || line.charAt(3) != header.separator()
          ? null
          : FIELDS.get(line.substring(0, 3));
      if (fields == null) continue;
      String[] values = line.split(Pattern.quote("" + header.separator()), 6);
      for (int field : fields) {
        if (field >= values.length) continue;
        for (String one : values[field].split(Pattern.quote("" + header.encoding().charAt(1)))) {
          String id = text(one.split(Pattern.quote("" + header.component()), 2)[0], header, charset).strip();
          if (!id.isEmpty() && !id.equals("\"\"") && found.size() < MOST)
            found.add(id.length() > LONGEST ? id.substring(0, LONGEST) : id);
        }
      }
    }
    return new ArrayList<>(found);
  }

  /** Separators in it are written as escapes (2.7.1). */
  private static String text(String raw, Msh header, Charset charset) {
    String text = new String(raw.getBytes(StandardCharsets.ISO_8859_1), charset);
    String encoding = header.encoding();
    if (encoding.length() < 3) return text;
    char escape = encoding.charAt(2);
    String sub = encoding.length() > 3 ? encoding.substring(3, 4) : "&";
    return text.replace(escape + "F" + escape, "" + header.separator())
        .replace(escape + "S" + escape, encoding.substring(0, 1))
        .replace(escape + "T" + escape, sub)
        .replace(escape + "R" + escape, encoding.substring(1, 2))
        .replace(escape + "E" + escape, "" + escape);
  }
}
