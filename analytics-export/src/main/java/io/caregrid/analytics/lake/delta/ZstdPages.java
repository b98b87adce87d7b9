package io.caregrid.analytics.lake.delta;

import com.github.luben.zstd.Zstd;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.compression.CompressionCodecFactory;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;

/** How pages of a checkpoint are packed. Parquet-java's own codecs are Hadoop's. */
final class ZstdPages implements CompressionCodecFactory {
  private static final int LEVEL = 3;

  @Override
  public BytesInputCompressor getCompressor(CompressionCodecName codec) {
    known(codec);
    return new BytesInputCompressor() {
      @Override
      public BytesInput compress(BytesInput bytes) throws IOException {
        return BytesInput.from(Zstd.compress(bytes.toByteArray(), LEVEL));
      }

      @Override
      public CompressionCodecName getCodecName() {
        return codec;
      }

      @Override
      public void release() {}
    };
  }

  @Override
  public BytesInputDecompressor getDecompressor(CompressionCodecName codec) {
    known(codec);
    return new BytesInputDecompressor() {
      @Override
      public BytesInput decompress(BytesInput bytes, int size) throws IOException {
        return BytesInput.from(unpacked(bytes.toByteArray(), size));
      }

      @Override
      public void decompress(ByteBuffer from, int packed, ByteBuffer to, int size) throws IOException {
        byte[] bytes = new byte[packed];
        from.get(bytes);
        to.put(unpacked(bytes, size));
      }

      @Override
      public void release() {}
    };
  }

  @Override
  public void release() {}

  private static byte[] unpacked(byte[] packed, int size) throws IOException {
    byte[] plain = new byte[size];
    long got = Zstd.decompress(plain, packed);
    if (Zstd.isError(got) || got != size) throw new IOException("a page that is damaged");
    return plain;
  }

  private static void known(CompressionCodecName codec) {
    if (codec != CompressionCodecName.ZSTD)
      throw new IllegalArgumentException("is packed with " + codec + ", not zstd");
  }
}
