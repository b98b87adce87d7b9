package io.caregrid.platform;

import io.caregrid.cluster.ConfigException;
import io.caregrid.engines.EngineException;
import io.caregrid.platform.demo.DemoCommand;
import java.io.PrintWriter;
import java.util.Locale;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code caregrid}: what a person types. Exit codes: 0 done, 1 it did not work and why was printed, 2 the words were wrong. */
@Command(name = "caregrid", synopsisSubcommandLabel = "COMMAND", mixinStandardHelpOptions = true, versionProvider = Main.Version.class, scope = CommandLine.ScopeType.INHERIT, description = "Takes in what medical devices say, keeps it as FHIR, and shows it.", subcommands = {
  DemoCommand.class, NodeCommand.class, ConfigCommand.class,
  MappingCommand.class, SendCommand.class, LoadCommand.class, SqlCommand.class, TokenCommand.class,
  ClusterCommand.class,
  KafkaCommand.class,
  DicomCommand.class, DeidentifyCommand.class, ConvertCommand.class,
  AuditCommand.class}, footer = {"", "Start with 'caregrid demo'. 'caregrid COMMAND --help' explains a command."})
public final class Main implements Runnable {
  @Spec
  private CommandSpec spec;

  public static void main(String[] arguments) {
    Locale.setDefault(Locale.ROOT); // what is kept and sent has the same digits and letters wherever it is run
    System.exit(execute(arguments));
  }

  /** @return the exit code */
  static int execute(String... arguments) {
    return commandLine().execute(arguments);
  }

  static CommandLine commandLine() {
    return new CommandLine(new Main())
        .setExecutionExceptionHandler((failure, line, parsed) -> explain(failure, line.getErr()))
        .setUsageHelpWidth(100);
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "What should be done? Name a command.");
  }

  /** What a person can mend is said in one message; everything else is a bug and keeps its stack trace. */
  private static int explain(Exception failure, PrintWriter err) {
    if (failure instanceof ConfigException || failure instanceof EngineException || failure instanceof StartException) {
      err.println("caregrid: " + failure.getMessage());
    } else {
      LoggerFactory.getLogger(Main.class).error("stopped by a bug", failure);
      err.println("caregrid: stopped by a bug: " + failure);
    }
    return 1;
  }

  /** The version in the jar's manifest. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"Caregrid " + text(), "Java " + Runtime.version()};
    }

    static String text() {
      String version = Main.class.getPackage().getImplementationVersion();
      return version == null ? "(development build)" : version;
    }
  }
}
