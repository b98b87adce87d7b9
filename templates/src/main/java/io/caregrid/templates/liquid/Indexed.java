package io.caregrid.templates.liquid;

/** A thing of the input that templates look into by name or number ({@code segment.5.2}). It renders as nothing and is always truthy. */
public interface Indexed {
  /** What stands under {@code key}, or null. */
  Object at(String key);

  /** What stands at {@code index}, or null; the same as {@code at("7")} where numbers are names. */
  Object at(int index);
}
