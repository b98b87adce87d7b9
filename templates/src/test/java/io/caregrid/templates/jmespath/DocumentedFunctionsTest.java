package io.caregrid.templates.jmespath;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.caregrid.templates.jsonpath.JsonPath;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** What docs/FUNCTIONS.md says of a function is what the function does. */
class DocumentedFunctionsTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Path PAGE = Path.of("../docs/FUNCTIONS.md");
  private static final Pattern CODE = Pattern.compile("``(.+?)``|`(.+?)`");
  private static final Pattern NAME = Pattern.compile("([A-Za-z0-9_]+)\\(");

  /** @param jsonPath else JMESPath */
  private record Row(boolean jsonPath, String what, String example, String data, String result) {}

  @TestFactory
  Stream<DynamicTest> everyExampleGivesWhatStandsBesideIt() throws IOException {
    return rows().stream().map(row -> DynamicTest.dynamicTest(row.example, () -> check(row)));
  }

  @Test
  void everyFunctionHasAnExample() throws IOException {
    Set<String> shown = new TreeSet<>();
    for (Row row : rows()) {
      Matcher name = NAME.matcher(row.example);
      while (!row.jsonPath && name.find()) shown.add(name.group(1));
    }

    Set<String> missing = new TreeSet<>(Functions.names());
    missing.removeAll(shown);
    assertEquals(Set.of(), missing);
    assertTrue(Functions.names().containsAll(Set.of("if", "parseDate", "add", "to_array")));
  }

  private static void check(Row row) throws Exception {
    JsonNode data = JSON.readTree(row.data);
    JsonNode found = row.jsonPath
        ? JSON.valueToTree(JsonPath.compile(row.example).select(data))
        : JmesPath.compile(row.example).search(data);
    assertEquals(JSON.readTree(row.result), JSON.readTree(found.toString()));
  }

  private static List<Row> rows() throws IOException {
    List<Row> rows = new ArrayList<>();
    boolean jsonPath = false;
    for (String line : Files.readAllLines(PAGE)) {
      if (line.startsWith("## ")) jsonPath = line.contains("JSONPath");
      String[] cells = line.replace("\\|", "\u0000").split("\\|");
      if (cells.length != 5 || line.startsWith("|---") || cells[2].strip().equals("example")) continue;
      rows.add(new Row(jsonPath, cells[1], code(cells[2]), code(cells[3]), code(cells[4])));
    }
    assertTrue(rows.size() > 50, "only " + rows.size() + " rows are read");
    return rows;
  }

  private static String code(String cell) {
    Matcher code = CODE.matcher(cell);
    assertTrue(code.find(), cell);
    return (code.group(1) == null ? code.group(2) : code.group(1)).replace('\u0000', '|');
  }
}
