package io.caregrid.analytics.views;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.contract.Failure;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Rows as bytes. */
class FormatTest {
  private static final View VIEW = View.of(ViewTest.json("""
      {'resource':'Patient','select':[{'column':[{'name':'a','path':'id'},{'name':'b','path':'id'}]}]}"""), "");

  private static String written(Format format, boolean header, JsonNode... rows) throws IOException {
    OutputStream out = new ByteArrayOutputStream();
    List<Column> columns = VIEW.columns();
    format.begin(columns, header, out);
    for (int i = 0; i < rows.length; i++) {
      format.row(columns, new JsonNode[] {rows[i].get(0), rows[i].get(1)}, i == 0, out);
    }
    format.end(out);
    return ((ByteArrayOutputStream) out).toString(StandardCharsets.UTF_8);
  }

  private static JsonNode row(String json) {
    return RunRequest.json(json.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void csvQuotesWhatNeedsItAndTellsNullFromNothing() throws IOException {
    String csv = written(Format.CSV, true, row("[\"a,b\",\"say \\\"hi\\\"\"]"), row("[\"two\\nlines\",null]"),
        row("[\"\",\" edge\"]"), row("[1.50,true]"), row("[[\"x\",1],{\"k\":\"v\"}]"), row("[\"plain ü\",\"cr\\r\"]"));

    assertEquals("a,b\r\n\"a,b\",\"say \"\"hi\"\"\"\r\n\"two\nlines\",\r\n\"\",\" edge\"\r\n1.50,true\r\n"
        + "\"[\"\"x\"\",1]\",\"{\"\"k\"\":\"\"v\"\"}\"\r\nplain ü,\"cr\r\"\r\n", csv);
  }

  @Test
  void csvWithoutAHeaderBeginsWithTheFirstRow() throws IOException {
    assertEquals("1,2\r\n", written(Format.CSV, false, row("[1,2]")));
  }

  @Test
  void jsonIsAnArrayAndNdjsonALineARow() throws IOException {
    assertEquals("{\"a\":1.10,\"b\":null}\n{\"a\":\"x\",\"b\":[]}\n",
        written(Format.NDJSON, true, row("[1.10,null]"), row("[\"x\",[]]")));
    assertEquals("[\n{\"a\":1,\"b\":2},\n{\"a\":3,\"b\":4}\n]\n",
        written(Format.JSON, true, row("[1,2]"), row("[3,4]")));
    assertEquals(0, row(written(Format.JSON, true)).size());
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', nullValues = "-", value = {"csv|-|CSV", "application/x-ndjson|text/csv|NDJSON",
    "-|-|NDJSON",
    "-|*/*|NDJSON", "-|text/csv|CSV", "-|text/html, application/json;q=0.8|JSON",
    "-|text/csv;q=0, application/json|JSON"})
  void formatWinsOverAccept(String format, String accept, Format wanted) {
    assertEquals(wanted, Format.of(format, accept));
  }

  @Test
  void otherFormsAreRefused() {
    assertEquals(400, assertThrows(Failure.class, () -> Format.of("parquet", null)).status);
    assertEquals(406, assertThrows(Failure.class, () -> Format.of(null, "text/html")).status);
  }
}
