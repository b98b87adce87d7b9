/**
 * Reads mapping files so that whatever is wrong can be said with its line and column, all at once.
 *
 * <p>Start at {@link io.caregrid.templates.mapping.Located}: a JSON value that knows where it stands; {@link io.caregrid.templates.mapping.Members} reads an
 * object's members into a template. The one invariant: nothing here stops at the first mistake, except JSON that is none.
 *
 * <p>Never here: what a template means.
 */
package io.caregrid.templates.mapping;
