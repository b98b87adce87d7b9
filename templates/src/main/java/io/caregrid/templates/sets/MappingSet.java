package io.caregrid.templates.sets;

import io.caregrid.templates.device.DeviceMapping;
import io.caregrid.templates.observation.FhirMapping;
import java.util.regex.Pattern;

/**
 * The two mappings of one kind of feed, as they are in force together.
 *
 * @param checked what they were read from, and what is odd about them
 */
public record MappingSet(MappingMark mark, DeviceMapping device, FhirMapping fhir, CheckedMapping checked) {

  /** What a set may be called: it stands in addresses, headers and settings. */
  public static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,63}");

  public MappingSet {
    if (!isName(mark.name())) throw new IllegalArgumentException("no name of a mapping: '" + mark.name() + "'");
  }

  /** Of mappings read elsewhere. */
  public MappingSet(MappingMark mark, DeviceMapping device, FhirMapping fhir) {
    this(mark, device, fhir, null);
  }

  public static boolean isName(String name) {
    return NAME.matcher(name).matches();
  }

  public String name() {
    return mark.name();
  }
}
