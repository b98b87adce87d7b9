/**
 * Rules that make something of what comes in: what they make, and limits that readings of a device pass.
 *
 * <p>Start at {@link io.caregrid.templates.rules.Threshold}: it takes what it knows of the readings before and the next one, and gives what it knows from then on
 * and what it found. {@link io.caregrid.templates.rules.Made} is what becomes of that in FHIR, for rules over resources, too. The one invariant: readings in the
 * same order from the same state give the same, so whoever keeps the state in the transaction that keeps the readings may read them again after a crash.
 *
 * <p>Never here: where the state is kept, clocks, I/O.
 */
package io.caregrid.templates.rules;
