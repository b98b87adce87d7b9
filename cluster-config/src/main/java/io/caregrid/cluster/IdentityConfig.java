package io.caregrid.cluster;

import static io.caregrid.cluster.ConfigException.require;

/**
 * Whose reading is it (reference names: ResourceIdentityServiceType, DefaultDeviceIdentifierSystem).
 *
 * @param mode         {@code Lookup}: the Device must be in the store, linked to a Patient; {@code Create}: unknown ones are made
 * @param deviceSystem identifier system of devices; empty matches any system
 */
public record IdentityConfig(String mode, String deviceSystem) {
  public static final IdentityConfig DEFAULT = new IdentityConfig("Lookup", "");

  public IdentityConfig {
    require(mode.equals("Lookup") || mode.equals("Create"), "identity.mode must be Lookup or Create, not " + mode);
  }

  public boolean creates() {
    return mode.equals("Create");
  }
}
