package io.caregrid.dicom.fhir;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.store.Stored;
import java.io.IOException;
import java.io.UncheckedIOException;

/** Stored resources as trees. */
final class Resources {
  private static final ObjectMapper JSON = new ObjectMapper();

  private Resources() {}

  static ObjectNode read(Stored stored) {
    try {
      return (ObjectNode) JSON.readTree(stored.body().getBytes());
    } catch (IOException corrupt) {
      throw new UncheckedIOException(corrupt);
    }
  }

  /** The resource as it was handed in: without what the store adds. */
  static ObjectNode given(Stored stored) {
    return read(stored).without(java.util.List.of("id", "meta"));
  }
}
