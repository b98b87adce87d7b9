package io.caregrid.dicom.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whatever the bytes are: a data set or a {@link DicomException}. And a data set that was read can be shown, written in each syntax and read again with
 * the same values. Here over what was once found ({@code src/test/resources/fuzz/reader}: {@link ReaderFuzzIT} looks for more) and what a fixed
 * seed makes of data sets that were whole. Without Jazzer's JUnit engine: its agent would change every other test of the same JVM.
 */
class ReaderFuzzTest {
  private static final List<TransferSyntax> SYNTAXES = List.of(TransferSyntax.IMPLICIT_LE, TransferSyntax.EXPLICIT_LE,
      TransferSyntax.EXPLICIT_BE, TransferSyntax.DEFLATED_LE, TransferSyntax.RLE);
  private static final Limits SMALL = new Limits(8, 500, 4096, 0);
  static final byte AS_JSON = 0x20;
  private static final byte AS_FILE = 0x10;
  private static final byte HEADER_ONLY = (byte) 0x80;
  private static final int PREAMBLE = 128;
  private static final ObjectMapper JSON = new ObjectMapper();
  /** Delimiters count too, and there are more of them in what we write. */
  private static final Limits AGAIN = new Limits(64, 400_000, 1 << 16, 0);

  @ParameterizedTest
  @MethodSource("found")
  void whatFuzzingOnceFoundGivesADataSetOrADicomException(Path input) throws IOException {
    fuzzerTestOneInput(Files.readAllBytes(input));
  }

