package io.caregrid.fhirpath;

import static io.caregrid.fhirpath.Existence.entry;

import io.caregrid.fhirpath.FhirPathException.Unfit;
import io.caregrid.fhirpath.Functions.Signature;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.function.BinaryOperator;

/** encode(), decode(), escape(), unescape() (FHIRPath 2.1 "Additional String Functions"). What cannot be decoded gives empty. */
final class Encodings {
  static final Map<String, Signature> FUNCTIONS = Map.of(
      "encode", of("encode", Encodings::encode), "decode", of("decode", Encodings::decode),
      "escape", of("escape", Encodings::escape), "unescape", of("unescape", Encodings::unescape));

  private Encodings() {}

  private static Signature of(String name, BinaryOperator<String> coding) {
    return entry(name, 1, 1, (in, args, scope) -> {
      String text = Items.text(in, "what " + name + "() is called on");
      String format = Items.text(scope.argument(args.get(0)), "the format of " + name + "()");
      return text == null || format == null ? Items.NONE : Items.of(coding.apply(text, format));
    }).getValue();
  }

  private static String encode(String text, String format) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return switch (format) {
      case "hex" -> HexFormat.of().formatHex(bytes);
      case "base64" -> Base64.getEncoder().encodeToString(bytes);
      case "urlbase64" -> Base64.getUrlEncoder().encodeToString(bytes);
      default -> throw new Unfit("the format is hex, base64 or urlbase64");
    };
  }

  private static String decode(String text, String format) {
    try {
      byte[] bytes = switch (format) {
        case "hex" -> HexFormat.of().parseHex(text);
        case "base64" -> Base64.getDecoder().decode(text);
        case "urlbase64" -> Base64.getUrlDecoder().decode(text);
        default -> throw new Unfit("the format is hex, base64 or urlbase64");
      };
      return new String(bytes, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException unreadable) {
      return null;
    }
  }

  private static final Map<String, List<String[]>> ESCAPES = Map.of(
      "html", List.of(new String[] {"&", "&amp;"}, new String[] {"<", "&lt;"}, new String[] {">", "&gt;"},
          new String[] {"\"", "&quot;"}, new String[] {"'", "&#39;"}),
      "json", List.of(new String[] {"\\", "\\\\"}, new String[] {"\"", "\\\""}, new String[] {"\n", "\\n"},
          new String[] {"\r", "\\r"}, new String[] {"\t", "\\t"}, new String[] {"\f", "\\f"}));

  private static String escape(String text, String target) {
    StringBuilder all = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      String one = text.substring(i, i + 1);
      all.append(
          escapes(target).stream().filter(pair -> pair[0].equals(one)).map(pair -> pair[1]).findFirst().orElse(one));
    }
    return all.toString();
  }

  private static String unescape(String text, String target) {
    StringBuilder all = new StringBuilder();
    for (int i = 0; i < text.length();) {
      int at = i;
      String[] pair = escapes(target).stream().filter(one -> text.startsWith(one[1], at)).findFirst().orElse(null);
      all.append(pair == null ? text.substring(i, i + 1) : pair[0]);
      i += pair == null ? 1 : pair[1].length();
    }
    return all.toString();
  }

  private static List<String[]> escapes(String target) {
    List<String[]> escapes = ESCAPES.get(target);
    if (escapes == null) throw new Unfit("the target is html or json");
    return escapes;
  }
}
