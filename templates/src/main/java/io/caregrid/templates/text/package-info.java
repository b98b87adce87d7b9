/**
 * How numbers and times are written and read, the way mapping files expect it.
 *
 * <p>Start at {@link io.caregrid.templates.text.Timestamps} and {@link io.caregrid.templates.text.Numbers}. The one invariant: no locale, no time zone
 * of the machine, ever.
 *
 * <p>Never here: JSON, mapping files, what a value means.
 */
package io.caregrid.templates.text;
