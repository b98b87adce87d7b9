package io.caregrid.dicom.web;

import io.caregrid.contract.Called;
import io.caregrid.contract.Failure;
import io.caregrid.dicom.archive.InstanceKey;
import io.vertx.ext.web.RoutingContext;
import java.util.regex.Pattern;

/** Where things are under {@code /dicom-web} (PS3.18 section 10.1), as the client sees this node. */
final class Addresses {
  static final String ROOT = "/dicom-web";
  /** PS3.5 section 9.1 says digits and dots; Microsoft's service takes these too. */
  private static final Pattern UID = Pattern.compile("[0-9A-Za-z.-]{1,64}");

  private Addresses() {}

  /** E.g. {@code https://pacs.example/dicom-web}, without a slash at its end. */
  static String base(RoutingContext routing) {
    return Called.of(routing).origin() + ROOT;
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
