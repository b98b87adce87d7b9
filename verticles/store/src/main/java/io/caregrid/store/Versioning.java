package io.caregrid.store;

import io.caregrid.cluster.FhirConfig;
import io.caregrid.contract.Failure;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalInt;

/** What becomes of the versions before, type by type. */
public final class Versioning {
  /** FHIR R4 valueset-versioning-policy. */
  public enum Policy {
    /** Only the current version is kept; versions are counted all the same. */
    NO_VERSION("no-version"),
    /** All of them are kept. */
    VERSIONED("versioned"),
    /** All of them are kept, and who updates has to name the version he has seen. */
    VERSIONED_UPDATE("versioned-update");

    /** As the CapabilityStatement says it. */
    public final String code;

    Policy(String code) {
      this.code = code;
    }
  }

  private final Policy others;
  private final Map<String, Policy> policies = new HashMap<>();

  /** @throws io.caregrid.cluster.ConfigException for a type that is not kept */
  public Versioning(FhirConfig config) {
    Policy rest = Policy.VERSIONED;
    for (Policy policy : Policy.values()) {
      for (String type : config.versioning().getOrDefault(policy.code, java.util.List.of())) {
        if (type.equals(FhirConfig.ALL_OTHERS)) rest = policy;
        else policies.put(kept(type), policy);
      }
    }
    others = rest;
  }

  private static String kept(String type) {
    if (Definition.types().contains(type)) return type;
    throw new io.caregrid.cluster.ConfigException("fhir.versioning names " + type + ", of which nothing is kept");
  }

  public Policy of(String type) {
    return policies.getOrDefault(type, others);
  }

  boolean keepsPast(String type) {
    return of(type) != Policy.NO_VERSION;
  }

  /** Whether who asks so changes nothing of this type that is there. */
  boolean isUnseen(String type, OptionalInt ifMatch) {
    return of(type) == Policy.VERSIONED_UPDATE && (ifMatch.isEmpty() || Demand.isAny(ifMatch));
  }

  /** PreconditionFailed 412: of this type nobody changes what he has not seen. */
  void requireSeen(String type, OptionalInt ifMatch) {
    if (isUnseen(type, ifMatch))
      throw new Failure.PreconditionFailed("A " + type
          + " is only updated by who names the version it replaces: send If-Match with the ETag of the current one");
  }
}
