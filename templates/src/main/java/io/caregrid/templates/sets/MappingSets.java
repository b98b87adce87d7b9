package io.caregrid.templates.sets;

import io.caregrid.templates.device.DeviceMapping;
import io.caregrid.templates.observation.FhirMapping;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** All mappings in force at one moment, by name. Immutable, safe for any number of threads. */
public final class MappingSets {
  /** The set of a message that names none. */
  public static final String DEFAULT = "default";
  private final Map<String, MappingSet> byName = new TreeMap<>();

  public MappingSets(Collection<MappingSet> sets) {
    sets.forEach(set -> byName.put(set.name(), set));
  }

  /** One set alone: the default, as from files. */
  public static MappingSets of(DeviceMapping device, FhirMapping fhir) {
    return new MappingSets(List.of(new MappingSet(MappingMark.FILES, device, fhir)));
  }

  /** Null when there is none of this name. */
  public MappingSet find(String name) {
    return byName.get(name);
  }

  /** In the order of their names. */
  public Collection<MappingSet> all() {
    return List.copyOf(byName.values());
  }
}
