package io.caregrid.analytics.lake.delta;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.analytics.lake.parquet.WithoutHadoop;
import java.util.List;
import org.junit.jupiter.api.Test;

class CheckpointWithoutHadoopTest {

  @Test
  void aCheckpointIsWrittenAndReadWithoutAnyClassOfHadoop() throws Exception {
    try (WithoutHadoop loader = new WithoutHadoop()) {
      Class<?> roundTrip = loader.loadClass(RoundTrip.class.getName());

      assertEquals("[{\"txn\":{\"appId\":\"lake\",\"version\":7}}]", roundTrip.getMethod("rows").invoke(null));

      assertEquals(List.of(), loader.wanted);
    }
  }

  /** Runs in a class loader of its own: only JDK types in and out. */
  public static final class RoundTrip {
    private RoundTrip() {}

    public static String rows() throws Exception {
      ObjectNode txn = new ObjectMapper().createObjectNode();
      txn.putObject("txn").put("appId", "lake").put("version", 7);
      return CheckpointFile.read(CheckpointFile.write(List.of(txn))).toString();
    }
  }
}
