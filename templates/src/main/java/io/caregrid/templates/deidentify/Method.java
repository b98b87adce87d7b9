package io.caregrid.templates.deidentify;

/** What is done to an element. Elements below it are met after it, one by one, unless they are visited. */
@FunctionalInterface
interface Method {
  void apply(Element element, Work work);
}
