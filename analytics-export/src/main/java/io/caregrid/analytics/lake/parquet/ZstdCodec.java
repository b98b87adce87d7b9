package io.caregrid.analytics.lake.parquet;

import com.github.luben.zstd.Zstd;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.compression.CompressionCodecFactory;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;

/** Zstandard for pages, level 3, and pages as they are; parquet-java's own codecs go through Hadoop's. */
public final class ZstdCodec implements CompressionCodecFactory {
  private static final int LEVEL = 3;

  @Override
  public BytesInputCompressor getCompressor(CompressionCodecName codec) {
    return new Compressor(supported(codec));
  }

  @Override
  public BytesInputDecompressor getDecompressor(CompressionCodecName codec) {
    return new Decompressor(supported(codec));
  }

  @Override
  public void release() {}

  private static CompressionCodecName supported(CompressionCodecName codec) {
    if (codec == CompressionCodecName.ZSTD || codec == CompressionCodecName.UNCOMPRESSED) return codec;
    throw new IllegalArgumentException("files of the lake are compressed with zstd, not with " + codec);
  }

  private record Compressor(CompressionCodecName codec) implements BytesInputCompressor {
    @Override
    public BytesInput compress(BytesInput page) throws IOException {
      if (codec == CompressionCodecName.UNCOMPRESSED) return page;
      byte[] plain = page.toByteArray();
      byte[] packed = new byte[Math.toIntExact(Zstd.compressBound(plain.length))];
      long bytes = Zstd.compress(packed, plain, LEVEL);
      if (Zstd.isError(bytes)) throw new IOException("zstd: " + Zstd.getErrorName(bytes));
      return BytesInput.from(packed, 0, (int) bytes);
    }

    @Override
    public CompressionCodecName getCodecName() {
      return codec;
    }

    @Override
    public void release() {}
  }

  private record Decompressor(CompressionCodecName codec) implements BytesInputDecompressor {
    @Override
    public BytesInput decompress(BytesInput page, int plainBytes) throws IOException {
      return codec == CompressionCodecName.UNCOMPRESSED ? page : BytesInput.from(plain(page.toByteArray(), plainBytes));
    }

    @Override
    public void decompress(ByteBuffer page, int packedBytes, ByteBuffer into, int plainBytes) throws IOException {
      byte[] packed = new byte[packedBytes];
      page.get(packed);
      into.put(codec == CompressionCodecName.UNCOMPRESSED ? packed : plain(packed, plainBytes));
    }

    @Override
    public void release() {}

    private static byte[] plain(byte[] packed, int plainBytes) throws IOException {
      byte[] plain = new byte[plainBytes];
      long bytes = Zstd.decompress(plain, packed);
      if (Zstd.isError(bytes)) throw new IOException("zstd: " + Zstd.getErrorName(bytes));
      return bytes == plainBytes ? plain : Arrays.copyOf(plain, (int) bytes);
    }
  }
}
