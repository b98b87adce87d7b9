/**
 * The words every room uses: who asks ({@link io.caregrid.contract.Caller}), what can go wrong on purpose
 * ({@link io.caregrid.contract.Failure}), who looked at what ({@link io.caregrid.contract.Audit}), what changed
 * ({@link io.caregrid.contract.Change}), and how a door hangs itself into the one HTTP port ({@link io.caregrid.contract.Routes}).
 *
 * <p>Never here: behaviour. A class in this package is a value or an interface a page long.
 */
package io.caregrid.contract;
