package io.caregrid.cluster;

import static io.caregrid.cluster.ConfigException.require;

/**
 * Whose reading is it (reference names: ResourceIdentityServiceType, DefaultDeviceIdentifierSystem).
 *
 * @param mode         {@code Lookup}: the Device must be in the store, linked to a Patient; {@code LookupWithEncounter}: and each message must name an
 *                     Encounter; {@code Create}: unknown Devices and Patients are made
 * @param deviceSystem identifier system of devices; empty matches any system
 */
public record IdentityConfig(String mode, String deviceSystem) {
  public static final IdentityConfig DEFAULT = new IdentityConfig("Lookup", "");

  public IdentityConfig {
    require(mode.equals("Lookup") || mode.equals("Create") || mode.equals("LookupWithEncounter"),
        "identity.mode must be Lookup, LookupWithEncounter or Create, not " + mode);
  }

  public boolean creates() {
    return mode.equals("Create");
  }

  /** True when a reading without an encounter's identifier is set aside. */
  public boolean needsEncounter() {
    return mode.equals("LookupWithEncounter");
  }
}
