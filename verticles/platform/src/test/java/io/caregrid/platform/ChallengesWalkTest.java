package io.caregrid.platform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code docs/challenges} passes nothing that was not seen. */
class ChallengesWalkTest {
  private static final Path WALK = Path.of("..", "..", "docs", "challenges").toAbsolutePath();
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
      assertTrue(walk.waitFor(60, TimeUnit.SECONDS), said);
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
}
