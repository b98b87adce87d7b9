package io.caregrid.perf.dicom;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** DCMTK's storescp: one file a picture, a process an association, no index, nothing synced. No archive, but the least a server can do. */
final class Storescp implements Archive {
  private final Process process;
  private final Path pictures;
  private final InetSocketAddress address;
  private final int sample;

  private Storescp(Process process, Path pictures, InetSocketAddress address, int sample) {
    this.process = process;
    this.pictures = pictures;
    this.address = address;
    this.sample = sample;
  }

  static Storescp start(Path folder, int sample) throws IOException {
    int port = Children.freePort();
    Path pictures = Files.createDirectories(folder.resolve("pictures"));
    Process process = Children.start(folder, List.of("storescp", "--fork", "--aetitle", "STORESCP",
        "--output-directory", pictures.toString(), Integer.toString(port)));
    InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    Children.await(process, address);
    return new Storescp(process, pictures, address, sample);
  }

  @Override
  public String name() {
    return "storescp (no sync, no index)";
  }

  @Override
  public InetSocketAddress address() {
    return address;
  }

  @Override
  public String aeTitle() {
    return "STORESCP";
  }

  @Override
  public double cpuSeconds() {
    return Children.cpuSeconds(process.pid());
  }

  @Override
  public String check(Load load, long stored) throws IOException, InterruptedException {
    try (Stream<Path> files = Files.list(pictures)) {
      long there = files.count();
      if (there != stored) throw new IllegalStateException("storescp has " + there + " files of " + stored);
      Load.Kept kept = name -> Files.readAllBytes(pictures.resolve(load.kind().modality + "." + name.instance()));
      return load.compare(sample, kept) + " equal; " + there + " files";
    }
  }

  @Override
  public void close() throws IOException {
    Children.stop(process);
  }
}
