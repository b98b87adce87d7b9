package io.caregrid.platform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class ConvertCommandTest {
  private static final String HEADER = "MSH|^~\\&|A|NORTH|C|D|20261103||ADT^A08|1|P|2.5";
  private static final String PID = "\rPID|1||7^^^NORTH^MR||Brandt^Ida\rZXY|own\r";
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  @TempDir
  Path temp;
  private Path from;
  private Path to;

  @BeforeEach
  void folders() throws IOException {
    from = Files.createDirectories(temp.resolve("in/ward"));
    to = temp.resolve("bundles");
  }

  private int run(String... more) {
    String[] arguments = new String[more.length + 5];
    System.arraycopy(new String[] {"convert", "-i", from.getParent().toString(), "-o", to.toString()}, 0, arguments, 0,
        5);
    System.arraycopy(more, 0, arguments, 5, more.length);
    out.getBuffer().setLength(0);
    CommandLine line = Main.commandLine().setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
    return line.execute(arguments);
  }

  private String written(String name) throws IOException {
    return Files.readString(to.resolve("ward").resolve(name));
  }

  @Test
  void aFolderBecomesAFolderOfBundlesOnce() throws IOException {
    Files.writeString(from.resolve("one.hl7"), HEADER + PID);
    Files.writeString(from.resolve("batch.txt"), "BHS|^~\\&|A\r" + HEADER + PID + HEADER + PID + "BTS|2\r");
    Files.writeString(from.resolve("readme.md"), "no message");

    assertEquals(0, run("--trace"), err.toString());

    assertTrue(written("one.hl7.json").startsWith("{\"resourceType\":\"Bundle\",\"type\":\"transaction\""));
    assertTrue(written("batch.txt.2.json").contains("Brandt"));
    assertTrue(written("one.hl7.trace").contains("\"ZXY\""));
    assertTrue(out.toString().contains("100 %"), out.toString());
    assertTrue(
        out.toString().contains("3 messages of 2 files converted") && out.toString().contains("1 neither"),
        out.toString());

    assertEquals(0, run(), err.toString());
    assertTrue(out.toString().contains("0 messages of 0 files converted") && out.toString().contains("2 done before"),
        out.toString());
    Files.setLastModifiedTime(from.resolve("one.hl7"), FileTime.from(Instant.now().plusSeconds(60)));
    assertEquals(0, run(), err.toString());
    assertTrue(out.toString().contains("1 messages of 1 files"), out.toString());
    assertEquals(0, run("--again"), err.toString());
    assertTrue(out.toString().contains("3 messages of 2 files"), out.toString());
    Files.writeString(from.resolve("batch.txt"), HEADER + PID);
    assertEquals(0, run("--again"), err.toString());
    assertFalse(Files.exists(to.resolve("ward/batch.txt.2.json")), "a message that is no longer in the file");
    assertFalse(Files.exists(to.resolve("ward/one.hl7.trace")), "a trace of an earlier run");
  }

  @Test
  void whyAMessageIsNotConvertedStandsBesideTheOthers() throws IOException {
    Files.writeString(from.resolve("mixed.hl7"), HEADER + PID + HEADER.replace("A08", "Z99") + PID + HEADER + PID);
    Files.write(from.resolve("latin.hl7"),
        (HEADER + "||||||8859/1" + PID.replace("Brandt", "Bäcker")).getBytes(StandardCharsets.ISO_8859_1));
    Files.write(from.resolve("broken.hl7"),
        (HEADER + PID.replace("Brandt", "Bäcker")).getBytes(StandardCharsets.ISO_8859_1));

    assertEquals(1, run());

    assertEquals("message 2: 1305 TemplateNotFound: no template is called 'ADT_Z99'\n", written("mixed.hl7.error"));
    assertTrue(Files.exists(to.resolve("ward/mixed.hl7.3.json")));
    assertTrue(written("latin.hl7.json").contains("Bäcker"));
    assertTrue(written("broken.hl7.error").contains("UTF-8"));
    assertFalse(Files.exists(to.resolve("ward/broken.hl7.json")));
    assertFalse(err.toString().contains("Bäcker"), err.toString());
    assertEquals(1, run(), "what failed is tried again");
    assertTrue(out.toString().contains("1 done before, 2 failed"), out.toString());
  }

  @Test
  void templatesOfOnesOwnAndARootThatIsGiven() throws IOException {
    Path own = Files.createDirectories(temp.resolve("templates"));
    Files.writeString(own.resolve("Any.liquid"), "{\"resourceType\":\"Bundle\",\"type\":\"batch\"}");
    Files.writeString(from.resolve("one.hl7"), HEADER + PID);

    assertEquals(0, run("--templates", own.toString(), "--root", "Any"), err.toString());

    assertEquals("{\"resourceType\":\"Bundle\",\"type\":\"batch\"}", written("one.hl7.json"));
    Files.writeString(own.resolve("Bad.liquid"), "{% if %}");
    assertTrue(run("--templates", own.toString(), "--root", "Any") != 0);
    assertTrue(err.toString().contains("Bad") && err.toString().contains("1104"), err.toString());
    assertEquals(2, run("--templates", "nowhere"));
  }

  private int alone(String... arguments) {
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    CommandLine line = Main.commandLine().setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
    return line.execute(arguments);
  }

  @Test
  void oneFileOrTextGoesToStandardOutput() throws IOException {
    Path file = Files.writeString(temp.resolve("two.hl7"), HEADER + PID + HEADER.replace("A08", "A01") + PID);

    assertEquals(0, alone("convert", "-n", file.toString()), err.toString());
    assertEquals(2, out.toString().lines().filter(line -> line.startsWith("{\"resourceType\":\"Bundle\"")).count(),
        out.toString());
    assertEquals(0, alone("convert", "-c", HEADER + PID, "--trace"), err.toString());
    assertTrue(out.toString().contains("Brandt") && out.toString().contains("\"ZXY\""), out.toString());

    assertEquals(0, alone("convert", "-c", HEADER + "||||||8859/1" + PID.replace("Brandt", "M\u00fcller")),
        err.toString());
    assertTrue(out.toString().contains("\"M\u00fcller\""), out.toString());
    assertEquals(1, alone("convert", "-c", HEADER.replace("A08", "Z99") + PID));
    assertTrue(err.toString().contains("1305"), err.toString());
    assertEquals(1, alone("convert", "-c", "no message"));
    assertEquals(2, alone("convert", "-c", HEADER + PID, "-n", file.toString()));
    assertEquals(2, alone("convert", "-i", file.toString()));
  }

  @Test
  void jsonIsConvertedByTemplatesThatAreForJson() throws IOException {
    Path own = Files.createDirectories(temp.resolve("templates"));
    Files.writeString(own.resolve("metadata.json"), "{\"type\":\"json\"}");
    Files.writeString(own.resolve("Person.liquid"),
        "{\"resourceType\":\"Patient\",\"name\":[{\"family\":\"{{ msg.last }}\"}]}");
    Files.writeString(from.resolve("one.json"), "{\"last\":\"Bäcker\"}");

    assertEquals(0, run("--templates", own.toString(), "--root", "Person"), err.toString());

    assertEquals("{\"resourceType\":\"Patient\",\"name\":[{\"family\":\"Bäcker\"}]}", written("one.json.json"));
    assertEquals(0, run("--again"), err.toString());
    assertTrue(out.toString().contains("1 neither"), out.toString());
  }
}