  static List<Path> found() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("src", "test", "resources", "fuzz", "reader"))) {
      return files.sorted().toList();
    }
  }

  @Test
  void whatDamageMakesOfADataSetGivesADataSetOrADicomException() throws IOException {
    long seed = Long.getLong("caregrid.test.seed", 20261123);
    Random random = new Random(seed);
    for (byte[] whole : whole())
      for (int i = 0; i < 2_500; i++) {
        byte[] input = whole.clone();
        if (i % 4 == 0 && input[0] != AS_JSON) input[0] |= HEADER_ONLY;
        for (int change = random.nextInt(4); change >= 0; change--) input = damaged(input, random);
        try {
          fuzzerTestOneInput(input);
        } catch (RuntimeException | AssertionError bug) {
          throw new AssertionError("caregrid.test.seed " + seed + ": " + HexFormat.of().formatHex(input), bug);
        }
      }
  }

  /** One data set, in each syntax, as JSON and as files: names, numbers, nested sequences, and fragments where the syntax has them. */
  private static List<byte[]> whole() throws IOException {
    byte[] json = """
        {"00080005":{"vr":"CS","Value":["ISO_IR 192"]},"00080060":{"vr":"CS","Value":["CT"]},"00100010":{"vr":"PN","Value":\
        [{"Alphabetic":"Wang^XiaoDong","Ideographic":"王^小東"}]},"00200013":{"vr":"IS","Value":["7"]},"00280010":{"vr":"US",\
        "Value":[2]},"00280030":{"vr":"DS","Value":[0.5,0.25]},"00081032":{"vr":"SQ","Value":[{"00080100":{"vr":"SH","Value":\
        ["X"]},"00081199":{"vr":"SQ","Value":[{"00081155":{"vr":"UI","Value":["1.2.3"]}}]}},{}]},"00091010":{"vr":"OB",\
        "InlineBinary":"AQIDBA=="},"00186020":{"vr":"FD","Value":[1.5]},"00209165":{"vr":"AT","Value":["00181063"]}}\
        """.getBytes(StandardCharsets.UTF_8);
    DataSet set = DicomJson.read(JSON.readTree(json));
    List<byte[]> all = new ArrayList<>(List.of(prefixed(AS_JSON, json)));
    for (int syntax = 0; syntax < 4; syntax++) all.add(prefixed((byte) syntax, written(set, SYNTAXES.get(syntax))));
    byte[] compressed = Raw.explicit()
        .raw(written(set, TransferSyntax.EXPLICIT_LE))
        .head(Tag.PIXEL_DATA, "OB", Raw.UNDEFINED)
        .item(0)
        .item(4)
        .raw((byte) 1, (byte) 2, (byte) 3, (byte) 4)
        .endSequence()
        .bytes();
    all.add(prefixed((byte) 4, compressed));
    for (byte[] headless : List.copyOf(all.subList(1, all.size())))
      all.add(prefixed(AS_FILE, file(SYNTAXES.get(headless[0]), Arrays.copyOfRange(headless, 1, headless.length))));
    return all;
  }

  /** Without the preamble, which nobody reads: damage meets what is read. */
  private static byte[] file(TransferSyntax syntax, byte[] body) {
    byte[] header = Part10.header("1.2.840.10008.5.1.4.1.1.2", "1.2.3", syntax, "TEST").array();
    return ByteBuffer.allocate(header.length - PREAMBLE + body.length)
        .put(header, PREAMBLE, header.length - PREAMBLE)
        .put(body)
        .array();
  }

  private static byte[] written(DataSet set, TransferSyntax syntax) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    DataSetWriter.write(set, syntax, Source.of(ByteBuffer.allocate(0)), out);
    return out.toByteArray();
  }

  static byte[] prefixed(byte how, byte[] input) {
    return ByteBuffer.allocate(input.length + 1).put(how).put(input).array();
  }

  /** A byte changed, a piece left out, or a piece doubled; how it is read stays. */
  private static byte[] damaged(byte[] input, Random random) {
    if (input.length < 3) return input;
    int from = 1 + random.nextInt(input.length - 1);
    int to = Math.min(input.length, from + 1 + random.nextInt(8));
    ByteBuffer out = ByteBuffer.allocate(input.length + to - from).put(input, 0, from);
    switch (random.nextInt(3)) {
      case 0 -> out.put((byte) random.nextInt()).put(input, from + 1, input.length - from - 1);
      case 1 -> out.put(input, to, input.length - to);
      default -> out.put(input, from, to - from).put(input, from, input.length - from);
    }
    return Arrays.copyOf(out.array(), out.position());
  }

  /** @param input first byte: how to read the rest, as a data set of one syntax, as a file or as JSON; its sign: header only */
  public static void fuzzerTestOneInput(byte[] input) {
    if (input.length == 0) return;
    if (input[0] == AS_JSON) {
      json(input);
      return;
    }
    Source file = Source.of(ByteBuffer.wrap(input, 1, input.length - 1));
    try {
      int how = input[0] & 0x7F;
      Limits limits = input[0] < 0 ? Limits.HEADER : SMALL;
      Part10 part10 = how < SYNTAXES.size() ? headless(SYNTAXES.get(how)) : Part10.read(file);
      Source source = part10.syntax().deflated() ? Source.inflate(file, part10.body(), 1 << 20) : file;
      long body = part10.syntax().deflated() ? 0 : part10.body();
      checkPart(source, body, part10.syntax(), limits);
      DataSet set = DataSetReader.read(source, body, source.size(), part10.syntax(), limits);
      check(set, source);
    } catch (DicomException refused) {
      // the other good end
    }
  }

  /** What is not wanted is read as strictly as what is, but takes no memory and is not counted; it changes nothing else. */
  private static void checkPart(Source source, long body, TransferSyntax syntax, Limits limits) {
    DataSet whole = null;
    DicomException refused = null;
    try {
      whole = DataSetReader.read(source, body, source.size(), syntax, limits);
    } catch (DicomException broken) {
      refused = broken;
    }
    IntStream half = whole == null
        ? IntStream.empty()
        : StreamSupport.stream(whole.spliterator(), false).mapToInt(Element::tag).filter(tag -> (tag & 2) == 0);
    int[] wanted = IntStream.concat(half, IntStream.of(Tag.PIXEL_REPRESENTATION, Tag.SPECIFIC_CHARACTER_SET))
        .sorted()
        .distinct()
        .toArray();
    try {
      ObjectNode shown = DicomJson.of(DataSetReader.read(source, body, source.size(), syntax, limits, wanted),
          at -> at);
      if (refused instanceof DicomException.TooLarge) return;
      assertNull(refused);
      ObjectNode expected = DicomJson.of(whole, at -> at);
      expected.properties()
          .removeIf(each -> Arrays.binarySearch(wanted, Integer.parseUnsignedInt(each.getKey(), 16)) < 0);
      assertEquals(expected, shown);
    } catch (DicomException broken) {
      if (refused instanceof DicomException.TooLarge) return;
      assertEquals(refused == null ? null : refused.getMessage(), broken.getMessage());
    }
  }

  private static void json(byte[] input) {
    try {
      DataSet set = DicomJson.read(JSON.readTree(input, 1, input.length - 1));
      ObjectNode shown = DicomJson.of(set, path -> path);
      assertEquals(shown, DicomJson.of(DicomJson.read(shown), path -> path));
    } catch (IOException | DicomException refused) {
      // no JSON, or not the model
    }
  }

  private static Part10 headless(TransferSyntax syntax) {
    return new Part10(new DataSet(TransferSyntax.EXPLICIT_LE), syntax, 0);
  }

  private static void check(DataSet set, Source source) {
    String shown = DicomJson.of(set, path -> path).toString();
    for (Element element : set) {
      set.text(element.tag());
      set.number(element.tag());
      set.decimals(element.tag());
    }
    boolean encapsulated = set.has(Tag.PIXEL_DATA) && set.get(Tag.PIXEL_DATA).value() instanceof Value.Fragments;
    if (!isEven(set) || set.has(Tag.PIXEL_DATA) && !encapsulated) return;
    for (TransferSyntax target : encapsulated ? SYNTAXES.subList(4, 5) : SYNTAXES.subList(1, 4))
      assertEquals(shown, DicomJson.of(again(set, source, target), path -> path).toString(), target.uid());
  }

  /** What is odd comes out padded, which is another value of a binary VR. */
  private static boolean isEven(DataSet set) {
    for (Element element : set) {
      if (element.value() instanceof Value.Bytes bytes && bytes.bytes().length % 2 != 0) return false;
      if (element.value() instanceof Value.Bulk) return false;
      if (element.value() instanceof Value.Items items && !items.items().stream().allMatch(ReaderFuzzTest::isEven))
        return false;
    }
    return true;
  }

  private static DataSet again(DataSet set, Source source, TransferSyntax target) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    DataSetWriter.write(set, target, source, out);
    Source written = Source.of(ByteBuffer.wrap(out.toByteArray()));
    Source inflated = target.deflated() ? Source.inflate(written, 0, 1 << 24) : written;
    return DataSetReader.read(inflated, 0, inflated.size(), target, AGAIN);
  }
}
