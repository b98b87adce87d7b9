package io.caregrid.platform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class DeidentifyCommandTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  @TempDir
  Path temp;

  private int run(String... arguments) {
    CommandLine line = Main.commandLine().setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
    return line.execute(arguments);
  }

  private Path file(String name, String text) throws IOException {
    return Files.writeString(temp.resolve(name), text);
  }

  @Test
  void filesComeOutDeIdentifiedAndCounted() throws IOException {
    Path lines = file("Patient.ndjson", """
        {"resourceType":"Patient","id":"a","name":[{"family":"Curie"}]}

        {"resourceType":"Patient","id":"b","name":[{"family":"Meitner"}],"multipleBirthInteger":2}
        """);
    Path config = file("config.json", "{\"fhirPathRules\":[{\"path\":\"Patient.name\",\"method\":\"redact\"}]}");
    Path given = temp.resolve("given");

    assertEquals(0, run("deidentify", "--config", config.toString(), "--output", given.toString(), lines.toString()),
        err.toString());

    List<String> written = Files.readAllLines(given.resolve("Patient.ndjson"));
    assertEquals(2, written.size());
    assertFalse(written.toString().contains("Curie") || written.toString().contains("Meitner"));
    assertTrue(written.get(1).endsWith("\"multipleBirthInteger\":2}"), written.get(1));
    assertTrue(out.toString().contains("2  redact      Patient.name.family"), out.toString());
    assertTrue(out.toString().contains("2 resources"), out.toString());
    assertEquals("", err.toString());
  }

  @Test
  void withoutAConfigurationItIsSafeHarborsAndAMissingKeyIsSaid() throws IOException {
    Path one = file("patient.json", "{\"resourceType\":\"Patient\",\"id\":\"a\",\"birthDate\":\"1980-04-01\"}");

    assertEquals(0, run("deidentify", "--output", temp.resolve("given").toString(), one.toString()), err.toString());

    String written = Files.readString(temp.resolve("given/patient.json"));
    assertTrue(written.contains("\"birthDate\":\"1980\""), written);
    assertTrue(err.toString().contains("cryptoHashKey made up"), err.toString());
  }

  @Test
  void aLineThatCannotBeDeIdentifiedLeavesNoFile() throws IOException {
    Path lines = file("x.ndjson",
        "{\"resourceType\":\"Patient\"}\n{\"resourceType\":\"Patient\",\"name\":\"Curie\"}\n");

    assertEquals(1, run("deidentify", "--output", temp.resolve("given").toString(), lines.toString()));

    assertTrue(err.toString().contains("line 2") && err.toString().contains("Patient.name"), err.toString());
    assertFalse(err.toString().contains("Curie"), err.toString());
    try (var files = Files.list(temp.resolve("given"))) {
      assertEquals(0, files.count());
    }
  }

  @Test
  void aConfigurationWithErrorsIsRefusedWithTheirPlaces() throws IOException {
    Path config = file("config.json", "{\"fhirPathRules\":[\n{\"path\":\"Patient.name\",\"method\":\"shred\"}]}");
    Path one = file("patient.json", "{\"resourceType\":\"Patient\"}");

    assertEquals(1, run("deidentify", "--config", config.toString(), "--output", temp.resolve("given").toString(),
        one.toString()));

    assertTrue(err.toString().contains("line 2, column"), err.toString());
  }

  @Test
  void theFolderOfTheInputIsNotWrittenTo() throws IOException {
    Path one = file("patient.json", "{\"resourceType\":\"Patient\"}");

    assertEquals(2, run("deidentify", "--output", temp.toString(), one.toString()));
    assertEquals("{\"resourceType\":\"Patient\"}", Files.readString(one));
  }

  @Test
  void aLinkToTheFolderOfTheInputIsNotWrittenTo() throws IOException {
    String text = "{\"resourceType\":\"Patient\",\"id\":\"a\"}";
    Path folder = Files.createDirectory(temp.resolve("in"));
    Path one = Files.writeString(folder.resolve("patient.json"), text);
    Path link = Files.createSymbolicLink(temp.resolve("link"), folder);
    Path other = Files.createDirectory(temp.resolve("other"));
    Path named = Files.createSymbolicLink(other.resolve("patient.json"), one);
    Path elsewhere = Files.createSymbolicLink(other.resolve("b.json"), one);
    Path same = Files.writeString(other.resolve("c.json"), text);

    assertEquals(2, run("deidentify", "--output", link.toString(), one.toString()), err.toString());
    assertEquals(2, run("deidentify", "--output", folder.toString(), named.toString()), err.toString());
    assertEquals(2, run("deidentify", "--output", link.resolve("../link").toString(), one.toString()));
    assertEquals(2, run("deidentify", "--output", folder.toString(),
        Files.move(same, other.resolve("x.json")).toString(), elsewhere.toString(),
        Files.createSymbolicLink(temp.resolve("patient.json"), other.resolve("x.json")).toString()));
    assertEquals(text, Files.readString(one));
  }
}
