package io.caregrid.dicom.web;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.dicom.archive.InstanceKey;
import io.caregrid.store.ImageIndex.Found;
import io.caregrid.store.ImageQuery.Level;
import java.util.HashSet;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Which attributes of a match are returned: those PS3.18 tables 10.6.3-3 to -5 ask for and those Microsoft's service returns, what {@code includefield}
 * names, what was searched by, and all that is kept for {@code includefield=all}.
 */
final class SearchAnswer {
  private static final String STUDY_UID = "0020000D";
  private static final String SERIES_UID = "0020000E";
  private static final String SOP_UID = "00080018";
  private static final String RETRIEVE_URL = "00081190";
  private static final Set<String> STUDY = Set.of("00080005", "00080020", "00080030", "00080050", "00080056",
      "00080061", "00080090", "00080201", "00081030", "00100010", "00100020", "00100030", "00100040", STUDY_UID,
      "00200010", "00201206", "00201208");
  private static final Set<String> SERIES = Set.of("00080005", "00080060", "00080201", "0008103E", "00081090",
      SERIES_UID, "00200011", "00201209", "00400244", "00400245", "00400275");
  private static final Set<String> INSTANCE = Set.of("00080005", "00080016", SOP_UID, "00080056", "00080201",
      "00200013", "00280008", "00280010", "00280011", "00280100");

  private final SearchRequest request;
  private final String base;
  private final Set<String> asked;

  SearchAnswer(SearchRequest request, String base) {
    this.request = request;
    this.base = base;
    asked = request.fields().stream().map(tag -> String.format("%08X", tag)).collect(Collectors.toSet());
  }

  /** One match in DICOM JSON, in the order of tags. */
  ObjectNode of(Found found) {
    TreeMap<String, JsonNode> answer = new TreeMap<>();
    keep(answer, found.study(), studyFields());
    keep(answer, found.series(), request.level() == Level.INSTANCE && request.scoped() ? Set.of(SERIES_UID) : SERIES);
    keep(answer, found.instance(), INSTANCE);
    ObjectNode url = JsonNodeFactory.instance.objectNode().put("vr", "UR");
    url.putArray("Value").add(url(found));
    answer.put(RETRIEVE_URL, url);
    ObjectNode one = JsonNodeFactory.instance.objectNode();
    one.setAll(answer);
    return one;
  }

  /** Within one study its attributes are known already (PS3.18 table 10.6.1-5). */
  private Set<String> studyFields() {
    return request.level() != Level.STUDY && request.scoped() ? Set.of(STUDY_UID) : STUDY;
  }

  private void keep(TreeMap<String, JsonNode> answer, ObjectNode level, Set<String> usual) {
    if (level == null) return;
    Set<String> wanted = new HashSet<>(usual);
    wanted.addAll(asked);
    level.properties().forEach(element -> {
      if (request.all() || wanted.contains(element.getKey())) answer.put(element.getKey(), element.getValue());
    });
  }

  private String url(Found found) {
    String study = value(found.study(), STUDY_UID);
    if (found.series() == null) return Addresses.study(base, study);
    String series = value(found.series(), SERIES_UID);
    if (found.instance() == null) return Addresses.series(base, study, series);
    return Addresses.instance(base, new InstanceKey(study, series, value(found.instance(), SOP_UID)));
  }

  private static String value(ObjectNode level, String tag) {
    return level.path(tag).path("Value").path(0).asText();
  }
}
