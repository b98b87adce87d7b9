package io.caregrid.dicom.dimse;

import static io.caregrid.dicom.Await.get;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.dicom.archive.Opened;
import io.caregrid.dicom.data.Part10;
import io.caregrid.dicom.data.Source;
import io.caregrid.dicom.dimse.Sender.Sent;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.store.ImageIndex.Located;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Every file pydicom tests itself with and that can be sent: by C-STORE in its own transfer syntax into the archive, and back as it was. */
@ExtendWith(Engines.class)
@Tag("full")
class ReadBackIT {
  @Test
  void everyPydicomFileComesBackAsItWasSent(LocalPostgres postgres, @TempDir Path folder) throws Exception {
    Dcmtk.require();
    List<Map<String, Outgoing>> rounds = rounds();
    Set<String> refused = new TreeSet<>();
    int same = 0;

    for (Map<String, Outgoing> round : rounds)
      try (Port port = Port.open(postgres, Files.createDirectory(folder.resolve("r" + rounds.indexOf(round))),
          Port.DEFAULT); Sender sender = new Sender(port.vertx, port.peer())) {
            ConcurrentLinkedQueue<Sent> told = new ConcurrentLinkedQueue<>();
            get(sender.send(List.copyOf(round.values()), 2, told::add));
            for (Sent sent : told) {
              if (sent.isKept()) compare(sent.instance(), port);
              else refused.add(sent.instance().file().getFileName() + " " + sent.comment());
              if (sent.isKept()) same++;
            }
          }

    assertEquals(Set.of(), refused);
    assertTrue(same > 100, "files " + same);
  }

  /** Some share a SOP Instance UID, of which an archive keeps one. */
  private static List<Map<String, Outgoing>> rounds() throws IOException, InterruptedException {
    List<Map<String, Outgoing>> rounds = new ArrayList<>();
    for (Path file : Dcmtk.storable()) {
      Outgoing instance = Outgoing.read(file);
      int round = 0;
      while (round < rounds.size() && rounds.get(round).containsKey(instance.sopInstance())) round++;
      if (round == rounds.size()) rounds.add(new LinkedHashMap<>());
      rounds.get(round).put(instance.sopInstance(), instance);
    }
    return rounds;
  }

  private static void compare(Outgoing sent, Port port) throws IOException {
    Located located = get(port.index.files().at(sent.sopInstance()));
    try (Opened opened = get(port.archive.open(located))) {
      ByteBuffer bytes = ByteBuffer.allocate((int) opened.length());
      opened.source().read(0, bytes);
      Part10 part10 = Part10.read(Source.of(ByteBuffer.wrap(bytes.array())));

      assertArrayEquals(sent(sent),
          Arrays.copyOfRange(bytes.array(), (int) part10.body(), bytes.array().length), sent.file().toString());
      assertEquals(sent.transferSyntax(), part10.syntax().uid(), sent.file().toString());
      assertEquals("SENDER", part10.meta().text(io.caregrid.dicom.data.Tag.SOURCE_APPLICATION_ENTITY_TITLE));
    }
  }

  /** As it lies in its file, and with the NUL that a deflated one of odd length has to have. */
  private static byte[] sent(Outgoing instance) throws IOException {
    byte[] file = Files.readAllBytes(instance.file());
    return Arrays.copyOfRange(file, (int) instance.offset(), (int) (instance.offset() + instance.length()));
  }
}
