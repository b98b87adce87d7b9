package io.caregrid.templates.bundle;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.templates.hl7v2.Unused;
import io.caregrid.templates.liquid.ConversionException;
import java.util.List;

/** What converting gave. */
public sealed interface Outcome {
  /** @param unused of an HL7 v2 message, the components that no template looked at; else empty */
  record Converted(ObjectNode bundle, List<Unused> unused) implements Outcome {}

  /** @param message HL7 v2, each segment ended by CR */
  record Written(String message) implements Outcome {}

  /** @param why with code, template and line */
  record Refused(ConversionException why) implements Outcome {}
}
