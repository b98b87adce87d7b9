package io.caregrid.templates.liquid;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.caregrid.templates.jsonpath.JsonPath;
import io.caregrid.templates.jsonpath.JsonPathSyntaxException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/** The filters that FHIR-Converter adds to Liquid: ids, codes, dates, hashes, JSON; and {@link HouseFilters}. Those that know HL7 v2 or C-CDA stand with their data. */
public final class ConversionFilters {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int MOST_UNZIPPED = 32 << 20;

  private ConversionFilters() {}

  /** All filters that need nothing but their arguments. */
  public static Filters all() {
    return all(Set.of());
  }

  /** @param shared names of assigning authorities that mean the same whoever says them, beside those that a set of templates names itself */
  public static Filters all(Set<String> shared) {
    Filters filters = new Filters();
    StandardFilters.addTo(filters);
    HouseFilters.addTo(filters, Set.copyOf(shared));
    ids(filters);
    dates(filters);
    texts(filters);
    numbers(filters);
    collections(filters);
    return filters;
  }

  private static void ids(Filters filters) {
    filters.with("get_property", 1, 2, (run, value, with) -> property(run, Values.text(value), with));
    filters.with("generate_id_input", 2, 3, (run, value, with) -> idInput(Values.text(value), with));
    filters.with("generate_uuid", 0, 0, (run, value, with) -> uuid(Values.text(value)));
  }

  private static void dates(Filters filters) {
    filters.with("add_hyphens_date", 0, 1, (run, value, with) -> {
      String text = Values.text(value);
      if (text == null || text.isEmpty()) return text;
      return PartialDateTime.ofHl7(text, run.zone).date().in(handling(with, 0), run.zone).toFhir();
    });
    filters.with("format_as_date_time", 0, 1, (run, value, with) -> {
      String text = Values.text(value);
      if (text == null || text.isEmpty()) return text;
      return PartialDateTime.ofHl7(text, run.zone).in(handling(with, 0), run.zone).toFhir();
    });
    filters.with("format_as_hl7v2_date_time", 0, 1, (run, value, with) -> {
      String text = Values.text(value);
      if (text == null || text.isEmpty()) return text;
      return PartialDateTime.ofFhir(text, run.zone).in(handling(with, 0), run.zone).toHl7();
    });
    filters.with("add_seconds", 1, 2, (run, value, with) -> {
      String text = Values.text(value);
      if (text == null || text.isEmpty()) return text;
      return PartialDateTime.ofFhir(text, run.zone)
          .plusSeconds(Values.real(with[0]))
          .in(handling(with, 1), run.zone)
          .toFhir();
    });
    filters.with("now", 0, 1, (run, value, with) -> now(run, with));
    filters.with("date", 1, 1, (run, value, with) -> date(run, value, with));
  }

  private static void texts(Filters filters) {
    filters.with("char_at", 1, 1,
        (run, value, with) -> String.valueOf(Values.required(value).charAt(Values.integer(with[0]))));
    filters.with("contains", 1, 1,
        (run, value, with) -> value != null && with[0] != null && Values.text(value).contains(Values.text(with[0])));
    filters.with("escape_special_chars", 0, 0, (run, value, with) -> escape(Values.text(value)));
    filters.with("unescape_special_chars", 0, 0,
        (run, value, with) -> value == null ? null : Values.text(value).replaceAll("\\\\([\\\\\"])", "$1"));
    filters.with("match", 1, 1, (run, value, with) -> Regex.match(run, Values.text(value), Values.text(with[0])));
    filters.with("to_json_string", 0, 0, (run, value, with) -> value == null ? null : JsonText.of(value));
    filters.with("evaluate", 1, 1, (run, value, with) -> scalar(selected(Values.text(value), Values.text(with[0]))));
    filters.with("get_object", 1, 1, (run, value, with) -> shown(selected(Values.text(value), Values.text(with[0]))));
    filters.with("base64_encode", 0, 0, (run, value, with) -> Base64.getEncoder().encodeToString(bytes(value)));
    filters.with("base64_decode", 0, 0,
        (run, value, with) -> new String(Base64.getDecoder().decode(bytes(value)), StandardCharsets.UTF_8));
    filters.with("sha1_hash", 0, 0, (run, value, with) -> HexFormat.of().formatHex(digest("SHA-1", bytes(value))));
    filters.with("gzip", 0, 0, (run, value, with) -> Base64.getEncoder().encodeToString(zipped(bytes(value))));
    filters.with("gunzip_base64_string", 0, 0,
        (run, value, with) -> unzipped(Base64.getDecoder().decode(bytes(value))));
  }

