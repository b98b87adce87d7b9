package io.caregrid.dicom.archive;

import java.util.ArrayList;
import java.util.List;

/**
 * What somebody who went through all files found.
 *
 * @param files     looked at
 * @param instances whole and in the index
 * @param bytes     of these instances
 * @param dead      bytes of deleted instances and duplicates whose room was not given back yet
 * @param problems  how many; 0 is what everybody wants
 * @param first     the first {@value #SHOWN} of them, each naming file and offset
 */
public record Report(long files, long instances, long bytes, long dead, long problems, List<String> first) {

  static final int SHOWN = 20;

  public Report {
    first = List.copyOf(first);
  }

  /** Told now and then how far it is; on the thread that does the work. */
  @FunctionalInterface
  public interface Progress {
    /** @param bytes read so far, of {@code all} that the files had at the beginning */
    void at(long bytes, long all);
  }

  /** Gathers one. */
  static final class Draft {
    private final List<String> first = new ArrayList<>();
    long files;
    long instances;
    long bytes;
    long dead;
    private long problems;

    void problem(String file, long offset, String what) {
      problems++;
      if (first.size() < SHOWN) first.add(file + " at " + offset + ": " + what);
    }

    Report done() {
      return new Report(files, instances, bytes, dead, problems, first);
    }
  }
}
