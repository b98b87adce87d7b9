package io.caregrid.platform;

import io.caregrid.cluster.ConvertConfig;
import io.caregrid.templates.bundle.Conversion.Kind;
import io.caregrid.templates.bundle.Conversions;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.ZoneId;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Converts files on this machine; no node is asked. */
@Command(name = "convert", description = "Converts HL7 v2 messages, also many in a file, and C-CDA documents into FHIR R4 Bundles; with templates for them JSON and FHIR STU3, too.", footer = {
  "",
  "FILE becomes FILE.json; of a file with several messages the others become FILE.2.json and so on. Why a message was not converted stands in FILE.error.",
  "What was converted is not converted again, unless its file has changed since or --again is said.",
  "Exit code: 0 when all was converted, 1 when something was not, 2 for wrong options.",
  "", "Examples:", "  caregrid convert -i messages -o bundles",
  "  caregrid convert -i ccda -o bundles --templates FHIR-Converter/data/Templates --root CCD --trace",
  "  caregrid convert -i stu3 -o r4 --templates FHIR-Converter/data/Templates/Stu3ToR4",
  "  caregrid convert -n admission.hl7",
  "  caregrid load bundles"})
final class ConvertCommand implements Callable<Integer> {
  private static final int BAR = 30;
  private static final long REDRAW_NANOS = 100_000_000;
  private static final int STEP = 10;
  @Option(names = {"-i",
    "--input"}, paramLabel = "PATH", description = "A file, or a folder with all that is in it.")
  private Path input;
  @Option(names = {"-o", "--output"}, paramLabel = "FOLDER", description = "Where the Bundles go.")
  private Path output;
  @Option(names = {"-n",
    "--file"}, paramLabel = "FILE", description = "In place of --input and --output: one file, whose Bundles go to standard output, one a line.")
  private Path file;
  @Option(names = {"-c",
    "--content"}, paramLabel = "TEXT", description = "The same of a message or document that stands here itself, in the characters of the shell whatever MSH-18 says. Others on this machine may see it in the list of processes, and the shell remembers it: not for real patients.")
  private String content;
  @Option(names = {"-d",
    "--templates"}, paramLabel = "SET", description = "Folder or zip of templates, or the name of a set in the configuration. Default: the house's own.")
  private String templates;
  @Option(names = {"-r",
    "--root"}, paramLabel = "NAME", description = "Template to begin with. Default: what MSH-9 names; CCD for documents.")
  private String root;
  @Option(names = "--zone", paramLabel = "ZONE", description = "Of times that name none, e.g. Europe/Berlin. Default: fhir.convert.zone, which is UTC unless set.")
  private String zone;
  @Option(names = {"-t",
    "--trace"}, description = "Write FILE.trace too: the parts of a message that no template looked at.")
  private boolean trace;
  @Option(names = "--again", description = "Convert also what was converted already.")
  private boolean again;
  @Spec
  private CommandSpec spec;
  private Kind json;
  private int done;
  private int skipped;
  private int other;
  private int failed;
  private int messages;
  private long drawn;
  private long toldPercent;

  @Override
  public Integer call() throws IOException {
    boolean folders = input != null && output != null;
    boolean one = input == null && output == null && (file == null) != (content == null);
    if (!one && (!folders || file != null || content != null))
      throw wrong("say --input and --output, or --file, or --content");
    if (one) return printed();
    if (!Files.exists(input)) throw wrong("--input " + input + " does not exist");
    ConvertedFile.Way way = way();
    List<Path> files = files();
    boolean terminal = Terminal.isThere();
    long from = System.nanoTime();
    for (Path file : files) {
      convert(file, way);
      show(files.size(), terminal);
    }
    if (terminal && !files.isEmpty()) out().println();
    double seconds = (System.nanoTime() - from) / 1e9;
    out().printf(Locale.ROOT,
        "%,d messages of %,d files converted in %.1f s; %,d done before, %,d failed, %,d neither HL7 v2 nor XML%n",
        messages,
        done, seconds, skipped, failed, other);
    out().flush();
    return failed == 0 ? 0 : 1;
  }

