package io.caregrid.perf.fhir;

import io.caregrid.perf.Usage;
import java.io.IOException;
import java.net.URI;
import java.util.OptionalLong;

/** A FHIR R4 server, as the driver sees it. */
interface Server extends AutoCloseable {
  String name();

  URI base();

  /** CPU so far; null when the server runs elsewhere. */
  Usage usage();

  /** Ends when what the server still writes of what it has answered is written: that belongs to its price. */
  void settle() throws IOException;

  /** Of its database, in bytes. */
  OptionalLong bytes() throws IOException;

  @Override
  void close() throws IOException;

  /** One that runs already, here or elsewhere: only what a client sees is measured. */
  record Remote(String name, URI base) implements Server {
    @Override
    public Usage usage() {
      return null;
    }

    @Override
    public void settle() {}

    @Override
    public OptionalLong bytes() {
      return OptionalLong.empty();
    }

    @Override
    public void close() {}
  }
}
