package io.caregrid.templates.preview;

import io.caregrid.templates.MappingProblem;
import io.caregrid.templates.MappingProblem.Severity;
import io.caregrid.templates.mapping.Declaration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Whether a device mapping and a FHIR mapping go together. What does not is odd, not wrong: they may be changed one after the other. */
public final class Agreement {
  private Agreement() {}

  /** What the device mapping gives and the FHIR mapping does not know; lines are the device mapping's. */
  public static List<MappingProblem> ofDevice(List<Declaration> device, List<Declaration> fhir) {
    List<MappingProblem> odd = new ArrayList<>();
    for (Declaration given : device) {
      Declaration wanted = find(fhir, given.type());
      if (wanted == null) {
        odd.add(warning(given, "No matching Fhir Template exists for Device Mapping [" + given.type()
            + "]. Ensure case matches. Available Fhir Templates: " + types(fhir) + "."));
        continue;
      }
      Set<String> known = new HashSet<>(wanted.values());
      given.sampled()
          .stream()
          .filter(value -> known.contains(value) && !wanted.sampled().contains(value))
          .forEach(value -> odd.add(warning(given, "The value [" + value + "] in Device Mapping [" + given.type()
              + "] is several samples at once. Its Fhir Template needs SampledData with \"samples\": true.")));
      given.values()
          .stream()
          .filter(value -> !known.contains(value))
          .forEach(value -> odd.add(warning(given,
              "The value [" + value + "] in Device Mapping [" + given.type()
                  + "] is not represented within the Fhir Template of type ["
                  + wanted.type() + "]. Available values are: " + wanted.values()
                  + ". No value will appear inside of Observations.")));
    }
    return odd;
  }

  /** What the FHIR mapping needs and the device mapping never gives; lines are the FHIR mapping's. */
  public static List<MappingProblem> ofFhir(List<Declaration> device, List<Declaration> fhir) {
    List<MappingProblem> odd = new ArrayList<>();
    for (Declaration wanted : fhir) {
      Set<String> given = device.stream()
          .filter(one -> one.type().equalsIgnoreCase(wanted.type()))
          .flatMap(one -> one.values().stream())
          .collect(Collectors.toSet());
      if (find(device, wanted.type()) == null) {
        odd.add(warning(wanted, "No template of the device mapping gives the type [" + wanted.type()
            + "]. Types given: " + types(device) + "."));
        continue;
      }
      wanted.values()
          .stream()
          .filter(value -> !given.contains(value))
          .forEach(value -> odd.add(warning(wanted,
              "No template of the device mapping gives the value [" + value + "] of type [" + wanted.type() + "].")));
    }
    return odd;
  }

  private static Declaration find(List<Declaration> all, String type) {
    return all.stream().filter(one -> one.type().equalsIgnoreCase(type)).findFirst().orElse(null);
  }

  private static Set<String> types(List<Declaration> all) {
    return all.stream().map(Declaration::type).collect(Collectors.toCollection(TreeSet::new));
  }

  private static MappingProblem warning(Declaration at, String message) {
    return new MappingProblem(Severity.WARNING, at.line(), at.column(), message);
  }
}
