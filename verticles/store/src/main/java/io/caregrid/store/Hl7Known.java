package io.caregrid.store;

import java.util.ArrayList;
import java.util.List;

/**
 * By which an HL7 v2 message is known; each is 64 hexadecimal digits, a SHA-256.
 *
 * @param id     now
 * @param former in versions that knew messages by their bytes; null when that is the same
 * @param kin    in those versions, had it come with the line ends that others send; it is looked for under them, too
 * @param open   its bytes may be several texts, whose former id is one and the same. Such a message is looked for under the former id, for a former version may have
 *               stored it, but not marked under it: the text that is right must not be taken for a repetition of one that was wrong
 */
public record Hl7Known(String id, String former, List<String> kin, boolean open) {
  public Hl7Known {
    kin = List.copyOf(kin);
  }

  /** A mark under any of them says that it is in the store. */
  List<String> all() {
    List<String> all = new ArrayList<>(kin);
    all.add(id);
    if (former != null) all.add(former);
    return all;
  }

  /** Those of former versions. */
  List<String> formers() {
    List<String> formers = all();
    formers.remove(id);
    return formers;
  }

  /** Under which it is marked when it is stored. */
  List<String> marks() {
    return open || former == null ? List.of(id) : List.of(id, former);
  }
}
