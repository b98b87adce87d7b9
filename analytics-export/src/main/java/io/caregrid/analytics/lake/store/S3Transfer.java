package io.caregrid.analytics.lake.store;

import java.io.IOException;
import java.io.InputStream;
import software.amazon.awssdk.core.ResponseInputStream;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;

/** An object on its way from S3. What breaks off is told apart from what fails here: it is worth another try. */
final class S3Transfer extends InputStream implements FileCache.Opened {
  /** The store or the net ended it. */
  static final class Broken extends IOException {
    private static final long serialVersionUID = 1L;

    Broken(String name, Exception cause) {
      super("the transfer of " + name + " broke off", cause);
    }
  }

  private final String name;
  private final ResponseInputStream<GetObjectResponse> from;
  private boolean isAtEnd;

  S3Transfer(String name, ResponseInputStream<GetObjectResponse> from) {
    this.name = name;
    this.from = from;
  }

  @Override
  public long bytes() {
    return from.response().contentLength();
  }

  @Override
  public InputStream content() {
    return this;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] into, int offset, int length) throws IOException {
    try {
      int got = from.read(into, offset, length);
      isAtEnd = got < 0;
      return got;
    } catch (IOException | SdkException broken) {
      throw new Broken(name, broken);
    }
  }

  /** What was not read to its end is broken off: closing would wait for the rest. */
  @Override
  public void close() {
    if (!isAtEnd) from.abort();
    try {
      from.close();
    } catch (IOException | SdkException nothingMoreToGet) {
      // the connection is given up either way
    }
  }
}
