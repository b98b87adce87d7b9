package io.caregrid.dicom.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** pydicom's own test files, odd ones included: we read what it reads, and what we write is read the same, by us and by pydicom. */
class PydicomIT {
  /** Where we differ on purpose: pydicom gives what it got so far, we never guess where something ends. */
  private static final Map<String, String> DIFFERENT = Map.of(
      "MR_truncated.dcm", "(7FE0,0010) at 1500 claims 8192 bytes, 8130 are left",
      "rtplan_truncated.dcm", "(300A,00B0) at 1418 claims 976 bytes, 711 are left",
      "DICOMDIR-nooffset", "(FFFE,E000) at 10868 claims 248 bytes, 224 are left",
      "no_meta.dcm", "not DICOM: neither prefix nor elements",
      "badVR.dcm", "pydicom: ValueError: invalid literal for int() with base 10: '1A'");
  /** With an UN value of odd length, which comes out even (PS3.5 7.1.1). */
  private static final Set<String> ODD = Set.of("nested_priv_SQ.dcm", "meta_missing_tsyntax.dcm");
  private static final Map<String, TransferSyntax> TARGETS = Map.of("ELE", TransferSyntax.EXPLICIT_LE, "ILE",
      TransferSyntax.IMPLICIT_LE, "EBE", TransferSyntax.EXPLICIT_BE, "DFL", TransferSyntax.DEFLATED_LE);

  /** @param source where the set's bulk values are */
  private record Read(DataSet set, Source source, TransferSyntax syntax) {
    static Read of(Source file) {
      Part10 part10 = Part10.read(file);
      return new Read(part10.dataSet(file, Limits.WHOLE), part10.source(file), part10.syntax());
    }

    JsonNode shown() {
      return Shown.alike(Shown.of(set, source));
    }
  }

  @Test
  void everyFileIsReadAsPydicomReadsIt() throws Exception {
    TreeMap<String, String> differences = new TreeMap<>();
    for (Pydicom.Reading reading : Pydicom.readings()) {
      String difference = difference(reading);
      if (difference != null) differences.put(reading.name(), difference);
    }

    assertEquals(new TreeMap<>(DIFFERENT), differences);
    assertTrue(Pydicom.readings().size() > 100, "pydicom's files are there");
  }

  @Test
  @org.junit.jupiter.api.Tag("full")
  void whatWeWriteInAnySyntaxIsReadAsTheOriginalByUsAndByPydicom(@TempDir Path folder) throws Exception {
    Map<String, JsonNode> expected = new HashMap<>();
    List<String> ours = new ArrayList<>();
    for (Pydicom.Reading reading : readable().stream().filter(each -> !ODD.contains(each.name())).toList())
      for (Map.Entry<String, TransferSyntax> target : targets(Read.of(reading.source()).syntax).entrySet()) {
        Read original = Read.of(reading.source());
        Path written = folder.resolve(expected.size() + "-" + target.getKey() + "-" + reading.name() + ".dcm");
        write(original, target.getValue(), written);
        expected.put(written.getFileName().toString(), original.shown());
        Read again = Read.of(new Pydicom.Reading(written, null, null).source());
        note(ours, written.getFileName(), original.shown(), again.shown(), target.getValue());
      }

    List<String> theirs = new ArrayList<>();
    for (Pydicom.Reading reading : Pydicom.read(folder)) {
      TransferSyntax syntax = Part10.read(reading.source()).syntax();
      if (reading.json() == null) theirs.add(reading.name() + ": " + reading.error());
      else note(theirs, reading.file(), expected.get(reading.name()), Shown.alike(reading.json()), syntax);
    }

    assertEquals(List.of(), ours);
    assertEquals(List.of(), theirs);
    assertTrue(expected.size() > 300, "so many were written: " + expected.size());
  }

  @Test
  void everyFileIsTheSameAfterTheWayThroughJson() throws Exception {
    for (Pydicom.Reading reading : readable()) {
      ObjectNode json = DicomJson.of(Read.of(reading.source()).set, path -> null);
      ObjectNode again = DicomJson.of(DicomJson.read(json), path -> null);

      assertEquals(withoutCharacterSet(json), withoutCharacterSet(again), reading.name());
    }
  }

