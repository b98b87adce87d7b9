package org.apache.parquet;

import java.util.Map;
import org.apache.parquet.bytes.HeapByteBufferAllocator;
import org.apache.parquet.compression.CompressionCodecFactory;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.filter2.compat.FilterCompat;
import org.apache.parquet.format.converter.ParquetMetadataConverter;

/**
 * How a Parquet file is read without Hadoop. The one class of ours in another project's package: parquet-java's builder makes Hadoop's codecs before it can
 * be told of others, and the constructor that does not is for its own package only (1.18.1).
 */
public final class PlainReadOptions extends ParquetReadOptions {
  private static final int LARGEST_READ = 8 << 20;

  /** Whole files: nothing is filtered. */
  public PlainReadOptions(CompressionCodecFactory codecs) {
    super(false, true, true, true, true, false, true, false, false, FilterCompat.NOOP,
        ParquetMetadataConverter.NO_FILTER, codecs, new HeapByteBufferAllocator(), LARGEST_READ, Map.of(), null, null,
        new PlainParquetConfiguration());
  }
}
