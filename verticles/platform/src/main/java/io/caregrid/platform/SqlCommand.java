package io.caregrid.platform;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Asks the lake of a running node. */
@Command(name = "sql", description = "Asks a node's lake in SQL, and prints the answer.", footer = {
  "",
  "Tables are named after FHIR's resource types (Patient, Observation, Observation_history …); vitals has a row per sample,",
  "patients and imaging_studies are flat. The SQL is DuckDB's; it can only read.", "", "Examples:",
  "  caregrid sql \"select type, count(*), avg(value) from vitals group by type\"",
  "  caregrid sql --format parquet --output vitals.parquet \"from vitals\"", "  caregrid sql - < question.sql"})
final class SqlCommand implements Callable<Integer> {
  /** Longer than the longest lake.sql.timeout and the wait before it. */
  private static final Duration PATIENCE = Duration.ofMinutes(25);
  private static final int LONGEST = 1 << 20;
  private static final ObjectMapper JSON = JsonMapper.builder()
      .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
      .nodeFactory(JsonNodeFactory.withExactBigDecimals(true))
      .build();

  /** How the answer is wanted. */
  enum Form {
    table, csv, json, parquet
  }

  @Parameters(paramLabel = "SQL", description = "The query; - reads it from standard input.")
  private String sql;
  @Option(names = "--format", paramLabel = "FORM", description = "${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}", defaultValue = "table")
  private Form form;
  @Option(names = "--output", paramLabel = "FILE", description = "Where the answer is written, in place of standard output.")
  private Path output;
  @Option(names = "--rows", paramLabel = "N", description = "Most rows of a table. Default: ${DEFAULT-VALUE}", defaultValue = "1000")
  private int rows;
  @Mixin
  private NodeCall node;
  @Spec
  private CommandSpec spec;

  @Override
  public Integer call() throws InterruptedException {
    URI address = node.address("/analytics/sql");
    if (form == Form.parquet && output == null)
      throw new ParameterException(spec.commandLine(), "Parquet is not for a terminal: name a file with --output");
    if (rows < 1) throw new ParameterException(spec.commandLine(), "--rows must be 1 or more");
    ObjectNode body = JSON.createObjectNode().put("sql", sql.equals("-") ? standardInput() : sql);
    if (form == Form.table) body.put("format", "json").put("rows", rows);
    else body.put("format", form.name());
    HttpRequest request = node.request(address)
        .timeout(PATIENCE)
        .header("Content-Type", "application/json")
        .POST(HttpRequest.BodyPublishers.ofString(body.toString()))
        .build();
    try (InputStream answer = answer(request)) {
      if (output == null) print(answer, spec.commandLine().getOut());
      else save(answer);
      return 0;
    } catch (ConnectException nobody) {
      throw NodeCall.nobody(address, nobody);
    } catch (IOException failed) {
      throw new StartException("the answer of " + address + " broke off: " + failed.getMessage(), failed);
    }
  }

  private InputStream answer(HttpRequest request) throws IOException, InterruptedException {
    HttpClient client = node.client().build();
    HttpResponse<InputStream> response = client.send(request, HttpResponse.BodyHandlers.ofInputStream());
    if (response.statusCode() == 200) return response.body();
    try (InputStream refused = response.body()) {
      throw new StartException(reason(response.statusCode(), refused.readNBytes(LONGEST)), null);
    }
  }

  private static String reason(int status, byte[] body) {
    try {
      String said = JSON.readTree(body).path("issue").path(0).path("diagnostics").asText();
      if (status == 404) return "this node answers no SQL: it has no lake, or is of an older version";
      if (!said.isEmpty())
        return Terminal.printable(said.replace('\n', ' ')) + (status == 401
            ? ". A token goes in CAREGRID_TOKEN or behind --token; 'caregrid token' makes one on the node's machine"
            : "");
    } catch (IOException noJson) {
      // said below: it is no node of ours
    }
    return "status " + status + " without a reason: is this a Caregrid node?";
  }

  private static String standardInput() {
    try {
      return new String(System.in.readNBytes(LONGEST), StandardCharsets.UTF_8);
    } catch (IOException unreadable) {
      throw new StartException("standard input cannot be read: " + unreadable.getMessage(), unreadable);
    }
  }

  private void print(InputStream answer, PrintWriter out) throws IOException {
    if (form == Form.table) {
      AlignedRows.print(JSON.readTree(answer), out);
    } else {
      new InputStreamReader(answer, StandardCharsets.UTF_8).transferTo(out);
      if (form == Form.json) out.println();
    }
    out.flush();
  }

  /** Under another name until it is whole. */
  private void save(InputStream answer) throws IOException {
    Path whole = output.toAbsolutePath();
    Path part;
    try {
      part = Files.createTempFile(whole.getParent(), whole.getFileName().toString(), ".part");
    } catch (NoSuchFileException nowhere) {
      throw new StartException("file " + output + " cannot be written: its folder does not exist", nowhere);
    } catch (IOException refused) {
      throw new StartException("file " + output + " cannot be written: " + FileTrouble.why(refused), refused);
    }
    try {
      if (form == Form.table) {
        try (PrintWriter to = new PrintWriter(Files.newBufferedWriter(part))) {
          print(answer, to);
        }
      } else {
        Files.copy(answer, part, StandardCopyOption.REPLACE_EXISTING);
      }
      Files.move(part, whole, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(part);
    }
    spec.commandLine().getErr().printf(Locale.ROOT, "%s: %,d bytes%n", output, Files.size(whole));
  }
}
