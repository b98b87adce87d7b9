/**
 * The words every room uses: who asks ({@link io.caregrid.contract.Caller}), what can go wrong on purpose
 * ({@link io.caregrid.contract.Failure}), who looked at what ({@link io.caregrid.contract.Audit}), what changed
 * ({@link io.caregrid.contract.Change}), what a route asks of its callers ({@link io.caregrid.contract.Access}, checked by
 * {@link io.caregrid.contract.Gate}), and how a door hangs itself into the one HTTP port ({@link io.caregrid.contract.Routes}), reads a body of JSON
 * ({@link io.caregrid.contract.JsonBody}) and turns one away ({@link io.caregrid.contract.Lingering}). What a room gives out or keeps so that only the
 * house can read it is a {@link io.caregrid.contract.SealedText}. What a room asks of another server, and does not want more of than it has room
 * for, is a {@link io.caregrid.contract.WholeAnswer}.
 *
 * <p>Never here: behaviour of one room. A class in this package is a value, an interface, or a manner several rooms share, a page long.
 */
package io.caregrid.contract;
