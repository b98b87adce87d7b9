package io.caregrid.platform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.cluster.DatabaseConfig;
import io.caregrid.cluster.DicomConfig;
import io.caregrid.dicom.archive.Archive;
import io.caregrid.dicom.archive.Incoming;
import io.caregrid.dicom.data.DataSet;
import io.caregrid.dicom.data.DataSetWriter;
import io.caregrid.dicom.data.Part10;
import io.caregrid.dicom.data.Tag;
import io.caregrid.dicom.data.TransferSyntax;
import io.caregrid.engines.AskAgain;
import io.caregrid.engines.Engines;
import io.caregrid.engines.FolderLock;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.store.Database;
import io.caregrid.store.ImageIndex;
import io.caregrid.store.Schema;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.buffer.Unpooled;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

@ExtendWith(Engines.class)
class DicomCommandIT {
  private static final String CT = "1.2.840.10008.5.1.4.1.1.2";
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  @TempDir
  private Path data;

  @Test
  @org.junit.jupiter.api.Tag("full")
  void aDamagedPictureIsFoundAndALostIndexIsMadeAnew(LocalPostgres postgres) throws IOException {
    DatabaseConfig first = database(postgres);
    Path segment = store(first);

    assertEquals(0, run("verify", first), out + "" + err);
    assertTrue(out.toString().contains("files 1, instances 1,"), out.toString());
    DatabaseConfig empty = database(postgres);
    assertEquals(1, run("verify", empty));
    assertTrue(out.toString().contains("the file has an instance, the index has not"), out.toString());
    assertEquals(0, run("rebuild", empty), out + "" + err);
    assertEquals(0, run("verify", empty), out + "" + err);

    byte[] bytes = Files.readAllBytes(segment);
    bytes[new String(bytes, StandardCharsets.ISO_8859_1).indexOf("DICM")] ^= 1;
    Files.write(segment, bytes);
    assertEquals(1, run("verify", first));
    assertTrue(out.toString().contains("the content is damaged"), out.toString());
    assertTrue(out.toString().contains("1 problems"), out.toString());
  }

  @Test
  void noIndexIsRebuiltUnderARunningNode(LocalPostgres postgres) throws IOException {
    DatabaseConfig database = database(postgres);
    store(database);

    try (FolderLock node = FolderLock.take(data, "node")) {
      assertEquals(1, run("rebuild", database));
    }
    assertTrue(err.toString().contains("is in use by another node"), err.toString());
  }

  @Test
  void anArchiveAtWorkIsVerifiedAndNotRebuilt(LocalPostgres postgres) throws IOException {
    DatabaseConfig where = database(postgres);
    Vertx vertx = Vertx.vertx();
    Database database = AskAgain.whileBusy(() -> Await.ready(Database.open(vertx, where)));
    try (Archive archive = open(vertx, database)) {
      store(archive);

      assertEquals(0, run("verify", where), out + "" + err);
      assertTrue(out.toString().contains("no problems"), out.toString());
      assertEquals(1, run("rebuild", where));
      assertTrue(err.toString().contains("is in use: stop the node first"), err.toString());
    }
    Await.closed(database.close());
    Await.closed(vertx.close());
    assertEquals(0, run("rebuild", where), out + "" + err);
  }

  @Test
  void whereThereIsNoArchiveOneIsTold(LocalPostgres postgres) {
    DatabaseConfig database = database(postgres);

    for (String command : List.of("verify", "rebuild")) {
      assertEquals(1, run(command, database));
      assertTrue(err.toString().contains("there is no archive in " + data.resolve("dicom")), err.toString());
    }
    assertTrue(Files.notExists(data.resolve("dicom")), "asking makes no archive");
  }

  private static DatabaseConfig database(LocalPostgres postgres) {
    return new DatabaseConfig(postgres.host(), postgres.port(),
        postgres.createDatabase(Schema.on(postgres.host(), postgres.port(), postgres.user(), postgres.password())),
        postgres.user(),
        postgres.password(), 4);
  }

  /** @return the only segment file */
  private Path store(DatabaseConfig where) throws IOException {
    Vertx vertx = Vertx.vertx();
    Database database = AskAgain.whileBusy(() -> Await.ready(Database.open(vertx, where)));
    try (Archive archive = open(vertx, database)) {
      store(archive);
    }
    Await.closed(database.close());
    Await.closed(vertx.close());
    try (var files = Files.walk(data)) {
      return files.filter(file -> file.toString().endsWith(".seg")).findAny().orElseThrow();
    }
  }

  private Archive open(Vertx vertx, Database database) {
    return Await.ready(Archive.open(vertx, DicomConfig.DEFAULT, data.resolve("dicom"), new ImageIndex(database),
        new SimpleMeterRegistry()));
  }

  private static void store(Archive archive) {
    Incoming incoming = archive.receive();
    incoming.write(Unpooled.wrappedBuffer(Part10.header(CT, "1.2.3", TransferSyntax.EXPLICIT_LE, null)));
    DataSet set = new DataSet(TransferSyntax.EXPLICIT_LE).putText(Tag.SOP_CLASS_UID, CT)
        .putText(Tag.SOP_INSTANCE_UID, "1.2.3")
        .putText(Tag.PATIENT_ID, "P1")
        .putText(Tag.STUDY_INSTANCE_UID, "1.2.4")
        .putText(Tag.SERIES_INSTANCE_UID, "1.2.5");
    incoming.write(Unpooled.wrappedBuffer(DataSetWriter.bytes(set, TransferSyntax.EXPLICIT_LE)));
    Await.ready(incoming.finish(Incoming.Expected.ANYTHING));
  }

  private int run(String command, DatabaseConfig database) {
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    List<String> words = new ArrayList<>(List.of("dicom", command, "--set", "data=" + data));
    for (String setting : List.of("host=" + database.host(), "port=" + database.port(), "database="
        + database.database(), "user=" + database.user(), "password=" + database.password()))
      words.addAll(List.of("--set", "database." + setting));
    CommandLine line = Main.commandLine().setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
    return line.execute(words.toArray(String[]::new));
  }
}
