package io.caregrid.analytics.lake.parquet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Caregrid ships without Hadoop: parquet-java must not want a class of it. */
class WithoutHadoopTest {
  @TempDir
  Path folder;

  @Test
  void filesAreWrittenAndReadWithoutAnyClassOfHadoop() throws Exception {
    try (WithoutHadoop loader = new WithoutHadoop()) {
      Class<?> roundTrip = loader.loadClass(RoundTrip.class.getName());

      assertEquals(2, roundTrip.getMethod("rows", Path.class).invoke(null, folder));

      assertEquals(List.of(), loader.wanted);
      assertNotSame(RoundTrip.class, roundTrip);
      assertThrows(ClassNotFoundException.class, () -> loader.loadClass("org.apache.hadoop.conf.Configuration"));
    }
  }
}