  private static void numbers(Filters filters) {
    filters.with("to_double", 0, 0, (run, value, with) -> Values.real(value));
    filters.with("is_nan", 0, 0, (run, value, with) -> isNumber(value));
    filters.with("abs", 0, 0, (run, value, with) -> Math.abs(Values.real(value)));
    filters.with("pow", 1, 1, (run, value, with) -> Math.pow(Values.real(value), Values.real(with[0])));
    filters.with("sign", 0, 0, (run, value, with) -> Math.signum(Values.real(value)));
    filters.with("truncate_number", 0, 0, (run, value, with) -> (double) (long) Values.real(value));
    filters.with("divide", 1, 1, (run, value, with) -> Values.real(value) / Values.real(with[0]));
    filters.with("random", 0, 0,
        (run, value, with) -> ThreadLocalRandom.current().nextInt(Math.max(1, Values.integer(value))));
  }

  private static void collections(Filters filters) {
    filters.with("to_array", 0, 0, (run, value, with) -> Values.listed(value));
    filters.with("concat", 1, 1, (run, value, with) -> {
      List<Object> both = new ArrayList<>(Values.listed(value));
      both.addAll(Values.listed(with[0]));
      return both;
    });
    filters.with("batch_render", 2, 3, ConversionFilters::batch);
    filters.with("batch_render_parallel", 2, 3, ConversionFilters::batch);
  }

  private static String batch(Run run, Object value, Object[] with) {
    Template template = run.templates().require(Values.required(with[0]));
    int slot = run.templates().symbols.find(Values.required(with[1]));
    int whole = with.length < 3 || with[2] == null ? -1 : run.templates().symbols.find(Values.text(with[2]));
    List<Object> items = Values.listed(value);
    run.iterations(items.size());
    int mark = run.mark();
    for (Object item : items) {
      int scope = run.open();
      if (slot >= 0) run.bind(slot, item);
      if (whole >= 0) run.bind(whole, items);
      run.render(template);
      run.write(",");
      run.close(scope);
    }
    return run.cut(mark);
  }

  private static String property(Run run, String code, Object[] with) {
    String table = Values.text(with[0]);
    String property = with.length < 2 ? "code" : Values.text(with[1]);
    boolean nothing = code == null || code.isEmpty() || table == null || table.isEmpty() || property == null
        || property.isEmpty();
    return nothing ? null : run.templates().codes().property(code, table, property);
  }

  private static String idInput(String segment, Object[] with) {
    if (segment == null || segment.isBlank()) return null;
    String type = Values.text(with[0]);
    String base = with.length < 3 ? null : Values.text(with[2]);
    boolean baseless = Boolean.TRUE.equals(with[1]) && (base == null || base.isEmpty());
    if (type == null || type.isEmpty() || baseless) {
      throw new ConversionException(ErrorCode.INVALID_ID_GENERATION_INPUT,
          "generate_id_input gets no type, or no base where it is told to need one");
    }
    return type + "_" + segment.strip() + (base == null ? "" : "_" + base);
  }

