/**
 * Capture rules: which readings of a type are kept when a device sends more than anybody wants to store.
 *
 * <p>Start at {@link io.caregrid.templates.capture.Capture}: a rule takes what it knows of the readings before ({@link io.caregrid.templates.capture.CaptureState}) and
 * the next one, and gives what it knows from then on and what is kept. The one invariant: readings in the same order from the same state give the same, so
 * whoever keeps the state in the transaction that keeps the readings may read them again after a crash.
 *
 * <p>Never here: where the state is kept, clocks, I/O.
 */
package io.caregrid.templates.capture;
