package io.caregrid.dicom.web;

import io.caregrid.contract.Failure;
import io.caregrid.dicom.archive.InstanceKey;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Where things are under {@code /dicom-web} (PS3.18 section 10.1), as the client sees this node. */
final class Addresses {
  static final String ROOT = "/dicom-web";
  /** PS3.5 section 9.1 says digits and dots; Microsoft's service takes these too. */
  private static final Pattern UID = Pattern.compile("[0-9A-Za-z.-]{1,64}");
  private static final Pattern AUTHORITY = Pattern
      .compile("([0-9A-Za-z.-]{1,253}|\\[[0-9A-Fa-f:.]{2,45}])(:\\d{1,5})?");
  private static final Map<String, Pattern> FORWARDED = Map.of(
      "host", Pattern.compile("(?i)(?:^|[;\\s])host=\"?([^\";,]+)"),
      "proto", Pattern.compile("(?i)(?:^|[;\\s])proto=\"?([^\";,]+)"));

  private Addresses() {}

  /** E.g. {@code https://pacs.example/dicom-web}, without a slash at its end. */
  static String base(RoutingContext routing) {
    HttpServerRequest request = routing.request();
    return base(request.scheme(), String.valueOf(request.authority()), request::getHeader);
  }

  /**
   * This node listens on loopback only, so whoever sends {@code Forwarded} (RFC 7239) or {@code X-Forwarded-Host} and {@code -Proto} is a proxy on this
   * machine; and the answer goes to nobody but the one who asked. What is no host or scheme is not taken over.
   */
  static String base(String scheme, String authority, UnaryOperator<String> header) {
    String host = forwarded(header, "host", "X-Forwarded-Host");
    String proto = forwarded(header, "proto", "X-Forwarded-Proto");
    return (proto != null && proto.matches("https?") ? proto : scheme) + "://"
        + (host != null && AUTHORITY.matcher(host).matches() ? host : authority) + ROOT;
  }

  private static String forwarded(UnaryOperator<String> header, String name, String old) {
    String standard = header.apply("Forwarded");
    if (standard != null) {
      Matcher first = FORWARDED.get(name).matcher(standard.split(",", 2)[0]);
      return first.find() ? first.group(1).strip() : null;
    }
    String value = header.apply(old);
    return value == null ? null : value.split(",", 2)[0].strip();
  }

  static String study(String base, String study) {
    return base + "/studies/" + study;
  }

  static String series(String base, String study, String series) {
    return study(base, study) + "/series/" + series;
  }

  static String instance(String base, InstanceKey key) {
    return series(base, key.study(), key.series()) + "/instances/" + key.instance();
  }

  /**
   * The UID at this place of the path, null when the address has none there.
   *
   * @throws Failure.Invalid when it cannot be one
   */
  static String uid(RoutingContext routing, String name) {
    String uid = routing.pathParam(name);
    if (uid != null && !UID.matcher(uid).matches())
      throw new Failure.Invalid(
          "the " + name + " UID in the address must be 1 to 64 digits, letters, dots and hyphens");
    return uid;
  }

  static boolean isUid(String text) {
    return UID.matcher(text).matches();
  }
}
