package io.caregrid.templates.wanted;

/** An array that an expression makes. */
final class Made implements Place {
  private final Place items;
  private boolean whole;

  Made(Place items) {
    this.items = items;
  }

  @Override
  public Place member(String name) {
    return NOWHERE;
  }

  @Override
  public Place items() {
    return items;
  }

  /** Arrays of arrays may be the same ones many times over. */
  @Override
  public void whole() {
    if (whole) return;
    whole = true;
    items.whole();
  }
}
