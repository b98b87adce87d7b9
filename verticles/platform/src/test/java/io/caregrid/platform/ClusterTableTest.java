package io.caregrid.platform;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What {@code caregrid cluster} prints. */
class ClusterTableTest {
  private static final String REPORT = """
      {"cluster": "house", "members": [
         {"name": "n1", "address": "10.0.0.1:5701", "roles": ["api", "device"], "answers": true, "shards": 2, "started": "2020-01-01T00:00:00Z",
          "verticles": {"HttpVerticle": 1, "ShardVerticle": 2}},
         {"name": "n2", "address": "10.0.0.2:5701", "roles": [], "answers": false, "shards": 0}],
       "shards": [
         {"shard": 0, "owner": "n1", "state": "running", "position": 12, "lag": 5, "backlog": 3, "error": null},
         {"shard": 1, "owner": "n1", "state": "resting", "backlog": 0, "error": "bad\\u001b[2Jnews"}]}""";

  private static List<String> lines() throws IOException {
    return ClusterTable.text(new ObjectMapper().readTree(REPORT)).lines().toList();
  }

  @Test
  void theFirstLineSaysWhetherAllIsWell() throws IOException {
    assertEquals("cluster house: 2 members, 1 of 2 shards running, lag 5, backlog 3", lines().get(0));
  }

  @Test
  void aMemberIsShownWithWhatRunsThereAndOneThatIsSilentSaysSo() throws IOException {
    assertTrue(lines().get(3).matches("n1 +10\\.0\\.0\\.1:5701 +\\d+ d \\d+ h +2 +api device +Http Shard×2"),
        lines().get(3));
    assertTrue(lines().get(4).matches("n2 +10\\.0\\.0\\.2:5701 +no answer +0"), lines().get(4));
  }

  @Test
  void whatIsNotKnownStaysEmptyAndATerminalIsNotCommanded() throws IOException {
    String resting = lines().get(8);

    assertTrue(resting.matches("1 +n1 +resting +0 +bad\\?\\[2Jnews"), resting);
    assertFalse(resting.contains("\u001b"));
  }
}
