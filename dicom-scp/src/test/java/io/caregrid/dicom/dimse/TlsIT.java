package io.caregrid.dicom.dimse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.cluster.DicomConfig;
import io.caregrid.cluster.TlsConfig;
import io.caregrid.engines.Engines;
import io.caregrid.engines.LocalPostgres;
import io.caregrid.engines.Pem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The DICOM port with TLS, both sides with certificates (PS3.15 section B.9), called by DCMTK. */
@ExtendWith(Engines.class)
class TlsIT {
  @TempDir
  Path folder;

  private static int run(String... command) throws Exception {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD);
    Process process = builder.start();
    assertTrue(process.waitFor(120, TimeUnit.SECONDS), "DCMTK hangs");
    return process.exitValue();
  }

  private static int call(String tool, Port port, List<String> tls, String... more) throws Exception {
    List<String> command = new ArrayList<>(List.of(tool, "-to", "60", "-aec", "CAREGRID"));
    command.addAll(tls);
    command.addAll(List.of("127.0.0.1", String.valueOf(port.number)));
    command.addAll(List.of(more));
    return run(command.toArray(String[]::new));
  }

  private static List<String> as(Pem client, Pem server) {
    return List.of("+tls", client.key().toString(), client.cert().toString(), "+cf", server.cert().toString());
  }

  private static void replace(Path from, Path to) throws Exception {
    Path beside = Files.copy(from, to.resolveSibling("new"), StandardCopyOption.REPLACE_EXISTING);
    Files.move(beside, to, StandardCopyOption.ATOMIC_MOVE);
  }

  @Test
  @Tag("full")
  void onlyWhoShowsACertificateOfTheRootStoresAndANewOneOfOursIsTakenWhileOpen(LocalPostgres postgres)
      throws Exception {
    Dcmtk.require();
    Pem first = Pem.make(folder, "first");
    Pem second = Pem.make(folder, "second");
    Pem modality = Pem.make(folder, "modality");
    Path cert = Files.copy(first.cert(), folder.resolve("door.crt"));
    Path key = Files.copy(first.key(), folder.resolve("door.key"));
    Path picture = Slides.picture(folder, 1, 200_000);
    try (Port port = Port.open(postgres, folder.resolve("archive"), with(new TlsConfig(cert, key, modality.cert())))) {
      assertEquals(0, call("storescu", port, as(modality, first), picture.toString()));
      assertNotEquals(0, call("echoscu", port, List.of("+tla", "+cf", first.cert().toString())), "no certificate");
      assertNotEquals(0, call("echoscu", port, as(second, first)), "of another root");
      assertNotEquals(0, call("echoscu", port, as(modality, second)), "our certificate is not the second one yet");
      assertNotEquals(0, call("echoscu", port, List.of()), "in the clear");

      replace(second.cert(), cert);
      replace(second.key(), key);
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(180);
      while (call("echoscu", port, as(modality, second)) != 0) {
        assertTrue(System.nanoTime() < deadline, "not within 3 min");
        LockSupport.parkNanos(200_000_000);
      }
      assertEquals(0, call("storescu", port, as(modality, second), picture.toString()));
    }
  }

  private static DicomConfig with(TlsConfig tls) {
    DicomConfig d = Port.DEFAULT;
    return new DicomConfig(d.host(), d.port(), d.aeTitle(), d.callers(), d.folder(), d.shared(), d.associations(),
        d.perCaller(), d.maxPdu(), d.maxInstance(), d.bufferBytes(), d.workHeapPercent(), d.artim(), d.idle(),
        d.privateClasses(), d.roles(), tls);
  }
}