  /** SHA-256, its first 16 bytes printed as .NET prints a Guid: the first three groups backwards. */
  private static String uuid(String text) {
    if (text == null || text.isBlank()) return null;
    byte[] hash = digest("SHA-256", text.getBytes(StandardCharsets.UTF_8));
    int[] order = {3, 2, 1, 0, -1, 5, 4, -1, 7, 6, -1, 8, 9, -1, 10, 11, 12, 13, 14, 15};
    StringBuilder uuid = new StringBuilder(36);
    for (int at : order) {
      if (at < 0) uuid.append('-');
      else uuid.append(Character.forDigit((hash[at] >> 4) & 15, 16)).append(Character.forDigit(hash[at] & 15, 16));
    }
    return uuid.toString();
  }

  private static String handling(Object[] with, int at) {
    return with.length <= at || with[at] == null ? "preserve" : Values.text(with[at]);
  }

  private static String now(Run run, Object[] with) {
    String format = with.length == 0 || with[0] == null ? "yyyy-MM-ddTHH:mm:ss.FFFZ" : Values.text(with[0]);
    return NetFormat.of(format, OffsetDateTime.ofInstant(run.clock.instant(), ZoneOffset.UTC));
  }

  /** A text that is no date stays as it is. */
  private static Object date(Run run, Object value, Object[] with) {
    String text = Values.text(value);
    if (text == null) return null;
    String format = Values.text(with[0]);
    if (format == null || format.isBlank()) return text;
    if (text.equalsIgnoreCase("now") || text.equalsIgnoreCase("today")) {
      return NetFormat.of(format, OffsetDateTime.ofInstant(run.clock.instant(), run.zone));
    }
    try {
      return NetFormat.of(format, PartialDateTime.ofFhir(text, run.zone).value());
    } catch (ConversionException none) {
      return text;
    }
  }

  private static String escape(String text) {
    return text == null ? null : text.replace("\\", "\\\\").replace("\"", "\\\"");
  }

  private static byte[] bytes(Object value) {
    String text = Values.text(value);
    return text == null ? new byte[0] : text.getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] digest(String algorithm, byte[] bytes) {
    try {
      return MessageDigest.getInstance(algorithm).digest(bytes);
    } catch (NoSuchAlgorithmException everyPlatformHasIt) {
      throw new IllegalStateException(everyPlatformHasIt);
    }
  }

  private static byte[] zipped(byte[] bytes) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream zip = new GZIPOutputStream(out)) {
      zip.write(bytes);
    } catch (IOException inMemory) {
      throw new IllegalStateException(inMemory);
    }
    return out.toByteArray();
  }

  private static String unzipped(byte[] bytes) {
    try (GZIPInputStream zip = new GZIPInputStream(new ByteArrayInputStream(bytes))) {
      byte[] plain = zip.readNBytes(MOST_UNZIPPED + 1);
      if (plain.length <= MOST_UNZIPPED) return new String(plain, StandardCharsets.UTF_8);
      throw new ConversionException(ErrorCode.TEMPLATE_RENDERING_ERROR,
          "a gzip unfolds to more than " + MOST_UNZIPPED + " bytes");
    } catch (IOException none) {
      throw new ConversionException(ErrorCode.TEMPLATE_RENDERING_ERROR, "gunzip_base64_string gets no gzip");
    }
  }

  /** True for a number: that is how this filter behaves, and templates rely on it. */
  private static boolean isNumber(Object value) {
    try {
      Values.real(value);
      return value != null;
    } catch (ConversionException none) {
      return false;
    }
  }

  private static JsonNode selected(String json, String path) {
    if (json == null || json.isEmpty() || path == null || path.isEmpty()) return null;
    try {
      return JsonPath.compile(path).one(JSON.readTree(json));
    } catch (JsonProcessingException | JsonPathSyntaxException | JsonPath.SeveralTokens none) {
      throw new ConversionException(ErrorCode.TEMPLATE_RENDERING_ERROR,
          "'" + path + "' cannot be found in what should be JSON");
    }
  }

  private static String scalar(JsonNode node) {
    return node == null || node.isNull() ? null : node.asText();
  }

  private static String shown(JsonNode node) {
    return node == null ? null : node.isValueNode() ? node.asText() : node.toString();
  }
}
