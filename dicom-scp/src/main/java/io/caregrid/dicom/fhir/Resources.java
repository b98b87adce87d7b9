package io.caregrid.dicom.fhir;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.contract.Failure;
import io.caregrid.store.Stored;
import java.io.IOException;

/** Stored resources as trees; Unreadable 500. */
final class Resources {
  private static final ObjectMapper JSON = new ObjectMapper();

  private Resources() {}

  static ObjectNode read(Stored stored) {
    try {
      return (ObjectNode) JSON.readTree(stored.body().getBytes());
    } catch (IOException | ClassCastException corrupt) {
      throw new Failure.Unreadable("a stored " + stored.type() + " is not a JSON object");
    }
  }

  /** The resource as it was handed in: without what the store adds. */
  static ObjectNode given(Stored stored) {
    return read(stored).without(java.util.List.of("id", "meta"));
  }
}
