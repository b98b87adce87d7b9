/**
 * What the expressions of a mapping may cost, so that a message made to be slow, or a mapping that is, ends after about a second and keeps nothing else waiting.
 *
 * <p>Start at {@link io.caregrid.templates.cost.Budget}: one for each message, handed down to every expression of both languages. The one invariant: no loop
 * over a message, and no loop within one, runs without being charged.
 *
 * <p>Never here: a language, a clock, I/O.
 */
package io.caregrid.templates.cost;
