package io.caregrid.dicom.dimse;

import static io.caregrid.dicom.Await.get;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.cluster.Configuration;
import io.caregrid.cluster.DicomConfig;
import io.caregrid.contract.Audit;
import io.caregrid.dicom.archive.Incoming;
import io.caregrid.dicom.archive.Refused;
import io.caregrid.dicom.data.TransferSyntax;
import io.caregrid.dicom.dimse.Sender.Sent;
import io.caregrid.dicom.ul.Pdu;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedDeque;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Our user's side against our provider's, and against peers that behave badly. */
class SenderTest {
  private final Drawer drawer = new Drawer();
  @TempDir
  private Path folder;

  @Test
  void anEchoIsAnswered() {
    try (Port port = Port.of(Port.DEFAULT, drawer); Sender sender = new Sender(port.vertx, port.peer())) {
      Duration took = get(sender.echo());

      assertTrue(!took.isNegative() && took.toMinutes() < 3, took.toString());
    }
  }

  @Test
  void everyTransferSyntaxArrivesAsItIsOverMoreContextsThanAnAssociationHas() throws IOException {
    List<Outgoing> instances = new ArrayList<>();
    for (String sopClass : List.of(Slides.CT, Slides.MR, "1.2.840.10008.5.1.4.1.1.7"))
      for (String syntax : SopClasses.TRANSFER_SYNTAXES.keySet())
        instances.add(Outgoing.read(Slides.file(folder, instances.size(), sopClass, TransferSyntax.of(syntax),
            new byte[] {8, 0, 5, 0, 0, 0, 0, 0, (byte) instances.size()})));
    assertTrue(instances.size() > 128, "contexts " + instances.size());

    try (Port port = Port.of(Port.DEFAULT, drawer)) {
      assertEquals(List.of(), notKept(send(port, port.peer(), instances, 1)));
    }

    for (int n = 0; n < instances.size(); n++) {
      assertEquals(instances.get(n).transferSyntax(), drawer.part10(Slides.instance(n)).syntax().uid());
      assertEquals((byte) n, drawer.dataSet(Slides.instance(n))[8]);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 262_144, 1_000_001, 20_000_000})
  void aDataSetOfAnyLengthArrivesWholeInTheSmallestPdus(int length) throws IOException {
    byte[] set = new byte[length];
    for (int i = 0; i < length; i++) set[i] = (byte) (i * 31 >> 3);
    Outgoing instance = Outgoing.read(Slides.file(folder, 1, Slides.CT, TransferSyntax.EXPLICIT_LE, set));

    try (Port port = Port.of(Port.config(List.of(), 1, 1, 4096, Duration.ofSeconds(60), Duration.ofSeconds(120)),
        drawer)) {
      assertEquals(List.of(), notKept(send(port, port.peer(), List.of(instance), 1)));
    }
    assertArrayEquals(set, drawer.dataSet(Slides.instance(1)));
  }

  @Test
  void whoMayNotStoreIsToldSoAndNothingIsKept() throws IOException {
    DicomConfig readsOnly = Configuration.defaults()
        .withFlags(List.of("dicom.port=0", "dicom.callers=SENDER", "dicom.roles.SENDER=DICOM Data Reader"))
        .node()
        .dicom();
    drawer.answer = expected -> {
      throw new AssertionError("stored by one who may not");
    };

    try (Port port = Port.of(readsOnly, drawer)) {
      List<Sent> sent = send(port, port.peer(), pictures(3), 1);

      assertEquals(3, sent.size());
      sent.forEach(one -> assertTrue(one.toString().contains("0124") || one.toString().contains("not authorized"),
          one.toString()));
      assertEquals(1, port.audited.stream().filter(line -> line.endsWith("IMAGES_STORED 403")).count(),
          port.audited.toString());
    }
  }

  @Test
  void theTrailNamesStudyAndPatientOnceInAnAssociation() throws IOException {
    try (Port port = Port.of(Port.DEFAULT, drawer)) {
      send(port, port.peer(), pictures(3), 1);

      List<Audit.Entry> stored = port.entries.stream().filter(one -> one.deed() == Audit.Deed.IMAGES_STORED).toList();
      assertEquals(1, stored.size());
      assertEquals(List.of("urn:oid:1.2.3"), stored.get(0).what());
      assertEquals(List.of("P-7"), stored.get(0).patientIds());
    }
  }

