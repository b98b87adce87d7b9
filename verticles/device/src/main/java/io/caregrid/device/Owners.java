package io.caregrid.device;

import io.vertx.core.Future;
import java.util.Collection;
import java.util.Map;

/** Finds out whose readings are. Safe from any thread. */
public interface Owners {
  /** An answer for each claim. Fails only when nobody can be asked; what is wrong with a claim is in its {@link Owner.Unknown}. */
  Future<Map<Owner.Claim, Owner>> owners(Collection<Owner.Claim> claims);

  /** The claim of a reading: what counts of the identifiers in it. @param patient may be null; so may {@code encounter} */
  Owner.Claim claim(String device, String patient, String encounter);

  /** Id of the Patient found last for this device, or null. Never waits. */
  String patientOf(String device);
}
