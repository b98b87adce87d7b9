package io.caregrid.platform;

import java.net.http.HttpRequest;
import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The option by which commands that call a node say who they are. */
final class Credential {
  static final String VARIABLE = "CAREGRID_TOKEN";

  @Option(names = "--token", paramLabel = "TOKEN", description = "Access token for the node. Better in the environment, "
      + VARIABLE
      + ", where other users of this machine do not see it.")
  private String token;
  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  /** Nothing is sent where there is no token: an open node asks for none. */
  HttpRequest.Builder on(HttpRequest.Builder request) {
    String found = found(System.getenv());
    return found == null ? request : request.header("Authorization", "Bearer " + found);
  }

  String found(Map<String, String> environment) {
    String found = token != null ? token : environment.getOrDefault(VARIABLE, "");
    if (found.isBlank()) return null;
    if (!found.strip().matches("[A-Za-z0-9\\-._~+/]+=*"))
      throw new ParameterException(spec.commandLine(),
          (token != null ? "--token" : VARIABLE) + " is no access token: it has characters that none has");
    return found.strip();
  }
}
