package io.caregrid.platform;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.api.fhir.r4.Trees;
import io.caregrid.templates.bundle.Conversion;
import io.caregrid.templates.bundle.Conversion.Kind;
import io.caregrid.templates.bundle.Outcome;
import io.caregrid.templates.hl7v2.BatchFile;
import io.caregrid.templates.hl7v2.Unused;
import io.caregrid.templates.liquid.ConversionException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.IllegalCharsetNameException;
import java.nio.charset.StandardCharsets;
import java.nio.charset.UnsupportedCharsetException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * One file of messages, or one document, on its way to Bundles. {@code name.json}, what became of the first message, is written when everything else of the file
 * is: where it stands, and is not older than the file, all of it is done.
 */
final class ConvertedFile {
  private static final int PEEKED = 4096;
  private static final Pattern ENCODING = Pattern.compile("<\\?xml[^>]*encoding=[\"']([A-Za-z0-9._-]+)[\"']");

  /** How one message becomes a Bundle. */
  interface Way {
    Outcome convert(Kind kind, String text);
  }

  /** @param converted messages; 0 and none failed: it is no file that can be converted */
  record Result(int converted, int failed) {}

  private final Path file;
  private final Path place;
  private final Way way;
  private final Kind json;
  private final boolean trace;
  private final Charset said;
  private final List<String> errors = new ArrayList<>();
  private int count;
  private byte[] first;

  /**
   * @param place where the results go, without their endings
   * @param json  what JSON is; null: nothing that can be converted
   * @param said  its character set, whatever stands in it; null: the one that stands in it
   */
  ConvertedFile(Path file, Path place, Way way, Kind json, boolean trace, Charset said) {
    this.said = said;
    this.json = json;
    this.file = file;
    this.place = place;
    this.way = way;
    this.trace = trace;
  }

  private Path with(String ending) {
    return place.resolveSibling(place.getFileName() + ending);
  }

  boolean isDone() throws IOException {
    Path result = with(".json");
    return Files.exists(result) && !Files.exists(with(".error"))
        && Files.getLastModifiedTime(result).compareTo(Files.getLastModifiedTime(file)) >= 0;
  }

  /** @throws IOException when results cannot be written; a file that cannot be read is one that failed */
  Result run() throws IOException {
    String beginning = beginning();
    Kind kind = kind(beginning);
    if (kind == null) return new Result(0, 0);
    Files.createDirectories(place.toAbsolutePath().getParent());
    Files.deleteIfExists(with(".error"));
    forget();
    try {
      read(kind, said == null ? charset(kind, beginning) : said);
    } catch (CharacterCodingException wrong) {
      failed("it is not in the character set that it names, or in UTF-8 where it names none");
    } catch (IllegalCharsetNameException | UnsupportedCharsetException unknown) {
      failed("it names a character set that is not known");
    } catch (ConversionException wrong) {
      failed(told(wrong));
    } catch (UncheckedIOException unwritten) {
      throw unwritten.getCause();
    }
    if (first != null) write(".json", first);
    if (!errors.isEmpty())
      write(".error", (String.join("\n", errors) + "\n").getBytes(StandardCharsets.UTF_8));
    return new Result(count - errors.size(), errors.size());
  }

  /** Deletes what an earlier run made of this file: it may have had more messages. */
  private void forget() throws IOException {
    for (String ending : List.of(".json", ".trace", ".trace.json")) Files.deleteIfExists(with(ending));
    String own = Pattern.quote(place.getFileName().toString());
    Pattern further = Pattern.compile(own + "\\.[1-9]\\d{0,8}\\.(json|trace|trace\\.json)");
    List<Path> stale;
    try (Stream<Path> beside = Files.list(place.toAbsolutePath().getParent())) {
      stale = beside.filter(each -> further.matcher(each.getFileName().toString()).matches()).toList();
    }
    for (Path each : stale) Files.delete(each);
  }

