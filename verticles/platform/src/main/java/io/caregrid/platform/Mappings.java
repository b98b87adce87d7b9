package io.caregrid.platform;

import io.caregrid.templates.MappingException;
import io.caregrid.templates.device.DeviceMapping;
import io.caregrid.templates.mapping.Shipped;
import io.caregrid.templates.observation.FhirMapping;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The two mappings this node works with: those of the folder in setting {@code mappings}, or the ones shipped with the house. */
record Mappings(DeviceMapping device, FhirMapping fhir) {
  private static final Logger log = LoggerFactory.getLogger(Mappings.class);

  /**
   * @param folder with {@code devicecontent.json} and {@code fhirmapping.json}, or null
   * @throws StartException when a file is missing or must not be used
   */
  static Mappings load(Path folder) {
    if (folder == null)
      return new Mappings(DeviceMapping.parse(Shipped.text("/device/vitals.json")),
          FhirMapping.parse(Shipped.text("/observation/vitals.json")));
    Mappings mappings = new Mappings(read(folder.resolve("devicecontent.json"), DeviceMapping::parse),
        read(folder.resolve("fhirmapping.json"), FhirMapping::parse));
    mappings.device.warnings().forEach(odd -> log.warn("odd in devicecontent.json: {}", odd));
    mappings.fhir.warnings().forEach(odd -> log.warn("odd in fhirmapping.json: {}", odd));
    return mappings;
  }

  private static <M> M read(Path file, Function<String, M> parse) {
    try {
      return parse.apply(Files.readString(file));
    } catch (NoSuchFileException missing) {
      throw new StartException("mapping " + file + " does not exist. Setting 'mappings' names its folder", missing);
    } catch (IOException unreadable) {
      throw new StartException(
          "mapping " + file + " cannot be read: " + unreadable + ". Setting 'mappings' names its folder", unreadable);
    } catch (MappingException wrong) {
      throw new StartException("mapping " + file + " cannot be used:\n  "
          + String.join("\n  ", wrong.problems().stream().map(Object::toString).toList()), wrong);
    }
  }
}
