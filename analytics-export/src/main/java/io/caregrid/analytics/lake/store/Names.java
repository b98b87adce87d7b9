package io.caregrid.analytics.lake.store;

import java.util.regex.Pattern;

/** What an object can be called: the same in a folder, in S3 and in a URI, sorted the same everywhere, and never outside the lake. Folders have no dot. */
final class Names {
  private static final Pattern WHOLE = Pattern.compile("([A-Za-z0-9_=-]+/)*(?!\\.)[A-Za-z0-9._=-]+");
  private static final int LONGEST = 900; // bytes; S3 has 1024, prefix of the place included

  private Names() {}

  static boolean isName(String text) {
    return text.length() <= LONGEST && WHOLE.matcher(text).matches();
  }

  /** @return the name */
  static String checked(String name) {
    if (!isName(name)) throw new IllegalArgumentException("no name of an object: " + name);
    return name;
  }
}
