package io.caregrid.platform;

import io.caregrid.cluster.ConvertConfig;
import io.caregrid.templates.bundle.Conversions;
import io.caregrid.templates.liquid.ConversionException;
import java.time.Clock;
import java.util.Set;

/** The templates a node or command converts with: the house's and the configured ones, read once. */
final class TemplateSets {
  private TemplateSets() {}

  /** @throws StartException naming the set, the file and the line that is wrong */
  static Conversions load(ConvertConfig config) {
    try {
      return Conversions.load(config.places(), Set.copyOf(config.sharedAuthorities()), Conversions.DOOR,
          config.zoneId(),
          Clock.systemUTC());
    } catch (ConversionException wrong) {
      throw new StartException("fhir.convert." + wrong.getMessage() + " (" + wrong.code.number + " " + wrong.code.name
          + ")", wrong);
    }
  }
}
