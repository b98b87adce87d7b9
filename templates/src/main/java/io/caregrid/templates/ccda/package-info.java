/**
 * C-CDA documents as templates see them: XML turned into maps, lists and texts.
 *
 * <p>Start at {@link io.caregrid.templates.ccda.Document}. Attributes are plain keys, text is the key {@code _}, elements of the same name are a list. The one
 * invariant: nothing outside of the text given is ever read; a document type declaration, and with it every entity of its own, is refused.
 *
 * <p>Never here: what an entry means, validation against C-CDA's templates.
 */
package io.caregrid.templates.ccda;
