package io.caregrid.platform;

import io.caregrid.dicom.dimse.Peer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Words that say which DICOM application is called, and as whom. */
final class DicomPeer {
  private static final Pattern ADDRESS = Pattern.compile("(.+)@(?:\\[([0-9A-Fa-f:.%]+)]|([^:@\\[\\]]+)):([0-9]{1,5})");

  @Option(names = "--to", paramLabel = "AETITLE@HOST:PORT", description = "Whom to call. Default: ${DEFAULT-VALUE}", defaultValue = "CAREGRID@127.0.0.1:11112")
  private String to;
  @Option(names = "--as", paramLabel = "AETITLE", description = "Who is calling. Default: ${DEFAULT-VALUE}", defaultValue = "CAREGRID_SCU")
  private String as;
  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  /** @throws ParameterException when the words name no peer */
  Peer peer() {
    Matcher address = ADDRESS.matcher(to);
    if (!address.matches() || Integer.parseInt(address.group(4)) > 65_535)
      throw wrong("--to " + to + " is not the address of a DICOM application: write it like CAREGRID@127.0.0.1:11112");
    String host = address.group(2) != null ? address.group(2) : address.group(3);
    try {
      return new Peer(host, Integer.parseInt(address.group(4)), address.group(1), as, Peer.PATIENCE);
    } catch (IllegalArgumentException title) {
      throw wrong(title.getMessage());
    }
  }

  private ParameterException wrong(String why) {
    return new ParameterException(spec.commandLine(), why);
  }
}
