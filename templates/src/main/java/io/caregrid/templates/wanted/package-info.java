/**
 * What of a message a mapping's expressions can look at, and reading no more of it than that.
 *
 * <p>Start at {@link io.caregrid.templates.wanted.Place}, which expressions follow when a mapping is loaded, and
 * {@link io.caregrid.templates.wanted.WantedReader}, which reads messages. The one invariant: what is read is taken for the whole message, so a reader gives a
 * tree only when Jackson would have given one too, but for names made to collide in Jackson's table of them, and whatever an expression can tell apart is equal
 * in both.
 *
 * <p>Never here: a language, an error's text, I/O.
 */
package io.caregrid.templates.wanted;
