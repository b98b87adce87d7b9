package io.caregrid.platform.demo;

import io.caregrid.cluster.Configuration;
import io.caregrid.cluster.NodeConfig;
import io.caregrid.contract.Audit;
import io.caregrid.dicom.dimse.Peer;
import io.caregrid.engines.FolderLock;
import io.caregrid.platform.Await;
import io.caregrid.platform.Platform;
import io.caregrid.platform.Running;
import io.caregrid.platform.Settings;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** One command, one laptop, a whole ward. */
@Command(name = "demo", description = "Runs a node with its own PostgreSQL and Kafka and a simulated ward of 50 monitors, until Ctrl-C.", footer = {
  "", "Everything stays in the data folder: run it again and it goes on where it stopped."})
public final class DemoCommand implements Runnable {
  private static final Duration HISTORY = Duration.ofHours(6);

  @Mixin
  private Settings settings;
  @Option(names = "--data", paramLabel = "FOLDER", description = "Where everything is kept. Default: ${DEFAULT-VALUE}", defaultValue = "caregrid-demo")
  private Path data;
  @Option(names = "--fresh", description = "Empty the data folder first.")
  private boolean fresh;
  @Spec
  private CommandSpec spec;

  @Override
  public void run() {
    DataFolder folder = new DataFolder(data);
    folder.prepare();
    if (fresh) forget(folder);
    Settings.useLog("logback-demo.xml", folder.path());
    NodeConfig config = config(folder);
    PrintWriter out = spec.commandLine().getOut();
    out.println("Caregrid demo, data in " + folder.path());
    try (Running running = new Running(); Terminal terminal = new Terminal(out)) {
      Platform platform = running.keep(Platform.start(config, true, terminal));
      terminal.step("entering 50 patients and their monitors");
      Await.ready(new Register(platform.fhir()).enter(Ward.beds()));
      List<Monitor> ward = ward();
      Badge badge = new Badge(platform);
      badge.get();
      Monitors monitors = running
          .keep(new Monitors(ward, URI.create(platform.http() + "/ingest"), badge, platform.config().kafka()));
      if (!folder.hasHistory()) loadHistory(folder, ward, monitors, terminal);
      monitors.start();
      terminal.close();
      out.print(welcome(platform, folder, terminal.seconds()));
      out.flush();
      if (platform.dicom() != null) running.keep(modality(folder, platform, out)).start();
      running.untilStopped();
      out.println("stopping …");
      out.flush();
    }
    out.println("stopped. Run the same command to go on.");
    out.flush();
  }

  /** Where doors ask, nobody may call the DICOM port who is not named: the demo's own scanner has to be. */
  private NodeConfig config(DataFolder folder) {
    Configuration told = settings.load("demo", Map.of("name", "demo", "data", folder.path().toString(),
        "identity.mode", "Create", "shard.batchAge", "2s", "lake.openPeriod", "20s", "hl7.port", "2575",
        "load.folder", folder.drop().toString(), "fhir.deidentify.cryptoHashKey", folder.hashKey(),
        "fhir.deidentify.dateShiftKey", Audit.hash(folder.hashKey())));
    boolean named = !told.node().isOpen() && told.node().dicom().callers().isEmpty();
    return named ? told.with("demo", Map.of("dicom.callers", Modality.TITLE + "@127.0.0.1")).node() : told.node();
  }

  private static void forget(DataFolder folder) {
    FolderLock.take(folder.path(), "node").close();
    folder.empty();
    folder.prepare();
  }

  private static List<Monitor> ward() {
    Physiology physiology = new Physiology(ZoneId.systemDefault(), Instant.now());
    return Ward.beds().stream().map(bed -> new Monitor(bed, physiology)).toList();
  }

  private static void loadHistory(DataFolder folder, List<Monitor> ward, Monitors monitors, Terminal terminal) {
    Instant now = Instant.now();
    for (Monitor monitor : ward) {
      Bed bed = monitor.bed();
      if (bed.story() == Bed.Story.STEADY) continue;
      terminal.step("loading " + HISTORY.toHours() + " hours of earlier vitals of " + bed.given() + " " + bed.family());
      monitors.load(monitor, now.minus(HISTORY), now);
    }
    folder.noteHistory();
  }

  private static Modality modality(DataFolder folder, Platform platform, PrintWriter out) {
    Peer archive = new Peer(platform.config().dicom().host(), platform.dicomPort(),
        platform.config().dicom().aeTitle(), Modality.TITLE, Peer.PATIENCE);
    return new Modality(folder, maria(), archive, line -> {
      out.println("  " + line + ": " + platform.http() + "/studies/");
      out.flush();
    });
  }

  private static Bed maria() {
    return Ward.beds().stream().filter(bed -> bed.story() == Bed.Story.SEPSIS).findFirst().orElseThrow();
  }

  /** Where records of other kinds are sent; nothing of those that this node does not take. */
  private static String records(Platform platform) {
    Path drop = platform.config().load().folder();
    List<String> lines = new ArrayList<>();
    if (platform.hl7() != null) lines.add("HL7 v2        " + platform.hl7());
    if (platform.mqtt() != null) lines.add("MQTT          " + platform.mqtt());
    if (drop != null) lines.add("files         mv FILE " + drop + "   (bundles, NDJSON, zip)");
    return lines.isEmpty() ? "" : "\n" + String.join("\n", lines).indent(2).stripTrailing();
  }

  /** Where pictures are seen and sent; nothing when this node takes none. */
  private static String pictures(Platform platform, DataFolder folder) {
    if (platform.dicom() == null) return "";
    return "\n" + String.format(Locale.ROOT, """
          pictures      %1$s/studies/   (a CT of Maria Keller%5$s)
          your PACS     storescu -aec %2$s %3$s %4$d FILE      (AE title %2$s, port %4$d)
          DICOMweb      curl %1$s/dicom-web/studies""", platform.http(), platform.config().dicom().aeTitle(),
        platform.config().dicom().host(), platform.dicomPort(), folder.hasSentStudy() ? "" : " comes in a few seconds")
        .indent(2)
        .stripTrailing();
  }

  private static String welcome(Platform platform, DataFolder folder, double seconds) {
    return String.format(Locale.ROOT, """

        Caregrid is running after %.0f s. 50 monitors send once a second, half over HTTP, half through Kafka.

          live vitals   %2$s/vitals/%6$s
          all pages     %2$s/
          FHIR          curl '%2$s/fhir/Observation?patient=%3$s&_count=5'
                        (Maria Keller, bed 7: watch her. Tomás Ferreira, bed 12, is on oxygen.)
          your device   echo '{"deviceId":"monitor-99","patientId":"MRN-1099","time":"'$(date -u +%%FT%%TZ)'","heartRate":72}' \\
                          | curl -i -H 'Content-Type: application/json' --data-binary @- %2$s/ingest
          Kafka         %4$s, topic %5$s%8$s

        %7$s
        Ctrl-C stops it; the same command goes on, --fresh forgets.
        """, seconds, platform.http(), maria().patientId(), platform.config().kafka().bootstrapServers(),
        platform.config().kafka().deviceData(), pictures(platform, folder),
        platform.openness() == null ? "Every request needs a token (caregrid token --help)." : platform.openness(),
        records(platform));
  }
}
