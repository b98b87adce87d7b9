package io.caregrid.perf.fhirpath;

import java.util.List;

/** Something that evaluates R4's search parameters. {@code R} is a resource as it wants to have it. */
interface Engine<R> {
  /** From the text to what is evaluated on. */
  R parsed(byte[] json);

  /** Compiles anew, without a cache. @return something of it, so that it is not left out */
  int compiled(List<String> expressions);

  /** All expressions of this type, compiled before. @return how many values they gave */
  int evaluated(R resource, String type);
}
