package io.caregrid.device;

import java.util.function.BooleanSupplier;

/**
 * What the nodes say of themselves.
 *
 * @param isOpen   there is one to which devices can send
 * @param isAgreed all that may have shards have the same rules over measurements ({@link MeasurementRules#mark}): what devices send is noted on whichever it comes
 */
public record House(BooleanSupplier isOpen, BooleanSupplier isAgreed) {}
