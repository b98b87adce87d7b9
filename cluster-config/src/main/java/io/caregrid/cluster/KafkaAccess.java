package io.caregrid.cluster;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ScramCredentialInfo;
import org.apache.kafka.clients.admin.ScramMechanism;
import org.apache.kafka.clients.admin.UserScramCredentialUpsertion;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclBindingFilter;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.SaslAuthenticationException;
import org.apache.kafka.common.internals.Topic;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.Resource;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;

/**
 * What Kafka has to know of us, where nobody may do anything unless it was granted: the nodes' account, and that it may make, write and read the
 * topics of the house, and read as its groups; of a sender, that it may write where devices send to. Nothing else is granted, and nothing is taken away.
 */
public final class KafkaAccess implements AutoCloseable {
  private static final int PATIENCE_SECONDS = 30;
  private static final int ITERATIONS = 8192;
  private final KafkaConfig kafka;
  private final Admin admin;

  /** @param administrator a file of Kafka client settings of somebody who may grant */
  public KafkaAccess(KafkaConfig kafka, Path administrator) {
    this.kafka = kafka;
    this.admin = administrator(administrator);
  }

  /** @param file Kafka client settings of whoever asks */
  static Admin administrator(Path file) {
    Properties settings = new Properties();
    try (Reader lines = Files.newBufferedReader(file)) {
      settings.load(lines);
      settings.put(CommonClientConfigs.DEFAULT_API_TIMEOUT_MS_CONFIG, PATIENCE_SECONDS * 1000);
      return Admin.create(settings);
    } catch (IOException unreadable) {
      throw new ConfigException("file " + file + " cannot be read: " + unreadable);
    } catch (KafkaException unusable) {
      throw new ConfigException("file " + file + " cannot be used: "
          + (unusable.getCause() == null ? unusable : unusable.getCause()).getMessage());
    }
  }

  /** The account of the nodes, {@code kafka.user}. @return what was changed, a sentence each; empty: all was so already */
  public List<String> grantNodes() {
    List<AclBinding> wanted = new ArrayList<>();
    List<String> topics = new ArrayList<>(kafka.sources());
    topics.addAll(List.of(kafka.measurements(), kafka.deadLetters(), kafka.fhirChanges(), kafka.hl7()));
    for (String topic : topics)
      for (AclOperation may : List.of(AclOperation.CREATE, AclOperation.DESCRIBE, AclOperation.DESCRIBE_CONFIGS,
          AclOperation.READ, AclOperation.WRITE))
        wanted.add(allowed(kafka.user(), ResourceType.TOPIC, topic, PatternType.LITERAL, may));
    for (AclOperation may : List.of(AclOperation.DESCRIBE, AclOperation.DESCRIBE_CONFIGS))
      wanted.add(
          allowed(kafka.user(), ResourceType.TOPIC, Topic.GROUP_METADATA_TOPIC_NAME, PatternType.LITERAL, may));
    // the start reads how many copies the offsets topic will have
    wanted.add(allowed(kafka.user(), ResourceType.CLUSTER, Resource.CLUSTER_NAME, PatternType.LITERAL,
        AclOperation.DESCRIBE_CONFIGS));
    wanted.add(
        allowed(kafka.user(), ResourceType.GROUP, kafka.group(""), PatternType.PREFIXED, AclOperation.READ));
    return grant(kafka.user(), kafka.password(), wanted);
  }

  /** An account that may write {@code devicedata} and {@code kafka.topics}, and nothing else. @return what was changed */
  public List<String> grantSender(String user, String password) {
    return grant(user, password, sending(user));
  }

  /** The same for one that signs in by certificate, and so needs no password. */
  public List<String> grantSender(String user) {
    return grant(user, sending(user));
  }

  private List<AclBinding> sending(String user) {
    return kafka.sources()
        .stream()
        .flatMap(topic -> Stream.of(AclOperation.WRITE, AclOperation.DESCRIBE)
            .map(may -> allowed(user, ResourceType.TOPIC, topic, PatternType.LITERAL, may)))
        .toList();
  }

  private List<String> grant(String user, String password, List<AclBinding> wanted) {
    if (user.isEmpty()) throw new ConfigException("kafka.user must be set: whom should it be granted to?");
    List<String> changes = new ArrayList<>();
    if (!signsIn(user, password)) {
      get(admin.alterUserScramCredentials(List.of(new UserScramCredentialUpsertion(user,
          new ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, ITERATIONS), password))).all());
      changes.add("user " + user + " got its password");
    }
    changes.addAll(grant(user, wanted));
    return changes;
  }

  private List<String> grant(String user, List<AclBinding> wanted) {
    List<String> changes = new ArrayList<>();
    Collection<AclBinding> there = get(admin.describeAcls(AclBindingFilter.ANY).values());
    Set<AclBinding> missing = new HashSet<>(wanted);
    missing.removeAll(there);
    if (!missing.isEmpty()) get(admin.createAcls(missing).all());
    for (AclBinding one : wanted)
      if (missing.contains(one))
        changes.add("user " + user + " may " + one.entry().operation() + " " + one.pattern().resourceType() + " "
            + one.pattern().name());
    return changes;
  }

  /** Nobody can read a password back; but one can try it. */
  private boolean signsIn(String user, String password) {
    KafkaConfig as = new KafkaConfig(kafka.bootstrapServers(), kafka.prefix(), kafka.sourcePartitions(),
        kafka.retention(), kafka.maxMessageBytes(), kafka.ca(), user, password, kafka.topics());
    Map<String, Object> settings = new HashMap<>(as.connecting());
    settings.put(CommonClientConfigs.DEFAULT_API_TIMEOUT_MS_CONFIG, PATIENCE_SECONDS * 1000);
    try (Admin someone = Admin.create(settings)) {
      get(someone.describeCluster().nodes());
      return true;
    } catch (SaslAuthenticationException stranger) {
      return false;
    }
  }

  private static AclBinding allowed(String user, ResourceType type, String name, PatternType pattern,
      AclOperation may) {
    return new AclBinding(new ResourcePattern(type, name, pattern),
        new AccessControlEntry("User:" + user, "*", may, AclPermissionType.ALLOW));
  }

  static <T> T get(KafkaFuture<T> asked) {
    try {
      return asked.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException refused) {
      if (refused.getCause() instanceof SaslAuthenticationException stranger) throw stranger;
      throw new ConfigException("Kafka refuses: " + refused.getCause().getMessage());
    } catch (TimeoutException late) {
      throw new ConfigException(
          "Kafka did not answer within " + PATIENCE_SECONDS + " s: is it running, and is the address right?");
    } catch (InterruptedException interrupted) {
      throw new InterruptException(interrupted);
    }
  }

  @Override
  public void close() {
    admin.close(Duration.ZERO);
  }
}