  @Test
  void severalAssociationsShareTheWork() throws IOException {
    List<Outgoing> instances = pictures(200);
    Map<String, Integer> times = new ConcurrentHashMap<>();
    drawer.answer = expected -> {
      times.merge(expected.sopInstance(), 1, Integer::sum);
      return Drawer.kept(expected);
    };

    try (Port port = Port.of(Port.DEFAULT, drawer)) {
      assertEquals(List.of(), notKept(send(port, port.peer(), instances, 4)));
      assertEquals(4, port.audited.stream().filter(line -> line.endsWith("ASSOCIATION 200")).count());
    }
    assertEquals(200, times.size());
    assertTrue(times.values().stream().allMatch(one -> one == 1), times.toString());
  }

  @Test
  void asManyAreOpenAsThePeerAllowsAndAnswersMayOvertakeEachOther() throws IOException {
    ConcurrentLinkedDeque<Runnable> waiting = new ConcurrentLinkedDeque<>();
    drawer.answer = expected -> {
      Promise<Incoming.Receipt> later = Promise.promise();
      waiting.push(() -> Drawer.kept(expected).onComplete(later));
      if (waiting.size() == Negotiation.INVOKED) while (!waiting.isEmpty()) waiting.pop().run();
      return later.future();
    };

    try (Port port = Port.of(Port.DEFAULT, drawer)) {
      assertEquals(List.of(), notKept(send(port, port.peer(), pictures(3 * Negotiation.INVOKED), 1)));
    }
  }

  @Test
  void aStatusOfThePeerIsReportedWithItsFileAndTheOthersGoOn() throws IOException {
    drawer.answer = expected -> expected.sopInstance().equals(Slides.instance(3))
        ? Future.failedFuture(new Refused(Refused.Why.OUT_OF_RESOURCES, "disk full"))
        : Drawer.kept(expected);

    try (Port port = Port.of(Port.DEFAULT, drawer)) {
      List<Sent> bad = notKept(send(port, port.peer(), pictures(8), 1));

      assertEquals(1, bad.size(), bad.toString());
      assertEquals(0xA700, bad.get(0).status());
      assertEquals(folder.resolve("3.dcm") + ": status A700, out of resources, \"disk full\"", bad.get(0).toString());
    }
  }

  @Test
  void aContextThatIsRefusedCostsItsFilesOnly() throws IOException {
    List<Outgoing> instances = new ArrayList<>(pictures(3));
    instances.add(1, Outgoing.read(Slides.file(folder, 77, "1.2.3.4.5", TransferSyntax.EXPLICIT_LE, new byte[8])));

    try (Port port = Port.of(Port.DEFAULT, drawer)) {
      List<Sent> bad = notKept(send(port, port.peer(), instances, 1));

      assertEquals(List.of(folder.resolve("77.dcm")
          + ": the peer does not take 1.2.3.4.5 in Explicit VR Little Endian"), bad.stream()
              .map(Sent::toString)
              .toList());
    }
  }

  @Test
  void anAssociationThatIsRefusedIsToldForEachFile() throws IOException {
    try (Port port = Port.of(Port.DEFAULT, drawer)) {
      Peer wrong = new Peer("127.0.0.1", port.number, "SOMEBODY", "SENDER", Duration.ofSeconds(60));

      List<Sent> bad = notKept(send(port, wrong, pictures(3), 2));

      assertEquals(3, bad.size());
      for (Sent sent : bad)
        assertEquals("not sent: association rejected: called AE title not recognized", sent.comment());
      try (Sender sender = new Sender(port.vertx, wrong)) {
        Throwable echo = get(failure(sender.echo()));
        assertEquals("association rejected: called AE title not recognized", echo.getMessage());
      }
    }
  }

