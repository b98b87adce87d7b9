/**
 * A look at what mappings would do, for the person who writes them: the mapper page, the command line, a pipeline's check.
 *
 * <p>Start at {@link io.caregrid.templates.preview.Preview}. The one invariant: it goes the way of a running feed, with the same classes, and keeps nothing.
 *
 * <p>Never here: I/O, HTTP, the store.
 */
package io.caregrid.templates.preview;
