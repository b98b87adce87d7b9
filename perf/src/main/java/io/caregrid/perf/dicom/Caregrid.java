package io.caregrid.perf.dicom;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.caregrid.perf.Ending;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Our node, PostgreSQL included, as {@link PictureNode} runs it: bytes and index rows durable before each answer. */
final class Caregrid implements Archive {
  private static final ObjectMapper JSON = new ObjectMapper();
  static final String READY = "ready ";
  static final String VERIFIED = "verified ";
  private final Process process;
  private final BufferedReader out;
  private final int dicomPort;
  private final String web;
  private final long postmaster;
  private final int sample;

  private Caregrid(Process process, BufferedReader out, JsonNode ready, long postmaster, int sample) {
    this.process = process;
    this.out = out;
    this.dicomPort = ready.path("dicom").asInt();
    this.web = ready.path("web").asText();
    this.postmaster = postmaster;
    this.sample = sample;
  }

  /**
   * @param heap of the node's JVM, e.g. {@code 1g}
   * @param sample pictures compared after each load
   */
  static Caregrid start(Path folder, String heap, List<String> jvmFlags, int sample) throws IOException {
    List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-Xmx" + heap, "--enable-native-access=ALL-UNNAMED",
        "-Dlogback.configurationFile=" + Path.of("verticles/distribution/src/conf/logback.xml").toAbsolutePath(),
        "-Dcaregrid.logs=" + folder.resolve("logs")));
    command.addAll(jvmFlags);
    command.addAll(List.of("-cp", absolute(System.getProperty("java.class.path")), PictureNode.class.getName(),
        folder.toString()));
    Process process = new ProcessBuilder(command).directory(folder.toFile())
        .redirectError(folder.resolve("log").toFile())
        .start();
    BufferedReader out = process.inputReader(StandardCharsets.UTF_8);
    String ready = line(out, READY);
    if (ready == null) throw new IOException("our node does not come up:\n" + Children.end(folder.resolve("log")));
    String postmaster = Files.readAllLines(folder.resolve("postgres/data/postmaster.pid")).get(0);
    return new Caregrid(process, out, JSON.readTree(ready), Long.parseLong(postmaster), sample);
  }

  private static String absolute(String classPath) {
    return String.join(java.io.File.pathSeparator,
        Arrays.stream(classPath.split(java.io.File.pathSeparator))
            .map(part -> Path.of(part).toAbsolutePath().toString())
            .toList());
  }

  /** What follows {@code beginning}; null when the node ended before. */
  private static String line(BufferedReader out, String beginning) throws IOException {
    for (String line = out.readLine(); line != null; line = out.readLine())
      if (line.startsWith(beginning)) return line.substring(beginning.length());
    return null;
  }

  @Override
  public String name() {
    return "caregrid (files and index synced)";
  }

  @Override
  public InetSocketAddress address() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), dicomPort);
  }

  @Override
  public String aeTitle() {
    return "CAREGRID";
  }

  /** PostgreSQL's processes are nobody's children: they are asked for by name. */
  @Override
  public double cpuSeconds() {
    return Children.cpuSeconds(process.pid()) + Children.cpuSeconds(postmaster);
  }

  /** The sample over DICOMweb; the others are counted by {@link #checkAll}. */
  @Override
  public String check(Load load, long stored) throws IOException, InterruptedException {
    return load.compare(sample, this::kept) + " equal";
  }

  private byte[] kept(PictureName name) throws IOException, InterruptedException {
    return Children.get(URI.create(web + "/studies/" + name.study() + "/series/" + name.series() + "/instances/"
        + name.instance()), "application/dicom; transfer-syntax=*");
  }

  /** Every digest right, every row's bytes there and no bytes without a row, by its own {@code verify}. */
  @Override
  public String checkAll(long stored) throws IOException {
    process.getOutputStream().write("verify\n".getBytes(StandardCharsets.US_ASCII));
    process.getOutputStream().flush();
    String answer = line(out, VERIFIED);
    if (answer == null) throw new IOException("our node ended");
    JsonNode report = JSON.readTree(answer);
    if (report.path("instances").asLong() != stored || report.path("problems").asLong() != 0)
      throw new IllegalStateException("verify says " + report + " where " + stored + " pictures were stored");
    return "verify: " + report.path("instances").asLong() + " digests right";
  }

  /** It stops when its standard input ends: so it never outlives the driver. */
  @Override
  public void close() throws IOException {
    Ending.of(process);
  }
}
