package io.caregrid.templates.mapping;

import java.util.List;

/**
 * What one template of either mapping says of itself: enough to see whether the two mappings go together.
 *
 * @param type   its {@code typeName}
 * @param values names of the values it gives, or needs
 * @param sampled those of the values that are several samples at once, or may be
 * @param line   1-based line of the template, 0 when unknown
 * @param column 1-based column, 0 when unknown
 */
public record Declaration(String type, List<String> values, List<String> sampled, int line, int column) {
  public Declaration(String type, List<String> values, int line, int column) {
    this(type, values, List.of(), line, column);
  }
}