  @Test
  void whatIsWantedIsReadAsWithAllTheRest() throws Exception {
    for (Pydicom.Reading reading : readable()) {
      Source file = reading.source();
      DataSet whole = Read.of(file).set;
      for (int half = 0; half < 2; half++) {
        List<Integer> tags = new ArrayList<>();
        for (Element each : whole) if ((each.tag() >>> 1) % 2 == half) tags.add(each.tag());
        // the VR of others depends on it
        int[] wanted = IntStream.concat(tags.stream().mapToInt(tag -> tag), IntStream.of(Tag.PIXEL_REPRESENTATION,
            Tag.SPECIFIC_CHARACTER_SET)).sorted().distinct().toArray();
        DataSet some = Part10.read(file).dataSet(file, Limits.WHOLE, wanted);

        ObjectNode expected = DicomJson.of(whole, path -> path);
        expected.properties()
            .removeIf(each -> Arrays.binarySearch(wanted, Integer.parseUnsignedInt(each.getKey(), 16)) < 0);
        assertEquals(expected, DicomJson.of(some, path -> path), reading.name());
      }
    }
  }

  private static List<Pydicom.Reading> readable() throws Exception {
    return Pydicom.readings().stream().filter(each -> !DIFFERENT.containsKey(each.name())).toList();
  }

  private static Map<String, TransferSyntax> targets(TransferSyntax syntax) {
    return syntax.encapsulated() ? Map.of("SAME", syntax) : TARGETS;
  }

  private static void write(Read read, TransferSyntax target, Path file) throws IOException {
    try (OutputStream out = Files.newOutputStream(file)) {
      out.write(Part10.header("1.2.3", "1.2.3.4", target, "SENDER").array());
      DataSetWriter.write(read.set, target, read.source, out);
    }
  }

  /** Implicit VR forgets what the dictionary does not know: there only the values are compared, of elements that have kept their VR. */
  private static void note(List<String> differences, Path file, JsonNode one, JsonNode other, TransferSyntax syntax) {
    if (!syntax.explicit()) forget((ObjectNode) one, (ObjectNode) other);
    String difference = difference("", one, other);
    if (difference != null) differences.add(file.getFileName() + ": " + difference);
  }

  private static void forget(ObjectNode one, ObjectNode other) {
    List<String> keys = new ArrayList<>();
    one.fieldNames().forEachRemaining(keys::add);
    for (String key : keys) {
      JsonNode mine = one.get(key);
      JsonNode theirs = other.path(key);
      boolean forgotten = theirs.path("vr").asText().equals("UN") || mine.path("vr").asText().equals("OB");
      if (theirs.isObject() && forgotten) {
        one.remove(key);
        other.remove(key);
      } else
        if (mine.path("vr").asText().equals("SQ"))
          for (int i = 0; i < Math.min(mine.path("Value").size(), theirs.path("Value").size()); i++)
            forget((ObjectNode) mine.get("Value").get(i), (ObjectNode) theirs.get("Value").get(i));
    }
  }

  private static JsonNode withoutCharacterSet(ObjectNode json) {
    json.remove(Tag.hex(Tag.SPECIFIC_CHARACTER_SET));
    json.forEach(each -> each.path("Value").forEach(item -> {
      if (item instanceof ObjectNode nested) withoutCharacterSet(nested);
    }));
    return json;
  }

  private static String difference(Pydicom.Reading reading) throws IOException {
    try {
      JsonNode ours = Read.of(reading.source()).shown();
      if (reading.json() == null) return "pydicom: " + reading.error();
      return difference("", Shown.alike(reading.json()), ours);
    } catch (DicomException refused) {
      return refused.getMessage();
    }
  }

  /** The first one of an array, all of an object; null: none. */
  private static String difference(String path, JsonNode theirs, JsonNode ours) {
    if (theirs == null || ours == null || theirs.getNodeType() != ours.getNodeType() || theirs.isValueNode())
      return theirs != null && theirs.equals(ours) ? null : path + " " + theirs + " is here " + ours;
    List<String> all = new ArrayList<>();
    if (theirs.isArray()) {
      if (theirs.size() != ours.size()) return path + " has " + theirs.size() + " values, here " + ours.size();
      for (int i = 0; i < theirs.size() && all.isEmpty(); i++)
        add(all, difference(path + "/" + i, theirs.get(i), ours.get(i)));
    } else {
      TreeSet<String> keys = new TreeSet<>();
      theirs.fieldNames().forEachRemaining(keys::add);
      ours.fieldNames().forEachRemaining(keys::add);
      keys.forEach(key -> add(all, difference(path + "/" + key, theirs.get(key), ours.get(key))));
    }
    return all.isEmpty() ? null : String.join("; ", all);
  }

  private static void add(List<String> all, String difference) {
    if (difference != null) all.add(difference);
  }
}
