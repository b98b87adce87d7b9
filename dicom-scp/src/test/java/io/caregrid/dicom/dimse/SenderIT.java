package io.caregrid.dicom.dimse;

import static io.caregrid.dicom.Await.get;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.dicom.data.Part10;
import io.caregrid.dicom.data.Source;
import io.caregrid.dicom.data.Tag;
import io.caregrid.dicom.dimse.Dcmtk.Scp;
import io.caregrid.dicom.dimse.Sender.Sent;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Our user's side against DCMTK's {@code storescp}. */
class SenderIT {
  private final Vertx vertx = Vertx.vertx();
  @TempDir
  private Path folder;

  @BeforeEach
  void require() throws InterruptedException {
    Dcmtk.require();
  }

  @AfterEach
  void close() {
    get(vertx.close());
  }

  @Test
  void itsEchoIsHeard() throws Exception {
    try (Scp scp = new Scp(folder); Sender sender = new Sender(vertx, scp.peer())) {
      Duration took = get(sender.echo());
      assertTrue(!took.isNegative() && !took.isZero() && took.toMinutes() < 3, took.toString());
    }
  }

  @Test
  void pydicomsFilesArriveByteForByteInTheirOwnTransferSyntaxes() throws Exception {
    Map<String, Outgoing> instances = new LinkedHashMap<>();
    for (Path file : Dcmtk.storable()) {
      Outgoing instance = Outgoing.read(file);
      instances.putIfAbsent(instance.sopInstance(), instance);
    }
    assertTrue(instances.size() > 60, "files " + instances.size());
    Set<String> syntaxes = new TreeSet<>(instances.values().stream().map(Outgoing::transferSyntax).toList());
    assertTrue(syntaxes.size() >= 8, syntaxes.toString());

    try (Scp scp = new Scp(folder)) {
      List<Sent> told = send(scp.peer(), List.copyOf(instances.values()));

      assertEquals(List.of(), told.stream().filter(sent -> !sent.isKept()).map(Sent::toString).toList());
      int compared = 0;
      for (Path file : kept()) {
        byte[] bytes = Files.readAllBytes(file);
        Part10 part10 = Part10.read(Source.of(ByteBuffer.wrap(bytes)));
        Outgoing sent = instances.get(part10.meta().text(Tag.MEDIA_STORAGE_SOP_INSTANCE_UID));
        assertEquals(sent.transferSyntax(), part10.syntax().uid(), file.toString());
        assertArrayEquals(sent(sent),
            Arrays.copyOfRange(bytes, (int) part10.body(), bytes.length), sent.file().toString());
        compared++;
      }
      assertEquals(instances.size(), compared);
    }
  }

  @Test
  void aPeerThatRefusesAbortsOrGoesAwayIsToldForEachFile() throws Exception {
    List<Outgoing> pictures = new ArrayList<>();
    for (int n = 0; n < 3; n++) pictures.add(Outgoing.read(Slides.picture(folder, n, 200_000)));

    for (Map.Entry<String, String> one : Map.of("--refuse", "association rejected: no reason given", "--abort-after",
        "the peer aborted the association", "--abort-during", "the peer aborted the association").entrySet())
      try (Scp scp = new Scp(folder.resolve("kept"), one.getKey())) {
        List<Sent> told = send(scp.peer(), pictures);

        assertEquals(3, told.size());
        for (Sent sent : told) assertTrue(sent.comment().contains(one.getValue()), one.getKey() + " " + sent);
      }
    Scp gone = new Scp(folder.resolve("kept"));
    gone.close();
    for (Sent sent : send(gone.peer(), pictures))
      assertTrue(sent.comment().contains("nobody listens") || sent.comment().contains("closed"), sent.toString());
  }

  private List<Sent> send(Peer peer, List<Outgoing> instances) {
    ConcurrentLinkedQueue<Sent> told = new ConcurrentLinkedQueue<>();
    try (Sender sender = new Sender(vertx, peer)) {
      get(sender.send(instances, 2, told::add));
    }
    return List.copyOf(told);
  }

  private List<Path> kept() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList();
    }
  }

  /** As it lies in its file, and with the NUL that a deflated one of odd length has to have. */
  private static byte[] sent(Outgoing instance) throws IOException {
    byte[] file = Files.readAllBytes(instance.file());
    return Arrays.copyOfRange(file, (int) instance.offset(), (int) (instance.offset() + instance.length()));
  }
}