  /** By way of a folder that nobody else may look into, and that is gone afterwards. */
  private int printed() throws IOException {
    if (file != null && !Files.isRegularFile(file)) throw wrong("--file " + file + " is no file");
    ConvertedFile.Way way = way();
    Path folder = Files.createTempDirectory("caregrid-convert");
    try {
      Path from = content == null ? file : Files.writeString(folder.resolve("content"), content);
      Path place = folder.resolve("bundle");
      ConvertedFile.Result result = new ConvertedFile(from, place, way, json, trace,
          content == null ? null : StandardCharsets.UTF_8).run();
      for (int n = 1; n <= result.converted() + result.failed(); n++) {
        for (String ending : List.of(n == 1 ? ".json" : "." + n + ".json", n == 1 ? ".trace" : "." + n + ".trace")) {
          Path made = place.resolveSibling("bundle" + ending);
          if (Files.exists(made)) out().println(Files.readString(made));
        }
      }
      out().flush();
      Path errors = place.resolveSibling("bundle.error");
      if (Files.exists(errors))
        for (String why : Files.readAllLines(errors)) spec.commandLine().getErr().println(Terminal.printable(why));
      if (result.converted() + result.failed() == 0)
        spec.commandLine().getErr().println("neither HL7 v2 nor XML");
      return result.failed() == 0 && result.converted() > 0 ? 0 : 1;
    } finally {
      try (Stream<Path> made = Files.walk(folder)) {
        for (Path each : made.sorted(Comparator.reverseOrder()).toList()) Files.delete(each);
      }
    }
  }

  private PrintWriter out() {
    return spec.commandLine().getOut();
  }

  private ParameterException wrong(String why) {
    return new ParameterException(spec.commandLine(), why);
  }

  private ConvertedFile.Way way() {
    ConvertConfig config = new Settings().load("default", Map.of()).node().fhir().convert();
    if (zone != null)
      config = new ConvertConfig(checkedZone(), config.templates(), config.sharedAuthorities(), config.maxBodyBytes());
    String set = templates;
    if (set != null && Files.exists(Path.of(set))) {
      Map<String, List<String>> sets = new HashMap<>(config.templates());
      sets.put(set, List.of(set));
      config = new ConvertConfig(config.zone(), sets, config.sharedAuthorities(), config.maxBodyBytes());
    }
    Conversions conversions = TemplateSets.load(config);
    if (set != null && !conversions.names().contains(set.toLowerCase(Locale.ROOT)))
      throw wrong("--templates " + set + " is no folder or zip, and no set of the configuration; there are "
          + String.join(", ", conversions.names()));
    json = ofJson(conversions, set);
    return (kind, text) -> conversions.convert(set != null ? set : Conversions.house(kind), kind, root, text);
  }

  /** What a file of JSON is: what the templates that were named are for. Null: they are for none. */
  private static Kind ofJson(Conversions conversions, String set) {
    if (set == null) return null;
    Set<Kind> kinds = conversions.kinds(set);
    return kinds.contains(Kind.JSON) ? Kind.JSON : kinds.contains(Kind.STU3) ? Kind.STU3 : null;
  }

  private String checkedZone() {
    try {
      return ZoneId.of(zone).getId();
    } catch (DateTimeException none) {
      throw wrong("--zone must be a time zone such as Europe/Berlin");
    }
  }

  private List<Path> files() {
    if (!Files.isDirectory(input)) return List.of(input);
    try (Stream<Path> inside = Files.walk(input)) {
      return inside.filter(each -> Files.isRegularFile(each, LinkOption.NOFOLLOW_LINKS)).sorted().toList();
    } catch (IOException | UncheckedIOException unreadable) {
      throw new StartException("folder " + input + " cannot be read: " + unreadable, unreadable);
    }
  }

  private void convert(Path file, ConvertedFile.Way way) throws IOException {
    Path name = Files.isDirectory(input) ? input.relativize(file) : file.getFileName();
    ConvertedFile converted = new ConvertedFile(file, output.resolve(name.toString()), way, json, trace, null);
    if (!again && converted.isDone()) {
      skipped++;
      return;
    }
    ConvertedFile.Result result = converted.run();
    messages += result.converted();
    if (result.failed() > 0) failed++;
    else if (result.converted() > 0) done++;
    else other++;
    if (result.failed() > 0) {
      spec.commandLine()
          .getErr()
          .println(
              "\r" + Terminal.printable(file.toString()) + ": " + result.failed() + " not converted, why: "
                  + Terminal.printable(output.resolve(name) + ".error"));
    }
  }

  private void show(int all, boolean terminal) {
    int so = done + skipped + failed + other;
    int percent = 100 * so / all;
    if (terminal) {
      if (so < all && System.nanoTime() - drawn < REDRAW_NANOS) return;
      drawn = System.nanoTime();
      int full = BAR * so / all;
      out().printf(Locale.ROOT, "\r[%s%s] %d %%  %,d of %,d files, %,d failed", "#".repeat(full),
          ".".repeat(BAR - full), percent, so, all, failed);
    } else if (percent >= toldPercent + STEP) {
      toldPercent = percent - percent % STEP;
      out().println(toldPercent + " %");
    }
    out().flush();
  }
}
