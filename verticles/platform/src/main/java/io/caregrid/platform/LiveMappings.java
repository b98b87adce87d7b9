package io.caregrid.platform;

import io.caregrid.api.live.MappingsInForce;
import io.caregrid.cluster.Addresses;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Failure;
import io.caregrid.device.FhirMappings;
import io.caregrid.store.MappingVersion;
import io.caregrid.store.MappingVersions;
import io.caregrid.templates.observation.FhirMapping;
import io.caregrid.templates.sets.CheckedMapping;
import io.caregrid.templates.sets.MappingMark;
import io.caregrid.templates.sets.MappingSet;
import io.caregrid.templates.sets.MappingSets;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.eventbus.MessageConsumer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The mappings this node works with: those in the store, and beneath them the files it was started with, which count for names that the store has none of.
 *
 * <p>A change is taken in when the event bus tells of it, and in any case within {@link #EVERY}: a notice that is lost leaves no node behind. What is in force is one value that is replaced whole; whoever works with it takes it once for
 * a batch. A stored mapping that this program cannot read (an older one, after going back) never replaces one that works: it is said in the log, and
 * {@code /health/ready} says it too. On a node that starts there is none of this name then, nor do its files count: what comes for it is set aside, to be
 * sent again.
 */
final class LiveMappings extends VerticleBase implements FhirMappings, MappingsInForce {
  static final Duration EVERY = Duration.ofSeconds(2);
  private static final Logger log = LoggerFactory.getLogger(LiveMappings.class);
  private static final Caller CALLER = Caller.system("mappings");
  private static final int MOST_OTHERS = 64;
  private final MappingVersions versions;
  private final MappingSets files;
  /** Whether the operator named files, which then lie there without effect when the store has others. */
  private final boolean filesAreChosen;
  private volatile MappingSets current;
  private volatile Set<String> unreadable = Set.of();
  private volatile boolean answered;
  /** Of readings that waited while their mapping was replaced, or came before it did; the longest unused go first. */
  private final Map<MappingMark, FhirMapping> others = Collections.synchronizedMap(
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<MappingMark, FhirMapping> eldest) {
          return size() > MOST_OTHERS;
        }
      });
  /** Null until the store was read for the first time. */
  private volatile Map<String, MappingVersions.Head> seen;
  private Future<MappingSets> looking;
  private MessageConsumer<Object> told;

  LiveMappings(MappingVersions versions, MappingSets files, boolean filesAreChosen) {
    this.versions = versions;
    this.files = files;
    this.current = files;
    this.filesAreChosen = filesAreChosen;
  }

  /** Fails when the store cannot be asked: nothing is normalised by something else than was wanted. */
  @Override
  public Future<?> start() {
    told = vertx.eventBus().consumer(Addresses.MAPPINGS, news -> refreshed());
    vertx.setPeriodic(EVERY.toMillis(), again -> look());
    return refreshed().onSuccess(ready -> {
      if (!unreadable.isEmpty())
        log.error(
            "mappings in the store cannot be used by this program, what comes for them is set aside: put others in"
                + " their place, or start the version that took them mappings={}",
            unreadable);
      sayWhatFilesAreFor();
    });
  }

  @Override
  public Future<?> stop() {
    return told == null ? Future.succeededFuture() : told.unregister();
  }

  @Override
  public MappingSets current() {
    return current;
  }

  /** For {@code /health/ready}: the store was asked in vain, or holds what this program cannot read. */
  boolean isUpToDate() {
    return answered && unreadable.isEmpty();
  }

  @Override
  public Future<MappingSets> refresh() {
    Promise<MappingSets> done = Promise.promise();
    context.runOnContext(here -> refreshed().onComplete(done));
    return done.future();
  }

  @Override
  public Future<Map<MappingMark, FhirMapping>> of(Set<MappingMark> marks) {
    Map<MappingMark, FhirMapping> found = new ConcurrentHashMap<>();
    List<Future<?>> asked = new ArrayList<>();
    for (MappingMark mark : marks) {
      FhirMapping known = known(mark);
      if (known != null) found.put(mark, known);
      else
        if (mark.version() > 0)
          asked.add(older(mark).onSuccess(old -> {
            if (old != null) found.put(mark, old);
          }));
    }
    return asked.isEmpty() ? Future.succeededFuture(found) : Future.all(asked).map(found);
  }

  private FhirMapping known(MappingMark mark) {
    MappingSet set = mark.version() == 0 ? files.find(mark.name()) : current.find(mark.name());
    return set != null && set.mark().equals(mark) ? set.fhir() : others.get(mark);
  }

  /** One that is not in force here: not any more, or not yet. Null when this text is not in the store, or cannot be read. */
  private Future<FhirMapping> older(MappingMark mark) {
    return versions.version(CALLER, mark.name(), (int) mark.version())
        .compose(stored -> stored.removed() || !mark(stored).equals(mark)
            ? Future.<MappingSet>succeededFuture()
            : vertx.executeBlocking(() -> parsed(stored), false))
        .map(set -> {
          if (set != null) others.put(mark, set.fhir());
          return set == null ? null : set.fhir();
        })
        .recover(cause -> cause instanceof Failure.NotFound ? Future.succeededFuture() : Future.failedFuture(cause));
  }

  private void look() {
    if (looking != null && !looking.isComplete()) return;
    refreshed().onFailure(cause -> {
      if (answered) log.warn("mappings are not looked at for now, those in force stay cause={}", cause.getMessage());
      answered = false;
    });
  }

  /** On this verticle's context. One at a time; whoever comes meanwhile gets the next one, which begins after his call. */
  private Future<MappingSets> refreshed() {
    Future<MappingSets> before = looking == null ? Future.succeededFuture() : looking.otherwiseEmpty();
    Future<MappingSets> mine = before.compose(ended -> versions.heads()).compose(this::changed);
    looking = mine;
    return mine.onSuccess(sets -> answered = true);
  }

  private Future<MappingSets> changed(Map<String, MappingVersions.Head> heads) {
    if (heads.equals(seen)) return Future.succeededFuture(current);
    return versions.latest().compose(latest -> vertx.executeBlocking(() -> read(latest), false)).map(read -> {
      take(read);
      return current;
    });
  }

  /** What the store holds, as far as it can be read. */
  private record Read(MappingSets sets, Map<String, MappingVersions.Head> heads, Set<String> unreadable) {}

  private Read read(Iterable<MappingVersion> latest) {
    MappingSets before = current;
    Map<String, MappingSet> sets = new TreeMap<>();
    files.all().forEach(file -> sets.put(file.name(), file));
    boolean starting = seen == null;
    Map<String, MappingVersions.Head> heads = new TreeMap<>();
    Set<String> wrong = new TreeSet<>();
    for (MappingVersion one : latest) {
      heads.put(one.name(), new MappingVersions.Head(one.version(), one.hash()));
      if (one.removed()) continue;
      MappingSet known = starting ? null : before.find(one.name());
      MappingSet set = known != null && known.mark().equals(mark(one)) ? known : parsed(one);
      if (set != null) sets.put(one.name(), set);
      else wrong.add(one.name());
      if (set == null && known != null) sets.put(one.name(), known);
      if (set == null && known == null) sets.remove(one.name());
    }
    return new Read(new MappingSets(sets.values()), heads, wrong);
  }

  /** Null when this program cannot use it. */
  private static MappingSet parsed(MappingVersion stored) {
    CheckedMapping checked = CheckedMapping.of(text(stored.deviceContent()), text(stored.fhirMapping()));
    checked.errors()
        .forEach(error -> log.error("stored mapping cannot be used name={} version={} {}", stored.name(),
            stored.version(), error));
    if (checked.hasErrors()) return null;
    checked.warnings()
        .forEach(odd -> log.warn("odd in mapping name={} version={} {}", stored.name(), stored.version(),
            odd));
    return checked.under(mark(stored));
  }

  /** Of one that is not the mark of a removal. */
  private static MappingMark mark(MappingVersion stored) {
    return new MappingMark(stored.name(), stored.version(), stored.hash());
  }

  private static String text(Buffer bytes) {
    return bytes.toString(StandardCharsets.UTF_8);
  }

  private void take(Read read) {
    for (MappingSet set : read.sets.all()) {
      MappingSet before = current.find(set.name());
      if (before == null || !before.mark().equals(set.mark()))
        log.info("mapping in force name={} version={} before={}", set.name(), set.mark().version(),
            before == null ? "none" : before.mark().version());
    }
    for (MappingSet before : current.all())
      if (read.sets.find(before.name()) == null) log.info("mapping removed name={}", before.name());
    current = read.sets;
    seen = read.heads;
    unreadable = read.unreadable;
  }

  private void sayWhatFilesAreFor() {
    if (!filesAreChosen) return;
    for (MappingSet file : files.all()) {
      MappingSet used = current.find(file.name());
      if (used != null && used.mark().version() > 0)
        log.warn(
            "the files of mapping {} in folder 'mappings' are not used: the store has version {} of it, which counts"
                + " on all nodes. DELETE /iomt/mappings/{} makes the files count again",
            file.name(), used.mark().version(),
            file.name());
    }
  }

  /** What a setting names ought to be there: else whatever comes that way is set aside, until somebody puts it. */
  void expect(Set<String> names) {
    Set<String> missing = new TreeSet<>(names);
    missing.removeIf(name -> current.find(name) != null);
    if (!missing.isEmpty())
      log.error(
          "kafka.topics or mqtt.topics names mappings that are not there, what comes by them is set aside mappings={}",
          missing);
  }
}
