package io.caregrid.cluster;

import static io.caregrid.cluster.ConfigException.require;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * How the FHIR store keeps resources.
 *
 * @param versioning resource types by versioning policy (FHIR R4 valueset-versioning-policy): {@code versioned} keeps every version, {@code no-version} the current
 *                   one only, {@code versioned-update} keeps every version and takes an update only from who names the current one (If-Match). A type that is named
 *                   nowhere is {@code versioned}, or as {@value #ALL_OTHERS} is
 * @param deidentify keys of {@code $de-identify}
 * @param convert    templates of {@code $convert-data}
 */
public record FhirConfig(Map<String, List<String>> versioning, DeidentifyConfig deidentify, ConvertConfig convert) {

  public static final String ALL_OTHERS = "*";
  public static final FhirConfig DEFAULT = new FhirConfig(Map.of(), DeidentifyConfig.DEFAULT,
      ConvertConfig.DEFAULT);
  private static final Set<String> POLICIES = Set.of("versioned", "no-version", "versioned-update");

  public FhirConfig {
    Map<String, List<String>> copy = new HashMap<>();
    Set<String> seen = new HashSet<>();
    versioning.forEach((policy, types) -> {
      require(POLICIES.contains(policy), "fhir.versioning." + policy + " is no policy: fhir.versioning has "
          + String.join(", ", POLICIES.stream().sorted().toList()));
      types.forEach(type -> require(seen.add(type), "fhir.versioning names " + type + " twice"));
      copy.put(policy, List.copyOf(types));
    });
    versioning = Map.copyOf(copy);
  }

  public FhirConfig(Map<String, List<String>> versioning) {
    this(versioning, DeidentifyConfig.DEFAULT, ConvertConfig.DEFAULT);
  }
}
