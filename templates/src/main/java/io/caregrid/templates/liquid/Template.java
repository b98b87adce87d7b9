package io.caregrid.templates.liquid;

import java.util.Map;

/**
 * One compiled template file.
 *
 * @param schemas that it names, each with the line where it does so first
 */
record Template(String key, Node body, Map<String, Integer> schemas) {}
