package io.caregrid.ingest;

import io.caregrid.contract.Failure;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/** Unpacks a body here rather than in the HTTP server: only so is a truncated one noticed and a bomb stopped at the limit. */
public final class Gzip {
  private Gzip() {}

  /**
   * @param maxBytes most that may come out
   * @throws Failure.Invalid  when it is truncated, damaged, or no gzip
   * @throws Failure.TooLarge when more would come out
   */
  public static byte[] unpack(byte[] packed, int maxBytes) {
    try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(packed), 8 << 10)) {
      byte[] unpacked = in.readNBytes(maxBytes);
      if (unpacked.length == maxBytes && in.read() >= 0)
        throw new Failure.TooLarge("the unpacked body is larger than ingest.maxBodyBytes, " + maxBytes);
      return unpacked;
    } catch (EOFException truncated) {
      throw new Failure.Invalid("the gzip body is truncated after " + packed.length + " bytes");
    } catch (ZipException damaged) {
      throw new Failure.Invalid("the body is not gzip, as Content-Encoding says, or it is damaged");
    } catch (IOException impossible) {
      throw new Failure.Invalid("the gzip body cannot be read");
    }
  }
}
