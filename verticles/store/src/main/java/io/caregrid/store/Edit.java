package io.caregrid.store;

import com.fasterxml.jackson.databind.node.ObjectNode;

/** What makes the next version out of the one before: a patch. May be asked several times; throws a {@code Failure}, or what its caller understands. */
@FunctionalInterface
public interface Edit {
  /** @param before the whole resource as it is answered, a tree of its own that may be changed */
  ObjectNode apply(ObjectNode before);
}
