package io.caregrid.templates.mapping;

import java.util.List;

/**
 * What one template of either mapping says of itself: enough to see whether the two mappings go together.
 *
 * @param type   its {@code typeName}
 * @param values names of the values it gives, or needs
 * @param line   1-based line of the template, 0 when unknown
 * @param column 1-based column, 0 when unknown
 */
public record Declaration(String type, List<String> values, int line, int column) {}
