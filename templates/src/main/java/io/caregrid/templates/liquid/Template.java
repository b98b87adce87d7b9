package io.caregrid.templates.liquid;

/** One compiled template file. */
record Template(String key, Node body) {}
