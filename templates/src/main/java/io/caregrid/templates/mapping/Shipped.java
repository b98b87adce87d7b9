package io.caregrid.templates.mapping;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** The mappings that come with the house. */
public final class Shipped {
  private Shipped() {}

  /** Text of a resource of this module, e.g. {@code /device/vitals.json}. */
  public static String text(String resource) {
    try (InputStream in = Shipped.class.getResourceAsStream(resource)) {
      if (in == null) throw new IllegalArgumentException("no mapping " + resource + " is shipped");
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException broken) {
      throw new UncheckedIOException("shipped mapping " + resource, broken);
    }
  }
}
