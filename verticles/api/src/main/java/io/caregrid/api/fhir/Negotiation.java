package io.caregrid.api.fhir;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.api.Form;
import io.caregrid.api.fhir.r4.Trees;
import io.caregrid.api.fhir.r4.XmlWriter;
import io.caregrid.contract.Failure;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.RoutingContext;
import java.util.Locale;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/**
 * Which form the client wants its answer in (FHIR R4 http.html#mime-type): {@code _format} before Accept before what it sends itself, JSON where nothing is
 * said. A generic name such as application/xml is answered under that name.
 */
final class Negotiation {
  /** Answered in JSON, as to whom it is all the same. */
  private static final Set<String> ANY = Set.of("*/*", "*", "application/*", "text/*", "text/html");
  private static final Pattern QUALITY = Pattern.compile("0(\\.\\d{0,3})?|1(\\.0{0,3})?");
  private static final String CHARSET = "; charset=utf-8";

  private Negotiation() {}

  /** Of this door: an operation of the system may be another's, which answers in forms of its own. */
  static void checkOwn(RoutingContext request) {
    String path = request.normalizedPath();
    boolean operation = path.startsWith("/fhir/$") && path.indexOf('/', "/fhir/$".length()) < 0;
    if (operation) request.next();
    else check(request);
  }

  /** Puts the {@link Form} at the request and passes it on, or fails with NotAcceptable 406. */
  static void check(RoutingContext request) {
    try {
      form(request, request.queryParams().get("_format"), request.queryParams().get("_pretty")).put(request);
    } catch (Failure refused) {
      if (!BinaryContent.isWanted(request)) {
        request.fail(refused);
        return;
      }
    }
    request.next();
  }

  /** The same when these come in a form. */
  static Form form(RoutingContext request, String format, String pretty) {
    boolean indented = "true".equalsIgnoreCase(pretty);
    if (!indented && pretty != null && !pretty.isEmpty() && !pretty.equalsIgnoreCase("false"))
      throw new Failure.Invalid("_pretty is true or false");
    if (format != null && !format.isEmpty()) {
      Format named = Format.of(format.trim().replace(' ', '+'));
      if (named == null) throw new Failure.NotAcceptable("_format must be json or xml, or one of their mime types");
      return form(named, named.mime, indented);
    }
    String accept = String.join(",", request.request().headers().getAll(HttpHeaders.ACCEPT));
    if (!accept.isBlank()) return accepted(accept, indented);
    String sent = request.request().getHeader(HttpHeaders.CONTENT_TYPE);
    Format same = sent == null ? null : Format.of(sent);
    return same == Format.XML
        ? form(Format.XML, Format.XML.mime, indented)
        : form(Format.JSON, Format.JSON.mime, indented);
  }

  /** The range of the highest quality that is one of ours; of equal ones the first (RFC 9110 section 12.5.1). */
  private static Form accepted(String header, boolean pretty) {
    double best = 0;
    Form form = null;
    for (String range : header.split(",")) {
      String mime = range.split(";", 2)[0].trim().toLowerCase(Locale.ROOT);
      Format format = ANY.contains(mime) ? Format.JSON : Format.of(range);
      double quality = quality(range);
      if (format == null || quality <= best) continue;
      best = quality;
      form = form(format,
          mime.startsWith("application/") && !mime.contains("*") || mime.equals("text/xml") || mime.equals("text/json")
              ? mime
              : format.mime,
          pretty);
    }
    if (form != null) return form;
    throw new Failure.NotAcceptable(
        "this address answers application/fhir+json and application/fhir+xml of FHIR 4.0, neither of which the Accept header allows");
  }

  private static double quality(String range) {
    for (String param : range.split(";")) {
      int equals = param.indexOf('=');
      if (equals > 0 && param.substring(0, equals).trim().equalsIgnoreCase("q")) {
        String value = param.substring(equals + 1).trim();
        return QUALITY.matcher(value).matches() ? Double.parseDouble(value) : 0;
      }
    }
    return 1;
  }

  private static Form form(Format format, String mime, boolean pretty) {
    UnaryOperator<Buffer> written = format == Format.XML
        ? json -> Buffer.buffer(XmlWriter.write(tree(json), pretty, 2 * json.length()))
        : pretty ? json -> Buffer.buffer(Trees.pretty(tree(json))) : UnaryOperator.identity();
    return new Form(mime + CHARSET, format == Format.JSON && !pretty, written);
  }

  private static ObjectNode tree(Buffer json) {
    return Trees.own(json.getBytes());
  }
}
