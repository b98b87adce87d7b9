package io.caregrid.analytics.lake.vitals;

import com.fasterxml.jackson.databind.node.ObjectNode;

/** The rows of one value. */
sealed interface Series extends Iterable<ObjectNode> permits Single, Sampled {}
