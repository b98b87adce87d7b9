package io.caregrid.cluster;

import static io.caregrid.cluster.ConfigException.require;

import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;

/**
 * Everything one node is told: read once at start from YAML, then environment ({@code CAREGRID_HTTP_PORT}), then flags. Keys in YAML are these
 * records' component names, nested ({@code http.port}).
 *
 * @param name   how this node calls itself in its log
 * @param roles  what it does: any of {@link #ALL_ROLES}. Without {@code device} it joins Hazelcast as a lite member and owns no shard
 * @param data   folder for what this node keeps on disk; one node per folder
 * @param mappings folder with {@code devicecontent.json} and {@code fhirmapping.json}; null for the ones shipped with the house
 */
public record NodeConfig(String name, Set<String> roles, Path data, Path mappings, HttpConfig http,
    ClusterConfig cluster, KafkaConfig kafka,
    DatabaseConfig database, IngestConfig ingest, ShardConfig shard, IdentityConfig identity, DicomConfig dicom,
    ImagingConfig imaging, LakeConfig lake, SecurityConfig security, AuditConfig audit, FhirConfig fhir,
    ExportConfig export, LoadConfig load, TellConfig tell, Hl7Config hl7, MqttConfig mqtt) {

  public static final Set<String> ALL_ROLES = Set.of("ingest", "device", "api", "dicom", "analytics");
  public static final NodeConfig DEFAULT = new NodeConfig("caregrid", ALL_ROLES, Path.of("data"), null,
      HttpConfig.DEFAULT, ClusterConfig.DEFAULT,
      KafkaConfig.DEFAULT, DatabaseConfig.DEFAULT, IngestConfig.DEFAULT, ShardConfig.DEFAULT, IdentityConfig.DEFAULT,
      DicomConfig.DEFAULT, ImagingConfig.DEFAULT, LakeConfig.DEFAULT, SecurityConfig.DEFAULT,
      AuditConfig.DEFAULT, FhirConfig.DEFAULT, ExportConfig.DEFAULT, LoadConfig.DEFAULT,
      TellConfig.DEFAULT, Hl7Config.DEFAULT, MqttConfig.DEFAULT);

  public NodeConfig {
    require(!name.isBlank(), "name must not be blank");
    require(!roles.isEmpty() && ALL_ROLES.containsAll(roles),
        "roles must be some of " + ALL_ROLES.stream().sorted().toList() + ", not " + roles);
    require(!roles.contains("dicom") || !cluster.survivesMachineLoss() || dicom.shared(),
        "dicom.shared must be true and dicom.folder one folder for all machines (NFS, CephFS): in cluster.mode cluster an"
            + " acknowledged picture has to survive the loss of the machine that took it. For nodes on one machine set"
            + " cluster.durability to " + ClusterConfig.SINGLE_MACHINE);
    require(!roles.contains("analytics") || !cluster.survivesMachineLoss() || lake.isObjectStore()
        || lake.shared() && !lake.place().isEmpty(),
        "lake.place must be s3://bucket/prefix, or lake.shared true and lake.place one folder for all machines (NFS, CephFS):"
            + " in cluster.mode cluster whichever machine is left goes on with the same lake. For nodes on one machine set"
            + " cluster.durability to " + ClusterConfig.SINGLE_MACHINE);
    require(!roles.contains("analytics") || !cluster.survivesMachineLoss() || export.isForAllNodes(lake),
        "export.place must be s3://bucket/prefix, or export.shared true and export.place one folder for all machines (NFS,"
            + " CephFS), or empty: in cluster.mode cluster a client asks any machine for the files");
    require(Hosts.isLoopback(http.host()) || security.asksWhoCalls() || security.isOpenByWish(),
        "http.host must be a loopback address, not " + http.host()
            + ", as long as security.issuers names nobody who says"
            + " who calls; or set security.mode to " + SecurityConfig.OPEN
            + ", and whoever reaches that address may do everything");
    require(http.names().isEmpty() || security.asksWhoCalls() || security.isOpenByWish(),
        "http.names names hosts by which others call this node, so a proxy lets them in: set security.issuers, or"
            + " security.mode to " + SecurityConfig.OPEN + ", and whoever reaches the proxy may do everything");
    require(!http.origins().contains(HttpConfig.ANY_ORIGIN) || security.asksWhoCalls(),
        "http.origins may be * only when security.issuers or security.nodeTokens=always has every door ask who calls: else any"
            + " page that somebody on this machine opens could read everything");
    require(!hl7.isOn() || hl7.keep().compareTo(kafka.retention()) >= 0,
        "hl7.keep must be at least kafka.retention, " + kafka.retention()
            + ": a message that may still be read again must be known to be stored already");
    require(!mqtt.isOn() || Hosts.isLoopback(mqtt.host()) || security.asksWhoCalls() || mqtt.tls().clientCa() != null
        || mqtt.isOpenByWish() || security.isOpenByWish(),
        "mqtt.host must be a loopback address, not " + mqtt.host()
            + ", as long as nobody says who calls: set security.issuers, or mqtt.tls.clientCa; or set mqtt.mode to "
            + SecurityConfig.OPEN + ", and whoever reaches that address may send readings");
    require(!mqtt.isOn() || mqtt.maxPacket() <= kafka.maxMessageBytes(),
        "mqtt.maxPacket must be at most kafka.maxMessageBytes, " + kafka.maxMessageBytes()
            + ": what comes in one packet must fit into the log");
    roles = Set.copyOf(roles);
  }

  /** The mappings that settings name for a way in: they have to be there. */
  public Set<String> namedMappings() {
    Set<String> named = new TreeSet<>(kafka.namedMappings());
    named.addAll(mqtt.namedMappings());
    return named;
  }

  /** True when whoever reaches the HTTP port without a token may do everything: to be said at every start. */
  public boolean isOpen() {
    return security.isOpenByWish() || !security.asksWhoCalls();
  }
}
