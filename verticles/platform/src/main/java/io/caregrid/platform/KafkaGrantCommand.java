package io.caregrid.platform;

import io.caregrid.cluster.KafkaAccess;
import io.caregrid.cluster.KafkaConfig;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Makes the accounts the house needs at a Kafka where nobody may do anything unless it was granted. Again, it changes nothing. */
@Command(name = "grant", description = "Makes the nodes' account at Kafka (kafka.user, kafka.password) and says what it may: make, write and read the "
    + "three topics of the house. With --sender: an account that may write topic devicedata, and nothing else.")
final class KafkaGrantCommand implements Runnable {
  @Mixin
  private Settings settings;
  @Option(names = "--admin-config", required = true, paramLabel = "FILE", description = "Kafka client settings of somebody who may grant.")
  private Path administrator;
  @Option(names = "--sender", paramLabel = "USER", description = "An account for a program that sends by Kafka; its password is in the environment, "
      + "KAFKA_SENDER_PASSWORD.")
  private String sender;
  @Option(names = "--certificate", description = "The sender signs in by certificate: it needs no password, only to be told what it may.")
  private boolean certificate;
  @Spec
  private CommandSpec spec;

  @Override
  public void run() {
    KafkaConfig kafka = settings.load("default", Map.of()).node().kafka();
    try (KafkaAccess access = new KafkaAccess(kafka, administrator)) {
      List<String> changes = granted(access);
      PrintWriter out = spec.commandLine().getOut();
      if (changes.isEmpty()) out.println("nothing to change");
      changes.forEach(out::println);
      out.flush();
    }
  }

  private List<String> granted(KafkaAccess access) {
    if (certificate && sender == null)
      throw new ParameterException(spec.commandLine(), "--certificate is for --sender: whose is it?");
    if (sender == null) return access.grantNodes();
    return certificate ? access.grantSender(sender) : access.grantSender(sender, password());
  }

  private String password() {
    String password = System.getenv("KAFKA_SENDER_PASSWORD");
    if (password == null || password.isBlank())
      throw new ParameterException(spec.commandLine(),
          "--sender needs the account's password in KAFKA_SENDER_PASSWORD");
    return password;
  }
}
