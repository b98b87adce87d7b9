package io.caregrid.cluster;

import static io.caregrid.cluster.ConfigException.require;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * How pictures come in and where they are kept.
 *
 * @param host         address to bind for DIMSE: loopback, or a private address when {@code callers} names an address for everybody who may call
 * @param port         DIMSE port, 0..65535; 0 takes a free one
 * @param aeTitle      our application entity title, 1..16 characters (PS3.8 section 9.3.2)
 * @param callers      who may call, each {@code AETITLE} or {@code AETITLE@address}; empty: anybody on loopback
 * @param folder       where bytes are kept; null for {@code data/dicom}
 * @param shared       true when {@code folder} is one and the same for all nodes (NFS, CephFS); needed as soon as the cluster has several machines
 * @param associations most at a time, 1..4096
 * @param perCaller    most of one calling AE title, 1..{@code associations}
 * @param maxPdu       largest P-DATA-TF we announce, 4096..1048576 bytes
 * @param maxInstance  largest instance, 1 MB..1 TB, bytes
 * @param bufferBytes  memory for pictures on their way to disk; beyond it nothing more is read. 16 MB..4 GB
 * @param workHeapPercent memory for pictures that are decoded, encoded or drawn, and for metadata that is made, of the heap: 5..60 percent; a picture
 *                     that needs more is refused, one that has to wait too long for it is answered 503
 * @param artim        longest wait for A-ASSOCIATE-RQ and for the peer to close, 1 s..60 s (PS3.8 section 9.1.5)
 * @param idle         longest silence in an association, 5 s..1 h
 * @param privateClasses true: SOP classes that PS3.4 does not list may be stored too
 * @param roles        entry of {@code callers} → what it may, as roles; one that is not here is a Modality and may store
 */
public record DicomConfig(String host, int port, String aeTitle, List<String> callers, Path folder, boolean shared,
    int associations, int perCaller, int maxPdu, long maxInstance, int bufferBytes, int workHeapPercent, Duration artim,
    Duration idle, boolean privateClasses, Map<String, List<String>> roles, TlsConfig tls) {

  public static final DicomConfig DEFAULT = new DicomConfig("127.0.0.1", 11112, "CAREGRID", List.of(), null, false,
      512, 64, 131_072, 4L << 30, 512 << 20, 30, Duration.ofSeconds(10), Duration.ofSeconds(60), false, Map.of());

  public DicomConfig(String host, int port, String aeTitle, List<String> callers, Path folder, boolean shared,
      int associations, int perCaller, int maxPdu, long maxInstance, int bufferBytes, int workHeapPercent,
      Duration artim, Duration idle, boolean privateClasses, Map<String, List<String>> roles) {
    this(host, port, aeTitle, callers, folder, shared, associations, perCaller, maxPdu, maxInstance, bufferBytes,
        workHeapPercent, artim, idle, privateClasses, roles, TlsConfig.NONE);
  }

  public DicomConfig {
    tls.check("dicom");
    callers = List.copyOf(callers);
    roles = Map.copyOf(roles);
    require(Set.copyOf(callers).containsAll(roles.keySet()),
        "dicom.roles must be of callers as dicom.callers names them, not " + roles.keySet());
    require(port >= 0 && port <= 65535, "dicom.port must be 0..65535, not " + port);
    require(Hosts.isLoopback(host)
        || Hosts.isPrivate(host) && !callers.isEmpty() && callers.stream().allMatch(caller -> caller.contains("@")),
        "dicom.host must be a loopback address, not " + host
            + ", or a private one with dicom.callers naming AETITLE@address for everybody who may call");
    require(aeTitle.matches("[ -\\[\\]-~]{1,16}") && !aeTitle.isBlank(),
        "dicom.aeTitle must be 1..16 printable ASCII characters without backslash, not " + aeTitle);
    require(associations >= 1 && associations <= 4096, "dicom.associations must be 1..4096, not " + associations);
    require(perCaller >= 1 && perCaller <= associations,
        "dicom.perCaller must be 1..dicom.associations, not " + perCaller);
    require(maxPdu >= 4096 && maxPdu <= 1 << 20, "dicom.maxPdu must be 4096..1048576, not " + maxPdu);
    require(maxInstance >= 1 << 20 && maxInstance <= 1L << 40,
        "dicom.maxInstance must be 1048576..1099511627776, not " + maxInstance);
    require(bufferBytes >= 16 << 20, "dicom.bufferBytes must be 16777216..2147483647, not " + bufferBytes);
    require(workHeapPercent >= 5 && workHeapPercent <= 60,
        "dicom.workHeapPercent must be 5..60, not " + workHeapPercent);
    require(artim.toMillis() >= 1000 && artim.toSeconds() <= 60, "dicom.artim must be PT1S..PT60S, not " + artim);
    require(idle.toSeconds() >= 5 && idle.toHours() <= 1, "dicom.idle must be PT5S..PT1H, not " + idle);
  }
}
