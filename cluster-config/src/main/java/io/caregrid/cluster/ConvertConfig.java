package io.caregrid.cluster;

import static io.caregrid.cluster.ConfigException.require;

import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * How HL7 v2 and C-CDA become FHIR.
 *
 * @param zone      of dates and times that name none, e.g. {@code Europe/Berlin}
 * @param templates name to folder or zip of templates, read once at the start. {@code microsofthealth/hl7v2templates:default} and
 *                  {@code microsofthealth/ccdatemplates:default} are the house's own unless they are named here
 * @param sharedAuthorities names of assigning authorities that mean the same whoever says them: a number of theirs is one and the same patient's in the messages of all
 *                  senders
 * @param maxBodyBytes largest HTTP body, 1 MB..128 MB; eight of them may be held at once, but no more than a quarter of the heap holds
 */
public record ConvertConfig(String zone, Map<String, List<String>> templates, List<String> sharedAuthorities,
    int maxBodyBytes) {

  public static final ConvertConfig DEFAULT = new ConvertConfig("UTC", Map.of(), List.of(), 16 << 20);

  public ConvertConfig {
    require(isZone(zone), "fhir.convert.zone must be a time zone such as Europe/Berlin, not " + zone);
    templates.forEach((name, places) -> require(places.size() == 1,
        "fhir.convert.templates." + name + " must be one folder or zip"));
    templates = Map.copyOf(templates);
    require(sharedAuthorities.stream().noneMatch(String::isBlank),
        "fhir.convert.sharedAuthorities must be names as they stand in messages (CX-4, the first component)");
    sharedAuthorities = sharedAuthorities.stream().map(String::strip).toList();
    require(maxBodyBytes >= 1 << 20 && maxBodyBytes <= 128 << 20,
        "fhir.convert.maxBodyBytes must be 1048576..134217728, not " + maxBodyBytes);
  }

  public ZoneId zoneId() {
    return ZoneId.of(zone);
  }

  /** By name, in the order of names. */
  public Map<String, Path> places() {
    Map<String, Path> places = new TreeMap<>();
    templates.forEach((name, place) -> places.put(name, Path.of(place.get(0))));
    return places;
  }

  private static boolean isZone(String zone) {
    try {
      ZoneId.of(zone);
      return true;
    } catch (DateTimeException none) {
      return false;
    }
  }
}