  private String beginning() throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return new String(in.readNBytes(PEEKED), StandardCharsets.ISO_8859_1);
    }
  }

  private Kind kind(String beginning) {
    String text = beginning.startsWith("\u00EF\u00BB\u00BF") ? beginning.substring(3) : beginning;
    text = text.replaceFirst("^[\\s\\x0B]+", "");
    if (text.regionMatches(true, 0, "MSH", 0, 3) || text.startsWith("FHS") || text.startsWith("BHS")) return Kind.HL7V2;
    if (text.startsWith("{") || text.startsWith("[")) return json;
    return text.startsWith("<") ? Kind.CCDA : null;
  }

  /** HL7 v2 table 0211, of which MSH-18 names one; of XML what its declaration says. */
  private static Charset charset(Kind kind, String beginning) {
    if (kind == Kind.CCDA) {
      Matcher encoding = ENCODING.matcher(beginning);
      return encoding.find() ? Charset.forName(encoding.group(1)) : StandardCharsets.UTF_8;
    }
    if (kind.isJson()) return StandardCharsets.UTF_8;
    int header = beginning.indexOf("MSH");
    String line = header < 0 ? "" : beginning.substring(header).split("[\r\n]", 2)[0];
    String[] fields = line.length() < 4 ? new String[0] : line.split(Pattern.quote(line.substring(3, 4)), -1);
    String named = fields.length > 17 ? fields[17].split("[~^]", 2)[0].strip().toUpperCase(Locale.ROOT) : "";
    if (named.startsWith("8859/")) return Charset.forName("ISO-8859-" + named.substring(5));
    return named.equals("UNICODE UTF-16") ? StandardCharsets.UTF_16 : StandardCharsets.UTF_8;
  }

  private void read(Kind kind, Charset charset) throws IOException {
    try (Reader reader = new InputStreamReader(new BufferedInputStream(Files.newInputStream(file)),
        charset.newDecoder().onMalformedInput(CodingErrorAction.REPORT))) {
      if (kind == Kind.HL7V2) BatchFile.each(reader, Conversion.LONGEST_INPUT, text -> convert(kind, text));
      else convert(kind, whole(reader, Conversion.longest(kind)));
    }
  }

  /** Of one that is longer, more than {@code most}. */
  private static String whole(Reader reader, int most) throws IOException {
    StringBuilder text = new StringBuilder();
    char[] some = new char[8192];
    for (int n = reader.read(some); n >= 0 && text.length() <= most; n = reader.read(some))
      text.append(some, 0, n);
    return text.toString();
  }

  private void convert(Kind kind, String text) {
    Outcome outcome = way.convert(kind, text);
    if (outcome instanceof Outcome.Refused refused) {
      failed(told(refused.why()));
      return;
    }
    count++;
    Outcome.Converted converted = (Outcome.Converted) outcome;
    byte[] bundle = Trees.write(converted.bundle());
    String ending = count == 1 ? "" : "." + count;
    if (count == 1) first = bundle;
    else kept(ending + ".json", bundle);
    if (trace) kept(ending + ".trace", Trees.pretty(traced(converted.unused())));
  }

  private void failed(String why) {
    count++;
    errors.add("message " + count + ": " + why);
  }

  private static String told(ConversionException why) {
    return why.code.number + " " + why.code.name + ": " + why.told();
  }

  /** As FHIR-Converter's tool shows it. */
  private static ObjectNode traced(List<Unused> unused) {
    ObjectNode trace = JsonNodeFactory.instance.objectNode();
    ArrayNode segments = trace.putArray("UnusedSegments");
    for (Unused each : unused) {
      ObjectNode segment = segments.addObject().put("Type", each.type()).put("Line", each.line());
      ArrayNode parts = segment.putArray("Components");
      for (Unused.Part part : each.components())
        parts.addObject().put("Start", part.start()).put("End", part.end()).put("Value", part.value());
    }
    return trace;
  }

  private void kept(String ending, byte[] bytes) {
    try {
      write(ending, bytes);
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  /** Under another name until it is whole. */
  private void write(String ending, byte[] bytes) throws IOException {
    Path whole = with(ending);
    Path part = Files.createTempFile(whole.toAbsolutePath().getParent(), ".convert", ".part");
    try {
      Files.write(part, bytes);
      Files.move(part, whole, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(part);
    }
  }
}
