package io.caregrid.platform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code docs/challenges} passes nothing that was not seen. */
class ChallengesWalkTest {
  private static final Path WALK = Path.of("..", "..", "docs", "challenges").toAbsolutePath();
  private static final Path PAGE = WALK.resolveSibling("CHALLENGES.md");
  @TempDir
  Path temp;
  private int code;

  private List<String> walked(String text) throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/bin/bash")) || Files.isExecutable(Path.of("/usr/bin/bash")), "no bash");
    Path page = Files.writeString(temp.resolve("page.md"), text.replace("'''", "```"));
    Process walk = new ProcessBuilder(WALK.toString(), page.toString()).directory(temp.toFile())
        .redirectErrorStream(true)
        .start();
    try {
      String said = new String(walk.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertTrue(walk.waitFor(180, TimeUnit.SECONDS), said);
      code = walk.exitValue();
      return said.lines().filter(line -> line.matches("(PASS|FAIL|NOT YET): .*|\\d+ rows .*")).toList();
    } catch (IOException broken) {
      throw new AssertionError(broken);
    }
  }

  @Test
  void aRowPassesWhenAllOfItIsSeenAndWhatOneBlockSaysTheNextKnows() throws Exception {
    List<String> said = walked("""
        ### 1.1 Counts
        '''sh
        n=3
        echo "{\\"total\\": $n} [x] a.b"
        '''
        '''see
        {"total": …} [x]
        '''
        '''sh within=20
        echo . >> looks; [ $(wc -l < looks) -ge $n ] && echo there
        '''
        '''see
        there
        '''
        ### 1.2 Missing (not yet)
        '''sh
        echo 404
        '''
        '''see
        404
        '''
        """);

    assertEquals(List.of("PASS: 1.1 Counts", "NOT YET: 1.2 Missing (not yet)",
        "1 rows passed, 0 failed, 1 are not yet there"), said);
    assertEquals(0, code);
  }

  @Test
  void aRowFailsWhenALineIsNotSeenNothingIsToBeSeenOrWhatIsMissingHasCome() throws Exception {
    List<String> said = walked("""
        ### 1.1 One of two
        '''sh
        echo axb
        '''
        '''see
        axb
        a.b
        '''
        ### 1.2 Nothing to see
        '''sh
        echo yes
        '''
        ### 1.3 A command that is none
        '''sh
        no-such-command-here "$unset"
        '''
        '''see
        fine
        '''
        ### 1.4 It came (not yet)
        '''sh
        echo 200
        '''
        '''see
        404
        '''
        """);

    assertEquals(List.of("FAIL: 1.1 One of two", "FAIL: 1.2 Nothing to see", "FAIL: 1.3 A command that is none",
        "FAIL: 1.4 It came (not yet)", "0 rows passed, 4 failed, 0 are not yet there"), said);
    assertEquals(4, code);
  }

  /** Whoever types by hand sees no {@code within=}. */
  @Test
  void beforeEveryBlockThatMayHaveToWaitThePageSaysAgainUntil() throws Exception {
    List<String> lines = Files.readAllLines(PAGE);
    List<String> silent = new ArrayList<>();
    int waiting = 0;
    for (int n = 2; n < lines.size(); n++) {
      if (!lines.get(n).startsWith("```sh within=")) continue;
      waiting++;
      int from = n - 1;
      while (from > 0 && !lines.get(from).startsWith("```") && !lines.get(from).startsWith("#")) from--;
      if (!String.join(" ", lines.subList(from, n)).contains("gain until ")) silent.add("line " + (n + 1));
    }

    assertEquals(List.of(), silent);
    assertTrue(waiting > 5, "blocks that wait: " + waiting);
  }

  private static final String RAW = "{'resourceType':'Patient','id':'demo-patient-07','identifier':[{'system':'urn:x','value':'MRN-1007'}],"
      + "'name':[{'family':'Keller','given':['Maria','Li']}],'telecom':[{'system':'phone','value':'0431 555-0107'}],'birthDate':'1958-03-14',"
      + "'address':[{'line':['Bergweg 7'],'city':'Kiel','postalCode':'24103'}]}";
  private static final String SAFE = "{'resourceType':'Patient','id':'698d54f00000241030000','birthDate':'1958','address':[{'state':'SH'}]}";

  /** Row 5.4 of the page itself, over an export as it was and one that is said to be de-identified. */
  private String lookedFor(String planted) throws Exception {
    String page = Files.readString(PAGE);
    String row = page.substring(page.indexOf("### 5.4"), page.indexOf("## 6"));
    Path raw = Files.createDirectories(temp.resolve("challenges/raw")).resolve("Patient-1.ndjson");
    Path safe = Files.createDirectories(temp.resolve("challenges/safe")).resolve("Patient-1.ndjson");
    Files.writeString(raw, (RAW.replace('\'', '"') + "\n").repeat(20));
    Files.writeString(safe, (SAFE + "\n" + planted + "\n").replace('\'', '"'));
    List<String> said = walked(
        "### 5.3 Exported\n'''sh\nraw=20 safe=20; echo exported\n'''\n'''see\nexported\n'''\n" + row);
    return said.get(1).replaceAll(":.*", "");
  }

  @Test
  void theLookForWhoIsLeftFindsWhoIsPlantedWhereverHeStands() throws Exception {
    assertEquals("PASS",
        lookedFor("{'resourceType':'Condition','subject':{'reference':'Patient/698d54f00000241030000'},"
            + "'onsetDateTime':'1958','code':{'coding':[{'code':'38341003','display':'Hypertension'}]}}"));
    for (String planted : List.of("{'name':[{'given':['Maria']}]}", "{'address':[{'line':['Bergweg 7']}]}",
        "{'address':[{'city':'Kiel'}]}", "{'address':[{'postalCode':'24103'}]}", "{'birthDate':'1958-03-14'}",
        "{'telecom':[{'value':'0431 555-0107'}]}", "{'subject':{'reference':'Patient/demo-patient-07'}}",
        "{'id':'demo-patient-07'}", "{'identifier':[{'value':'MRN-1007'}]}",
        "{'note':[{'text':'Keller, of ward 3'}]}", "{'note':[{'text':'born 1958-03-14, see MRN-1007'}]}"))
      assertEquals("FAIL", lookedFor(planted), planted);
  }
}
