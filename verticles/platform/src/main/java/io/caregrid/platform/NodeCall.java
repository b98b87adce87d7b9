package io.caregrid.platform;

import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.Map;
import javax.net.ssl.SSLContext;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options of every command that calls a node: which one, and who calls. */
final class NodeCall {
  static final String VARIABLE = "CAREGRID_TOKEN";

  @Option(names = "--to", paramLabel = "URL", description = "The node. Default: ${DEFAULT-VALUE}", defaultValue = "http://127.0.0.1:8080")
  private String node;
  @Option(names = "--token", paramLabel = "TOKEN", description = "Access token for the node. Better in the environment, "
      + VARIABLE
      + ", where other users of this machine do not see it.")
  private String token;
  @Option(names = "--ca", paramLabel = "FILE", description = "PEM file with who signs the node's certificate. Default: whom this Java trusts.")
  private Path ca;
  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  /** @throws ParameterException when {@code --to} names no node */
  URI address(String path) {
    try {
      URI there = URI.create(node);
      if (there.getHost() != null && there.getScheme().matches("https?")) return there.resolve(path);
    } catch (IllegalArgumentException noUri) {
      // said below, as for a URI that names no node
    }
    throw new ParameterException(spec.commandLine(),
        "--to " + node + " is not the address of a node: write it like http://127.0.0.1:8080");
  }

  /** No token is sent where there is none: an open node asks for none. */
  HttpRequest.Builder request(URI address) {
    HttpRequest.Builder request = HttpRequest.newBuilder(address);
    String found = token();
    return found == null ? request : request.header("Authorization", "Bearer " + found);
  }

  /** Null when there is none. */
  String token() {
    return found(System.getenv());
  }

  /** That of {@code --token} alone: the environment's is for a node of ours. Null when there is none. */
  String givenToken() {
    return token == null ? null : token();
  }

  /** Takes no certificate but what {@code --ca} signed, when that is given. */
  HttpClient.Builder client() {
    HttpClient.Builder client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1);
    return ca == null ? client : client.sslContext(trusting());
  }

  private SSLContext trusting() {
    try {
      return Trust.of(ca, null);
    } catch (IOException | GeneralSecurityException unusable) {
      throw new StartException("--ca " + ca + " cannot be used, name a PEM file with certificates: "
          + unusable.getMessage(), unusable);
    }
  }

  static StartException nobody(URI address, ConnectException refused) {
    return new StartException("nobody listens at " + address + ": is the node running? Name another with --to",
        refused);
  }

  private String found(Map<String, String> environment) {
    String found = token != null ? token : environment.getOrDefault(VARIABLE, "");
    if (found.isBlank()) return null;
    if (!found.strip().matches("[A-Za-z0-9\\-._~+/]+=*"))
      throw new ParameterException(spec.commandLine(),
          (token != null ? "--token" : VARIABLE) + " is no access token: it has characters that none has");
    return found.strip();
  }
}
