package io.caregrid.cluster;

import static io.caregrid.cluster.ConfigException.require;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * HL7 v2 messages, by MLLP at a port of their own and by HTTP at {@code /hl7}.
 *
 * @param host        address to bind for MLLP: loopback, or another one when {@code tls.clientCa} says whose certificates are taken
 * @param port        of MLLP, 0..65535; 0 takes a free one; -1: there is none
 * @param http        messages are taken at {@code /hl7} without a port of MLLP, too; with one they are in any case
 * @param mode        {@code protected}, or {@code open-i-know-what-i-do}: whoever reaches {@code host} may send, in the clear
 * @param roles       by which what comes by MLLP is stored; they have to let resources be written
 * @param maxMessage  largest message or batch, 64 kB..64 MB, bytes
 * @param connections most at a time, 1..10000
 * @param bufferBytes memory for messages on their way to Kafka; beyond it they are answered with an error. {@code maxMessage}..4 GB
 * @param idle        longest silence between two messages of a connection, 5 s..7 d
 * @param frame       longest that one message may take to come, and its answer to be read, 1 s..1 h
 * @param charset     of messages whose MSH-18 names none, as MSH-18 writes it; empty: ASCII
 * @param processing  processing ids (MSH-11) that are taken, as P, T and D
 * @param keep        how long messages that could not be used are kept, and it is known which were stored, 1 d..10 y
 */
public record Hl7Config(String host, int port, boolean http, String mode, List<String> roles, int maxMessage,
    int connections,
    int bufferBytes, Duration idle, Duration frame, String charset, List<String> processing, Duration keep,
    TlsConfig tls) {

  /** As MSH-18 writes them (HL7 table 0211) → as Java does: those in which no separator is part of another character. */
  public static final Map<String, String> CHARSETS = Map.ofEntries(Map.entry("ASCII", "US-ASCII"),
      Map.entry("8859/1", "ISO-8859-1"), Map.entry("8859/2", "ISO-8859-2"), Map.entry("8859/3", "ISO-8859-3"),
      Map.entry("8859/4", "ISO-8859-4"), Map.entry("8859/5", "ISO-8859-5"), Map.entry("8859/6", "ISO-8859-6"),
      Map.entry("8859/7", "ISO-8859-7"), Map.entry("8859/8", "ISO-8859-8"), Map.entry("8859/9", "ISO-8859-9"),
      Map.entry("8859/15", "ISO-8859-15"), Map.entry("UNICODE UTF-8", StandardCharsets.UTF_8.name()),
      Map.entry("UTF-8", StandardCharsets.UTF_8.name()));

  public static final Hl7Config DEFAULT = new Hl7Config("127.0.0.1", -1, false, SecurityConfig.PROTECTED,
      List.of("FHIR Data Writer"), 16 << 20, 256, 128 << 20, Duration.ofHours(1), Duration.ofMinutes(2), "",
      List.of("P"), Duration.ofDays(30), TlsConfig.NONE);

  public Hl7Config {
    tls.check("hl7");
    roles = List.copyOf(roles);
    processing = List.copyOf(processing);
    require(port >= -1 && port <= 65535, "hl7.port must be 0..65535, or -1 for none, not " + port);
    require(mode.equals(SecurityConfig.PROTECTED) || mode.equals(SecurityConfig.OPEN),
        "hl7.mode must be " + SecurityConfig.PROTECTED + " or " + SecurityConfig.OPEN + ", not " + mode);
    require(port < 0 || Hosts.isLoopback(host) || tls.clientCa() != null || mode.equals(SecurityConfig.OPEN),
        "hl7.host must be a loopback address, not " + host
            + ", as long as hl7.tls.clientCa does not say whose certificates are taken: MLLP asks nobody who he is."
            + " Or set hl7.mode to " + SecurityConfig.OPEN
            + ", and whoever reaches that address may write into the store");
    require(maxMessage >= 64 << 10 && maxMessage <= 64 << 20,
        "hl7.maxMessage must be 65536..67108864, not " + maxMessage);
    require(connections >= 1 && connections <= 10_000, "hl7.connections must be 1..10000, not " + connections);
    require(bufferBytes >= maxMessage, "hl7.bufferBytes must be at least hl7.maxMessage, not " + bufferBytes);
    require(idle.toSeconds() >= 5 && idle.toDays() <= 7, "hl7.idle must be PT5S..P7D, not " + idle);
    require(frame.toMillis() >= 1000 && frame.toHours() <= 1, "hl7.frame must be PT1S..PT1H, not " + frame);
    require(charset.isEmpty() || CHARSETS.containsKey(charset),
        "hl7.charset must be one of " + CHARSETS.keySet().stream().sorted().toList() + " or empty, not " + charset);
    require(!processing.isEmpty(), "hl7.processing must name at least one processing id, such as P");
    require(keep.toDays() >= 1 && keep.toDays() <= 3660, "hl7.keep must be P1D..P3660D, not " + keep);
  }

  public boolean isOn() {
    return http || hasPort();
  }

  /** By MLLP, too. */
  public boolean hasPort() {
    return port >= 0;
  }
}
