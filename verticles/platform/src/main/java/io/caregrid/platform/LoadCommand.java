package io.caregrid.platform;

import io.caregrid.ingest.load.Away;
import io.caregrid.ingest.load.Credentials;
import io.caregrid.ingest.load.FileLoad;
import io.caregrid.ingest.load.Refused;
import io.caregrid.ingest.load.Target;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Loads files of resources into a node, or into any FHIR server. */
@Command(name = "load", description = "Loads files of FHIR resources into a node, or into another FHIR server: bundles (.json), NDJSON (.ndjson), "
    + "each also gzipped (.gz), and zips of them.", footer = {
      "",
      "What was stopped goes on where it was when it is started again. Lines that were not taken are in FILE.rejected.ndjson, and why in FILE.rejected.",
      "", "Examples:", "  caregrid load export/Patient.1.ndjson export/Observation.1.ndjson",
      "  caregrid load --target https://fhir.example/r4 --token-url https://id.example/token --client-id loader synthea/"})
final class LoadCommand implements Callable<Integer> {
  private static final String SECRET = "CAREGRID_CLIENT_SECRET";
  private static final long TOLD_MILLIS = 1_000;

  @Parameters(paramLabel = "PATH", arity = "1..*", description = "Files, or folders whose files are loaded by name.")
  private List<Path> paths;
  @Option(names = "--target", paramLabel = "URL", description = "Base address of another FHIR server. It gets no token but that of --token or --token-url.")
  private URI target;
  @Option(names = "--token-url", paramLabel = "URL", description = "Where an access token for the target is asked for (OAuth 2.0 client credentials).")
  private URI tokens;
  @Option(names = "--client-id", paramLabel = "ID", description = "Who asks for it. The secret stands in the environment, "
      + SECRET + ".")
  private String client;
  @Option(names = "--scope", paramLabel = "SCOPE", description = "What is asked for, e.g. system/*.cu")
  private String scope;
  @Option(names = "--batch", paramLabel = "N", defaultValue = "200", description = "Resources of NDJSON in one request. Default: ${DEFAULT-VALUE}")
  private int batch;
  @Option(names = "--rate", paramLabel = "N", defaultValue = "0", description = "Resources in a second, at most. Default: as fast as they are taken.")
  private int rate;
  @Option(names = "--again", description = "Begin each file anew, also one that was begun.")
  private boolean again;
  @Mixin
  private NodeCall node;
  @Spec
  private CommandSpec spec;
  private long told;
  /** Their places are kept until all are done: else a load that was killed would send those anew that were. */
  private final List<Path> ended = new ArrayList<>();

  @Override
  public Integer call() throws InterruptedException {
    if (batch < 1 || batch > 1000) throw wrong("--batch must be 1..1000");
    if (rate < 0) throw wrong("--rate must not be below 0");
    Target there = there();
    int failed = 0;
    List<Path> files = files();
    for (Path file : files) if (!isLoaded(file, there)) failed++;
    for (Path file : ended) forget(file);
    return failed == 0 ? 0 : 1;
  }

  private static void forget(Path file) {
    try {
      FileLoad.forget(file);
    } catch (IOException failed) {
      throw new StartException(file + ".progress cannot be removed: " + failed, failed);
    }
  }

  private ParameterException wrong(String why) {
    return new ParameterException(spec.commandLine(), why);
  }

  private Target there() {
    HttpClient http = node.client().connectTimeout(Duration.ofSeconds(10)).build();
    if (tokens == null && client != null || tokens != null && client == null)
      throw wrong("--token-url and --client-id belong together");
    if (target == null && tokens != null) throw wrong("--token-url is for another server: name it with --target");
    URI base = target == null ? node.address("/fhir") : target;
    if (base.getHost() == null || !base.getScheme().matches("https?"))
      throw wrong("--target is no address of a FHIR server");
    return new Target(base, http, tokens == null ? Credentials.of(token()) : credentials(http));
  }

  /** The environment's token is a node's; another server hears of none but what is given for it. */
  private String token() {
    return target == null ? node.token() : node.givenToken();
  }

  private Credentials credentials(HttpClient http) {
    String secret = System.getenv(SECRET);
    if (secret == null || secret.isBlank())
      throw new StartException(
          "the environment has no " + SECRET + ": put the client's secret there, where nobody else sees it");
    return Credentials.client(http, tokens, client, secret, scope, null);
  }

  private List<Path> files() {
    List<Path> files = new ArrayList<>();
    for (Path path : paths) {
      if (!Files.isDirectory(path)) {
        files.add(behind(path));
        continue;
      }
      try (Stream<Path> inside = Files.walk(behind(path))) {
        inside.filter(each -> Files.isRegularFile(each, LinkOption.NOFOLLOW_LINKS))
            .filter(FileLoad::isOne)
            .sorted()
            .forEach(files::add);
      } catch (IOException | java.io.UncheckedIOException unreadable) {
        throw new StartException("folder " + path + " cannot be read: " + unreadable.getMessage(), unreadable);
      }
    }
    return files;
  }

  /** What a link leads to: whoever names it means that. */
  private static Path behind(Path path) {
    try {
      return Files.isSymbolicLink(path) ? path.toRealPath() : path;
    } catch (IOException broken) {
      throw new StartException(path + " leads nowhere: " + broken, broken);
    }
  }

  /** False: not all of it. What the target does not take just now ends the command. */
  private boolean isLoaded(Path file, Target there) throws InterruptedException {
    PrintWriter out = spec.commandLine().getOut();
    long from = System.nanoTime();
    try {
      if (again) FileLoad.forget(file);
      FileLoad.Report done = new FileLoad(file, there, batch, rate, (so, bytes) -> progress(file, so, bytes)).run();
      ended.add(file);
      double seconds = (System.nanoTime() - from) / 1e9;
      out.println(String.format(Locale.ROOT, "%s: %d loaded, %d rejected, %.1f s%s", file, done.loaded(),
          done.rejected(), seconds,
          done.rejected() == 0 ? "" : "; why: " + file + ".rejected"));
      out.flush();
      return done.rejected() == 0;
    } catch (FileLoad.Changed written) {
      out.println(file + ": " + written.getMessage() + ". Load it again when it is whole");
      out.flush();
      return false;
    } catch (Refused refused) {
      out.println(file + ": refused: " + refused.getMessage());
      out.flush();
      return false;
    } catch (Away away) {
      throw new StartException(file + ": " + away.getMessage(), away);
    } catch (IOException failed) {
      throw new StartException(file + " cannot be loaded: " + FileTrouble.why(failed), failed);
    } catch (FileLoad.Stopped never) {
      throw new IllegalStateException(never);
    }
  }

  private boolean progress(Path file, FileLoad.Report so, long bytes) {
    long now = System.nanoTime() / 1_000_000;
    if (now - told < TOLD_MILLIS) return true;
    told = now;
    PrintWriter err = spec.commandLine().getErr();
    err.println(file.getFileName() + ": " + so.loaded() + " loaded, " + so.rejected() + " rejected, "
        + bytes / 1_000_000 + " MB read");
    err.flush();
    return true;
  }
}
