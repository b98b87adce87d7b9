package io.caregrid.cluster;

import static io.caregrid.cluster.ConfigException.require;

import java.nio.file.Path;

/**
 * How accesses are remembered: in a file at once, in files of JSON lines a moment later, in the database soon.
 *
 * @param folder           where the files are; null for {@code data/audit}
 * @param sync             true: an answer waits until its entry would survive the loss of power; false: until it would survive {@code kill -9}, and within a
 *                         second the loss of power
 * @param whenFull         {@code refuse}: what cannot be recorded is not answered; {@code allow}: it is, and counted as lost
 * @param segmentMegabytes size at which a new file begins, 1..1024
 * @param backlogMegabytes most that waits for the database, 16..1000000; beyond it nothing more can be recorded
 * @param days             how long a file stays after everything in it is in the database, 0..3650
 * @param retentionDays    how long an entry stays in the database at least, 0..36500; whole months are removed when all of them is older. 0: for ever
 * @param refusalsPerMinute refused requests of one stranger that are an entry each, 1..10000; those beyond are counted, in one entry a minute
 */
public record AuditConfig(Path folder, boolean sync, String whenFull, int segmentMegabytes, int backlogMegabytes,
    int days, int retentionDays, int refusalsPerMinute) {

  public static final String REFUSE = "refuse";
  public static final String ALLOW = "allow";
  public static final AuditConfig DEFAULT = new AuditConfig(null, false, REFUSE, 64, 4096, 30, 0, 30);

  public AuditConfig {
    require(whenFull.equals(REFUSE) || whenFull.equals(ALLOW),
        "audit.whenFull must be refuse or allow, not " + whenFull);
    require(segmentMegabytes >= 1 && segmentMegabytes <= 1024,
        "audit.segmentMegabytes must be 1..1024, not " + segmentMegabytes);
    require(backlogMegabytes >= 16 && backlogMegabytes <= 1_000_000,
        "audit.backlogMegabytes must be 16..1000000, not " + backlogMegabytes);
    require(days >= 0 && days <= 3650, "audit.days must be 0..3650, not " + days);
    require(retentionDays >= 0 && retentionDays <= 36_500,
        "audit.retentionDays must be 0..36500, not " + retentionDays);
    require(refusalsPerMinute >= 1 && refusalsPerMinute <= 10_000,
        "audit.refusalsPerMinute must be 1..10000, not " + refusalsPerMinute);
  }

  public boolean refusesWhenFull() {
    return whenFull.equals(REFUSE);
  }
}
