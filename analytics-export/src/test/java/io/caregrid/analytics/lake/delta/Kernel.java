package io.caregrid.analytics.lake.delta;

import io.delta.kernel.Scan;
import io.delta.kernel.Snapshot;
import io.delta.kernel.Table;
import io.delta.kernel.data.FilteredColumnarBatch;
import io.delta.kernel.data.Row;
import io.delta.kernel.defaults.engine.DefaultEngine;
import io.delta.kernel.engine.Engine;
import io.delta.kernel.engine.FileReadResult;
import io.delta.kernel.internal.InternalScanFileUtils;
import io.delta.kernel.internal.data.ScanStateRow;
import io.delta.kernel.internal.util.Utils;
import io.delta.kernel.utils.CloseableIterator;
import io.delta.kernel.utils.FileStatus;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;

/** Delta Kernel as a reader: what somebody else's program makes of our log. */
public final class Kernel {
  private final Engine engine = DefaultEngine.create(new Configuration());
  private final Table table;

  public Kernel(Path folder) {
    table = Table.forPath(engine, folder.toString());
  }

  public Snapshot newest() {
    return table.getLatestSnapshot(engine);
  }

  public Snapshot at(long version) {
    return table.getSnapshotAsOfVersion(engine, version);
  }

  public long txn(Snapshot snapshot, String appId) {
    return snapshot.getLatestTransactionVersion(engine, appId).orElse(-1L);
  }

  /** Kernel's own, at the version it is. */
  public void checkpoint(long version) throws IOException {
    table.checkpoint(engine, version);
  }

  /** Full paths of the table's files. */
  public List<String> files(Snapshot snapshot) throws IOException {
    List<String> files = new ArrayList<>();
    scan(snapshot, (state, file) -> files.add(InternalScanFileUtils.getAddFileStatus(file).getPath()));
    return files;
  }

  /** Every row of the table, columns in the order of its schema. */
  public void rows(Snapshot snapshot, Consumer<Row> each) throws IOException {
    scan(snapshot, (state, file) -> {
      FileStatus status = InternalScanFileUtils.getAddFileStatus(file);
      try (CloseableIterator<FileReadResult> data = engine.getParquetHandler()
          .readParquetFiles(
              Utils.singletonCloseableIterator(status), ScanStateRow.getPhysicalDataReadSchema(state),
              Optional.empty());
          CloseableIterator<FilteredColumnarBatch> batches = Scan.transformPhysicalData(engine, state, file,
              data.map(FileReadResult::getData))) {
        while (batches.hasNext()) rows(batches.next(), each);
      }
    });
  }

  private static void rows(FilteredColumnarBatch batch, Consumer<Row> each) throws IOException {
    try (CloseableIterator<Row> rows = batch.getRows()) {
      while (rows.hasNext()) each.accept(rows.next());
    }
  }

  private interface Found {
    void file(Row state, Row file) throws IOException;
  }

  private void scan(Snapshot snapshot, Found found) throws IOException {
    Scan scan = snapshot.getScanBuilder().build();
    Row state = scan.getScanState(engine);
    try (CloseableIterator<FilteredColumnarBatch> batches = scan.getScanFiles(engine)) {
      while (batches.hasNext())
        try (CloseableIterator<Row> files = batches.next().getRows()) {
          while (files.hasNext()) found.file(state, files.next());
        }
    }
  }
}
