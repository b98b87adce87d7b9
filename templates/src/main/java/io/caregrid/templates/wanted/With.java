package io.caregrid.templates.wanted;

/** A message with one member more. */
final class With implements Place {
  private final Place message;
  private final String name;
  private final Place other;

  With(Place message, String name, Place other) {
    this.message = message;
    this.name = name;
    this.other = other;
  }

  @Override
  public Place member(String asked) {
    return asked.equals(name) ? other : message.member(asked);
  }

  @Override
  public Place items() {
    return NOWHERE;
  }

  @Override
  public void whole() {
    message.whole();
    other.whole();
  }
}
