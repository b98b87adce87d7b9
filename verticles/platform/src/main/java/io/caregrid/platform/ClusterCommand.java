package io.caregrid.platform;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Asks any node of a cluster how all of them are doing. */
@Command(name = "cluster", description = "Shows members, what runs on them, and every shard with owner, position, lag, backlog and last error. "
    + "On a terminal it refreshes until Ctrl-C.")
final class ClusterCommand implements Callable<Integer> {
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final String HOME_AND_CLEAR = "\u001b[H\u001b[J";
  private static final ObjectMapper JSON = new ObjectMapper();

  @Option(names = "--json", description = "The answer as JSON, once.")
  private boolean json;
  @Option(names = "--once", description = "The table once, also on a terminal.")
  private boolean once;
  @Option(names = "--every", paramLabel = "SECONDS", description = "Between two looks. Default: ${DEFAULT-VALUE}", defaultValue = "2")
  private int seconds;
  @Mixin
  private NodeCall node;
  @Spec
  private CommandSpec spec;

  @Override
  public Integer call() throws InterruptedException {
    if (seconds < 1) throw new ParameterException(spec.commandLine(), "--every must be 1 or more");
    URI address = node.address("/cluster");
    PrintWriter out = spec.commandLine().getOut();
    if (json || once || !Terminal.isThere()) {
      JsonNode report = ask(address);
      if (json) out.println(report.toPrettyString());
      else ClusterTable.print(report, out);
      out.flush();
      return 0;
    }
    while (true) {
      String table = ClusterTable.text(askPatiently(address));
      out.print(HOME_AND_CLEAR + table);
      out.flush();
      Thread.sleep(Duration.ofSeconds(seconds).toMillis());
    }
  }

  /** A node that is being restarted is waited for while somebody watches. */
  private JsonNode askPatiently(URI address) throws InterruptedException {
    try {
      return ask(address);
    } catch (StartException away) {
      return JSON.createObjectNode().put("problem", away.getMessage());
    }
  }

  private JsonNode ask(URI address) throws InterruptedException {
    HttpClient client = node.client().connectTimeout(PATIENCE).build();
    HttpRequest request = node.request(address).timeout(PATIENCE).GET().build();
    try {
      HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
      if (response.statusCode() == 200) return JSON.readTree(response.body());
      if (response.statusCode() == 401 || response.statusCode() == 403)
        throw new StartException(address + " answers " + response.statusCode()
            + ": it wants the token of an Operator, in CAREGRID_TOKEN or --token");
      throw new StartException(address + " answers with status " + response.statusCode()
          + ": is this a Caregrid node of this version?");
    } catch (ConnectException nobody) {
      throw NodeCall.nobody(address, nobody);
    } catch (IOException failed) {
      throw new StartException(address + " does not answer: " + failed.getMessage(), failed);
    }
  }
}
