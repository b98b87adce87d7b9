package io.caregrid.cluster;

import static io.caregrid.cluster.ConfigException.require;

import java.nio.file.Path;

/**
 * How accesses are remembered: in files of JSON lines at once, in the database soon.
 *
 * @param folder           where the files are; null for {@code data/audit}
 * @param sync             true: an answer waits until its entry would survive the loss of power; false: until it would survive {@code kill -9}, and within a
 *                         second the loss of power
 * @param whenFull         {@code refuse}: what cannot be recorded is not answered; {@code allow}: it is, and counted as lost
 * @param segmentMegabytes size at which a new file begins, 1..1024
 * @param backlogMegabytes most that waits for the database, 16..1000000; beyond it nothing more can be recorded
 * @param days             how long a file stays after everything in it is in the database, 0..3650
 */
public record AuditConfig(Path folder, boolean sync, String whenFull, int segmentMegabytes, int backlogMegabytes,
    int days) {

  public static final String REFUSE = "refuse";
  public static final String ALLOW = "allow";
  public static final AuditConfig DEFAULT = new AuditConfig(null, false, REFUSE, 64, 4096, 30);

  public AuditConfig {
    require(whenFull.equals(REFUSE) || whenFull.equals(ALLOW),
        "audit.whenFull must be refuse or allow, not " + whenFull);
    require(segmentMegabytes >= 1 && segmentMegabytes <= 1024,
        "audit.segmentMegabytes must be 1..1024, not " + segmentMegabytes);
    require(backlogMegabytes >= 16 && backlogMegabytes <= 1_000_000,
        "audit.backlogMegabytes must be 16..1000000, not " + backlogMegabytes);
    require(days >= 0 && days <= 3650, "audit.days must be 0..3650, not " + days);
  }

  public boolean refusesWhenFull() {
    return whenFull.equals(REFUSE);
  }
}
