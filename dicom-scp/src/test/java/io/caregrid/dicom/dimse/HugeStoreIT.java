package io.caregrid.dicom.dimse;

import static io.caregrid.dicom.Await.get;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.caregrid.cluster.DatabaseConfig;
import io.caregrid.dicom.archive.Opened;
import io.caregrid.dicom.data.DataSet;
import io.caregrid.dicom.data.DataSetWriter;
import io.caregrid.dicom.data.Part10;
import io.caregrid.dicom.data.TransferSyntax;
import io.caregrid.dicom.dimse.Sender.Sent;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.store.Schema;
import io.netty.buffer.PooledByteBufAllocator;
import io.vertx.core.Vertx;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** An instance of more than 2 GB by C-STORE into a node of small memory, in a process of its own. */
@ExtendWith(Engines.class)
@Tag("full")
class HugeStoreIT {
  private static final long PIXELS = 2_200_000_000L;
  private static final long STEP = 1 << 20;
  private static final long DISK = 3 * PIXELS;
  private static final int MINUTES = 5;
  private static final List<String> SMALL = List.of("-Xmx80m", "-XX:MaxDirectMemorySize=64m", "-XX:+UseSerialGC");

  @Test
  void moreThanTwoGigabytesPassInFlatMemory(LocalPostgres postgres, @TempDir Path folder) throws Exception {
    boolean room = Files.getFileStore(folder).getUsableSpace() > DISK;
    assumeTrue(room || "true".equals(System.getenv("CAREGRID_STRICT")), "skipped: less than 7 GB free");
    Path file = file(folder);
    Process node = start(postgres, folder.resolve("archive"));
    try (BufferedReader said = node.inputReader()) {
      int port = Integer.parseInt(after("port ", said));
      long start = System.nanoTime();

      Sent sent = send(new Peer("127.0.0.1", port, "CAREGRID", "SENDER", Duration.ofMinutes(MINUTES)), file);

      System.out.printf("%.1f s%n", (System.nanoTime() - start) / 1e9);
      assertEquals(0, sent.status(), sent.toString());
      node.outputWriter().append("check\n").flush();
      assertEquals(String.valueOf(Files.size(file)), after("identical ", said));
      System.out.println("node's peak with " + SMALL + ": " + after("peak ", said));
    } finally {
      node.destroyForcibly();
    }
  }

  private static Sent send(Peer peer, Path file) throws Exception {
    Vertx vertx = Vertx.vertx();
    ConcurrentLinkedQueue<Sent> told = new ConcurrentLinkedQueue<>();
    try (Sender sender = new Sender(vertx, peer)) {
      sender.send(List.of(Outgoing.read(file)), 1, told::add).await(MINUTES, TimeUnit.MINUTES);
    } finally {
      get(vertx.close());
    }
    return told.remove();
  }

  /** A multi-frame with holes: each megabyte of pixels begins with where it is, the rest is zero and takes no disk. */
  private static Path file(Path folder) throws IOException {
    DataSet set = Slides.attributes(1);
    byte[] attributes = DataSetWriter.bytes(set, TransferSyntax.EXPLICIT_LE);
    ByteBuffer header = Part10.header(Slides.CT, Slides.instance(1), TransferSyntax.EXPLICIT_LE, "SENDER");
    ByteBuffer element = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN);
    element.putShort((short) 0x7FE0).putShort((short) 0x10).put((byte) 'O').put((byte) 'B').putShort((short) 0);
    element.putInt((int) PIXELS);
    Path file = folder.resolve("huge.dcm");
    try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
      out.write(header.array(), 0, header.limit());
      out.write(attributes);
      out.write(element.array());
      long begin = out.getFilePointer();
      for (long at = 0; at < PIXELS; at += STEP) {
        out.seek(begin + at);
        out.writeLong(at);
      }
      out.setLength(begin + PIXELS);
    }
    return file;
  }

  private static Process start(LocalPostgres postgres, Path archive) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(SMALL);
    Collections.addAll(command, "-cp", System.getProperty("java.class.path"), HugeStoreIT.class.getName(),
        postgres.host(), String.valueOf(postgres.port()),
        postgres.createDatabase(Schema.on(postgres.host(), postgres.port(), postgres.user(), postgres.password())),
        postgres.user(),
        postgres.password(), archive.toString());
    return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
  }

  private static String after(String word, BufferedReader said) throws IOException {
    for (String line = said.readLine(); line != null; line = said.readLine())
      if (line.startsWith(word)) return line.substring(word.length());
    throw new AssertionError("the node ended before it said " + word);
  }

  /** The node: says {@code port N}; asked to check, {@code identical LENGTH} and its memory's {@code peak}. */
  public static void main(String[] words) {
    try {
      serve(words);
    } catch (IOException | RuntimeException | AssertionError failed) {
      failed.printStackTrace();
      System.exit(1);
    }
  }

  private static void serve(String[] words) throws IOException {
    DatabaseConfig database = new DatabaseConfig(words[0], Integer.parseInt(words[1]), words[2], words[3], words[4], 4);
    Port port = Port.open(database, Path.of(words[5]), Port.DEFAULT);
    System.out.println("port " + port.number);
    System.in.read();
    System.out.println("identical " + checked(port));
    long heap = ManagementFactory.getMemoryPoolMXBeans()
        .stream()
        .filter(pool -> pool.getType() == MemoryType.HEAP)
        .map(MemoryPoolMXBean::getPeakUsage)
        .mapToLong(peak -> peak.getUsed())
        .sum();
    System.out.printf("peak heap %d MB, direct %d MB%n", heap >> 20,
        PooledByteBufAllocator.DEFAULT.metric().usedDirectMemory() >> 20);
  }

  private static long checked(Port port) throws IOException {
    try (Opened opened = get(port.archive.open(get(port.index.files().at(Slides.instance(1)))))) {
      ByteBuffer found = ByteBuffer.allocate((int) STEP);
      long begin = opened.length() - PIXELS;
      for (long at = 0; at < PIXELS; at += STEP) {
        found.clear().limit((int) Math.min(STEP, PIXELS - at));
        opened.source().read(begin + at, found);
        ByteBuffer expected = ByteBuffer.allocate(found.position()).putLong(0, at);
        if (!found.flip().equals(expected)) throw new AssertionError("differs at " + at);
      }
      return opened.length();
    }
  }
}
