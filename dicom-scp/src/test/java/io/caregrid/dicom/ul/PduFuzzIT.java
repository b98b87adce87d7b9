package io.caregrid.dicom.ul;

import io.caregrid.dicom.Jazzer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Looks for bytes that break {@link PduFuzzTest}. */
@Tag("hunt")
class PduFuzzIT {
  @Test
  void noBytesAreFoundThatBreakTheFramer(@TempDir Path folder) throws Exception {
    seed(Files.createDirectory(folder.resolve("corpus")));

    // Jazzer's own watch over Unsafe fails on Netty's use of it
    Jazzer.hunt(PduFuzzTest.class, folder, 300, 4000, "-Dio.netty.noUnsafe=true");
  }

  private static void seed(Path corpus) throws IOException {
    ByteBuf everything = Wire.bytes(new Pdu.AssociateRq(Wire.request().titles(), Pdu.APPLICATION_CONTEXT,
        Wire.request().contexts(), Wire.everything()));
    write(corpus.resolve("request"), everything);
    write(corpus.resolve("acceptance"), Wire.bytes(Wire.acceptance()));
    write(corpus.resolve("rejection"), Wire.bytes(Pdu.AssociateRj.LOCAL_LIMIT));
    write(corpus.resolve("talk"), Unpooled.wrappedBuffer(Wire.bytes(Wire.request()),
        Wire.data(1, true, true, new byte[64]), Wire.data(1, false, true, new byte[200]),
        Wire.bytes(new Pdu.ReleaseRq()), Wire.bytes(Pdu.Abort.BY_USER)));
  }

  private static void write(Path file, ByteBuf bytes) throws IOException {
    byte[] input = new byte[bytes.readableBytes() + 1];
    input[0] = 40;
    bytes.readBytes(input, 1, input.length - 1);
    Files.write(file, input);
  }
}
