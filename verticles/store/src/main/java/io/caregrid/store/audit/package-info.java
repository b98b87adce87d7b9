/**
 * Who touched whose data, from the access to the database: {@link io.caregrid.store.audit.Trail} takes an entry, {@link io.caregrid.store.audit.Journal} has it
 * in a {@link io.caregrid.store.audit.Stage} before the answer goes out and in a file ({@link io.caregrid.store.audit.Tape}) a moment later,
 * {@link io.caregrid.store.audit.Shipping} brings it to {@link io.caregrid.store.AuditEvents}, where {@link io.caregrid.store.audit.Retention} may remove it years
 * later. What a process that was killed left in its stage is {@link io.caregrid.store.audit.Rescue}'s. {@link io.caregrid.store.audit.Refusals} keeps strangers
 * from filling all that.
 *
 * <p>The one invariant: the database's position in a journal moves in the statement that adds the entries before it. Whatever dies in between, entries are read
 * again from there, and those that are in already count once, by their ids.
 *
 * <p>Never here: what a FHIR AuditEvent looks like (api), who may read one.
 */
package io.caregrid.store.audit;