  @Test
  void aPeerThatAbortsOverOneInstanceGetsTheOthersOverAnotherAssociation() throws IOException {
    drawer.answer = expected -> {
      if (expected.sopInstance().equals(Slides.instance(30))) throw new IllegalStateException("a bug, wanted");
      return Drawer.kept(expected);
    };

    try (Port port = Port.of(Port.DEFAULT, drawer)) {
      List<Sent> bad = notKept(send(port, port.peer(), pictures(60), 1));

      assertTrue(bad.size() >= 1 && bad.size() <= Negotiation.INVOKED, bad.toString());
      assertTrue(bad.stream().anyMatch(sent -> sent.instance().sopInstance().equals(Slides.instance(30))));
      for (Sent sent : bad) assertEquals("the peer aborted the association", sent.comment());
      assertEquals(60 - bad.size(), drawer.files.size());
    }
  }

  @Test
  void aFileThatHasGoneOrHasBecomeShorterIsReported() throws IOException {
    List<Outgoing> instances = pictures(6);
    Files.delete(instances.get(0).file());
    Path short5 = instances.get(5).file();
    Files.write(short5, java.util.Arrays.copyOf(Files.readAllBytes(short5), 600));

    try (Port port = Port.of(Port.DEFAULT, drawer)) {
      Map<String, String> bad = new TreeMap<>();
      for (Sent sent : notKept(send(port, port.peer(), instances, 1)))
        bad.put(sent.instance().file().getFileName().toString(), sent.comment());

      assertTrue(bad.get("0.dcm").startsWith("cannot be read: "), bad.toString());
      assertEquals("the file has become shorter", bad.get("5.dcm"));
      assertTrue(drawer.files.keySet().stream().noneMatch(Slides.instance(5)::equals));
    }
  }

  @Test
  void aPeerThatGoesAwayOrSaysNothingIsToldForEachFile() throws Exception {
    Vertx vertx = Vertx.vertx();
    try (ServerSocket listening = new ServerSocket(0, 5, InetAddress.getByName("127.0.0.1"))) {
      List<Outgoing> instances = pictures(2);

      Peer leaves = new Peer("127.0.0.1", listening.getLocalPort(), "ANY", "SENDER", Duration.ofSeconds(120));
      try (Sender sender = new Sender(vertx, leaves)) {
        Future<List<Sent>> leaving = sending(sender, instances, 1);
        try (Socket one = listening.accept()) {
          one.getInputStream().readNBytes(Pdu.HEADER_BYTES);
        }
        for (Sent sent : get(leaving)) assertEquals("not sent: the peer closed the connection", sent.comment());
      }

      Peer mute = new Peer("127.0.0.1", listening.getLocalPort(), "ANY", "SENDER", Duration.ofSeconds(1));
      try (Sender sender = new Sender(vertx, mute)) {
        Future<List<Sent>> silent = sending(sender, instances, 1);
        try (Socket one = listening.accept(); InputStream in = one.getInputStream()) {
          for (Sent sent : get(silent)) assertEquals("not sent: the peer said nothing for 1 s", sent.comment());
          assertEquals(Pdu.ASSOCIATE_RQ, in.read());
        }
      }
    } finally {
      get(vertx.close());
    }
  }

  private List<Outgoing> pictures(int count) throws IOException {
    List<Outgoing> instances = new ArrayList<>();
    for (int n = 0; n < count; n++) instances.add(Outgoing.read(Slides.picture(folder, n, 2000)));
    return instances;
  }

  private static List<Sent> send(Port port, Peer peer, List<Outgoing> instances, int associations) {
    try (Sender sender = new Sender(port.vertx, peer)) {
      List<Sent> told = get(sending(sender, instances, associations));
      assertEquals(instances.size(), told.stream().map(Sent::instance).distinct().count(), "each is told of");
      assertEquals(instances.size(), told.size(), "each is told of once");
      return told;
    }
  }

  private static Future<List<Sent>> sending(Sender sender, List<Outgoing> instances, int associations) {
    ConcurrentLinkedDeque<Sent> told = new ConcurrentLinkedDeque<>();
    return sender.send(instances, associations, told::add).map(done -> List.copyOf(told));
  }

  private static List<Sent> notKept(List<Sent> told) {
    return told.stream().filter(sent -> !sent.isKept()).toList();
  }

  private static Future<Throwable> failure(Future<?> future) {
    return future.transform(done -> Future.succeededFuture(done.cause()));
  }
}
