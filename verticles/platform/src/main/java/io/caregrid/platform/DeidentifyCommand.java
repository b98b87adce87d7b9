package io.caregrid.platform;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.api.fhir.r4.Trees;
import io.caregrid.cluster.DeidentifyConfig;
import io.caregrid.templates.MappingException;
import io.caregrid.templates.deidentify.Deidentifier;
import io.caregrid.templates.deidentify.Deidentifier.Keys;
import io.caregrid.templates.deidentify.Deidentifier.Origin;
import io.caregrid.templates.deidentify.Deidentifier.Result;
import io.caregrid.templates.deidentify.DeidentifyException;
import io.caregrid.templates.deidentify.Report;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** De-identifies files on this machine; no node is asked. */
@Command(name = "deidentify", description = "De-identifies FHIR R4 resources in files: JSON, or NDJSON with a resource a line.", footer = {
  "",
  "Keys that the configuration does not have are taken from CAREGRID_FHIR_DEIDENTIFY_CRYPTO_HASH_KEY, _DATE_SHIFT_KEY and _ENCRYPT_KEY,",
  "else from fhir.deidentify.* of the file that CAREGRID_CONFIG names, or of conf/caregrid.yaml.",
  "", "Example:",
  "  caregrid deidentify --config configuration.json --output given-away Patient.ndjson Observation.ndjson"})
final class DeidentifyCommand implements Callable<Integer> {
  private static final Duration LONGEST = Duration.ofMinutes(5);
  @Option(names = "--config", paramLabel = "FILE", description = "Configuration as Microsoft's anonymization tool takes it. Default: Safe Harbor's, which comes with the house.")
  private Path config;
  @Option(names = "--output", paramLabel = "FOLDER", required = true, description = "Where the files are written, under the same names: a file Smith_John.json tells who is in it.")
  private Path output;
  @Parameters(paramLabel = "FILE", arity = "1..*", description = "*.ndjson is read by lines, any other as one resource.")
  private List<Path> files;
  @Spec
  private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    requireNames();
    Files.createDirectories(output);
    requireOthers();
    Deidentifier deidentifier = deidentifier();
    PrintWriter err = spec.commandLine().getErr();
    deidentifier.warnings().forEach(warning -> err.println("warning: " + Terminal.printable(warning.toString())));
    if (!deidentifier.madeUpKeys().isEmpty())
      err.println("warning: " + String.join(", ", deidentifier.madeUpKeys())
          + " made up for this run: what another run writes will not go together with it");
    Report report = new Report();
    for (Path file : files) write(deidentifier, file, report);
    print(report);
    return 0;
  }

  /** Two files of one name would be one. */
  private void requireNames() {
    Set<String> names = new HashSet<>();
    for (Path file : files) {
      if (!names.add(file.getFileName().toString()))
        throw new ParameterException(spec.commandLine(), "two files are named " + file.getFileName());
    }
  }

  /** What is written may be none of what is read, by whatever links either is named. */
  private void requireOthers() throws IOException {
    List<Path> read = new ArrayList<>(files);
    if (config != null) read.add(config);
    Set<Path> sources = new HashSet<>();
    for (Path file : read) sources.add(real(file));
    Path folder = output.toRealPath();
    for (Path file : files) {
      Path written = folder.resolve(file.getFileName());
      boolean lost = sources.contains(written) || Files.exists(written)
          && (sources.contains(written.toRealPath()) || Files.isSameFile(written, file));
      if (lost)
        throw new ParameterException(spec.commandLine(),
            "--output would overwrite " + written + ", which is to be read");
    }
  }

  private static Path real(Path file) {
    try {
      return file.toRealPath();
    } catch (IOException unreadable) {
      throw new StartException("file " + file + " cannot be read: " + FileTrouble.why(unreadable), unreadable);
    }
  }

  private Deidentifier deidentifier() throws IOException {
    DeidentifyConfig own = new Settings().load("default", Map.of()).node().fhir().deidentify();
    Keys keys = new Keys(own.dateShiftKey(), own.cryptoHashKey(), own.encryptKey());
    try {
      String name = config == null ? "safe-harbor-r4.json" : config.toString();
      String text = config == null ? Deidentifier.safeHarbor() : Files.readString(config);
      return Deidentifier.read(name, text, keys, Clock.systemUTC());
    } catch (MappingException wrong) {
      throw new StartException(wrong.getMessage(), wrong);
    } catch (IOException unreadable) {
      throw new StartException("file " + config + " cannot be read: " + FileTrouble.why(unreadable), unreadable);
    }
  }

  /** Under another name until it is whole: what stands there under its own was de-identified to the end. */
  private void write(Deidentifier deidentifier, Path file, Report report) throws IOException {
    Path whole = output.resolve(file.getFileName());
    Path part = Files.createTempFile(output, file.getFileName().toString(), ".part");
    Path folder = file.toAbsolutePath().getParent().getFileName();
    Origin origin = new Origin(file.getFileName().toString(), folder == null ? "" : folder.toString());
    try {
      try (BufferedReader in = Files.newBufferedReader(file); BufferedWriter out = Files.newBufferedWriter(part)) {
        if (file.toString().toLowerCase(Locale.ROOT).endsWith(".ndjson")) lines(deidentifier, in, out, origin, report);
        else one(deidentifier, Trees.read(Files.readAllBytes(file)), out, origin, report);
      } catch (DeidentifyException | Trees.Malformed wrong) {
        throw new StartException("file " + file + ": " + wrong.getMessage(), wrong);
      } catch (IOException unreadable) {
        throw new StartException("file " + file + " cannot be read or written: " + unreadable, unreadable);
      }
      Files.move(part, whole, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(part);
    }
  }

  private static void lines(Deidentifier deidentifier, BufferedReader in, BufferedWriter out, Origin origin,
      Report report) throws IOException {
    int number = 0;
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      number++;
      if (line.isBlank()) continue;
      try {
        one(deidentifier, Trees.read(line.getBytes(StandardCharsets.UTF_8)), out, origin, report);
      } catch (DeidentifyException | Trees.Malformed wrong) {
        throw new StartException("file " + origin.file() + ", line " + number + ": " + wrong.getMessage(), wrong);
      }
    }
  }

  private static void one(Deidentifier deidentifier, JsonNode resource, BufferedWriter out, Origin origin,
      Report report) throws IOException {
    Result result = deidentifier.apply(resource, origin, LONGEST);
    report.add(result.report());
    out.write(new String(Trees.write(result.resource()), StandardCharsets.UTF_8));
    out.newLine();
  }

  private void print(Report report) {
    PrintWriter out = spec.commandLine().getOut();
    for (Report.Row row : report.rows())
      out.printf(Locale.ROOT, "%,12d  %-11s %-60s rule %d (%s)%n", row.count(), row.method(), row.place(), row.rule(),
          row.path());
    out.printf(Locale.ROOT, "%,d resources%s%n", report.resources(),
        report.emptiedInputs() == 0
            ? ""
            : String.format(Locale.ROOT, ", %,d inputs emptied because a rule failed", report.emptiedInputs()));
    out.flush();
  }
}
