package io.caregrid.platform;

import io.caregrid.api.auth.NodeKey;
import io.caregrid.cluster.NodeConfig;
import io.caregrid.contract.Roles;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Makes an access token with a node's own key. Whoever may read the node's data folder may do so. */
@Command(name = "token", description = "Makes an access token that this node takes, signed with the key in its data folder.", footer = {
  "",
  "For development, and for machines of the house: people sign in at an OpenID Connect issuer (setting security.issuers).",
  "Removing node-key.jwk from the data folder and starting the node again makes all of its tokens worthless.", "",
  "Example:", "  export CAREGRID_TOKEN=$(caregrid token --data caregrid-demo --role 'FHIR Data Reader' --role Analyst)",
  "  curl -H \"Authorization: Bearer $CAREGRID_TOKEN\" http://127.0.0.1:8080/fhir/Patient"})
final class TokenCommand implements Runnable {
  private static final Duration LONGEST = Duration.ofDays(366);

  @Mixin
  private Settings settings;
  @Option(names = "--role", paramLabel = "ROLE", required = true, description = "What its bearer may; may be repeated. Roles: FHIR Data Reader, Writer, "
      + "Exporter, Importer, Converter, Contributor; DICOM Data Reader, Owner; Telemetry Sender; Analyst; Operator; Auditor; and those of security.roles.")
  private List<String> roles = new ArrayList<>();
  @Option(names = "--subject", paramLabel = "NAME", description = "Who its bearer is, for the audit. Default: you, ${DEFAULT-VALUE}", defaultValue = "${sys:user.name}")
  private String subject;
  @Option(names = "--hours", paramLabel = "N", description = "How long it is good. Default: ${DEFAULT-VALUE}", defaultValue = "8")
  private int hours;
  @Option(names = "--data", paramLabel = "FOLDER", description = "The node's data folder. Default: setting 'data'.")
  private Path data;
  @Spec
  private CommandSpec spec;

  @Override
  public void run() {
    NodeConfig config = settings.load("default", Map.of()).node();
    Roles known = DefinedRoles.of(config);
    List<String> named = roles.stream().map(role -> named(known, role)).toList();
    Duration validFor = Duration.ofHours(hours);
    if (hours < 1 || validFor.compareTo(LONGEST) > 0)
      throw new ParameterException(spec.commandLine(), "--hours must be 1.." + LONGEST.toHours() + ", not " + hours);
    if (subject.isBlank() || subject.length() > 255 || subject.chars().anyMatch(Character::isISOControl))
      throw new ParameterException(spec.commandLine(), "--subject must be 1..255 characters");
    PrintWriter out = spec.commandLine().getOut();
    out.println(key(data == null ? config.data() : data).token(subject, named, Instant.now(), validFor));
    out.flush();
  }

  private String named(Roles known, String role) {
    return known.find(role)
        .map(Roles.Role::name)
        .orElseThrow(() -> new ParameterException(spec.commandLine(), "there is no role " + role + "; there are "
            + String.join(", ", known.all().stream().map(Roles.Role::name).toList())));
  }

  private static NodeKey key(Path folder) {
    try {
      return NodeKey.read(folder);
    } catch (NoSuchFileException none) {
      throw new StartException("folder " + folder + " has no " + NodeKey.FILE
          + ": start the node first (it makes its key), or name its data folder with --data", none);
    } catch (IOException refused) {
      throw new StartException(refused.getMessage(), refused);
    }
  }
}
