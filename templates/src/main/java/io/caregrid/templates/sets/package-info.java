/**
 * A device mapping and a FHIR mapping that belong together, under a name and a version; and all that are in force.
 *
 * <p>Start at {@link io.caregrid.templates.sets.MappingSets}: what a node works with at one moment. The one invariant: <b>what is in force was checked
 * whole</b>, by {@link io.caregrid.templates.sets.CheckedMapping}; and it is a value: a switch puts another one in its place, so nothing is ever normalised
 * by half of one and half of the other.
 *
 * <p>Never here: where mappings are kept, who may change them, I/O.
 */
package io.caregrid.templates.sets;
