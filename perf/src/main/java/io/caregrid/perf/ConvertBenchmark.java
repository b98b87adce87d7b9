package io.caregrid.perf;

import io.caregrid.api.fhir.r4.Trees;
import io.caregrid.templates.bundle.Conversion.Kind;
import io.caregrid.templates.bundle.Conversions;
import io.caregrid.templates.bundle.Outcome;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Admissions (ADT_A01) a second on one core, bytes of a message to bytes of a Bundle, by our own templates and, where CAREGRID_MS_TEMPLATES points to a copy, by
 * Microsoft's; without a copy {@code microsoft} fails and says so.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgs = {"-Xmx1g"})
public class ConvertBenchmark {
  private static final String SHORT = """
      MSH|^~\\&|ORBIS|NORTH|CAREGRID|HUB|20261103091544+0100||ADT^A01^ADT_A01|N-000017|P|2.5.1
      EVN|A01|20261103091544+0100
      PID|1||700123^^^NORTH^MR||Brandt^Mathilde^Ida^^Dr.||19610412|F|||Lindenweg 4^^Kiel^SH^24103^DEU^H||^PRN^PH^^49^431^5550101
      PV1|1|I|W3^12^B^NORTH||||4711^Okafor^Chidi^^^Dr.^^^NORTH||||||||||||V-2026-88^^^NORTH^VN|||||||||||||||||||||||||20261103090000+0100
      """;
  private static final String LONG = SHORT + """
      NK1|1|Brandt^Jonas|SPO^Spouse^HL70063|Lindenweg 4^^Kiel^^24103^DEU|^PRN^PH^^49^431^5550103
      AL1|1|DA|N02BE01^Paracetamol^ATC|SV^Severe|Hives~Swelling of the lips|2019
      AL1|2|FA|^Peanut|MI
      DG1|1||I20.0^Unstable angina^I10||20261103092000+0100|W||||||||||881^Lindqvist^Maj^^^^^^NORTH
      PR1|1||93000^Electrocardiogram^C4||20261103091000+0100|D||||||881^Lindqvist^Maj^^^^^^NORTH
      IN1|1|PLAN-A^Plan A|AOK-1^^^REGION|AOK Nordwest||||G-5|Group five||||20260101|20261231||GKV|Brandt^Mathilde
      OBX|1|NM|29463-7^Body weight^LN||71.50|kg^kilogram^UCUM|||||F|||20261103091600+0100
      OBX|2|NM|8302-2^Body height^LN||168|cm^centimeter^UCUM|||||F|||20261103091600+0100
      """;
  @Param({"ours", "microsoft"})
  public String templates;
  /** Segments: 4 or 12. */
  @Param({"short", "long"})
  public String message;
  private Conversions conversions;
  private String set;
  private byte[] bytes;

  @Setup
  public void load() {
    String copy = System.getenv("CAREGRID_MS_TEMPLATES");
    boolean ours = templates.equals("ours");
    if (!ours && copy == null) throw new IllegalStateException("CAREGRID_MS_TEMPLATES is not set");
    conversions = Conversions.load(ours ? Map.of() : Map.of("microsoft", Path.of(copy)), ZoneOffset.UTC,
        Clock.systemUTC());
    set = ours ? Conversions.HL7V2 : "microsoft";
    bytes = (message.equals("short") ? SHORT : LONG).replace('\n', '\r').getBytes(StandardCharsets.UTF_8);
    if (!new String(convert(), StandardCharsets.UTF_8).contains("Mathilde"))
      throw new IllegalStateException("nobody was admitted");
  }

  @Benchmark
  public byte[] convert() {
    Outcome outcome = conversions.convert(set, Kind.HL7V2, "ADT_A01", new String(bytes, StandardCharsets.UTF_8));
    return Trees.write(((Outcome.Converted) outcome).bundle());
  }
}
