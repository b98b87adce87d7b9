package io.caregrid.device;

import io.caregrid.cluster.Source;
import io.caregrid.store.DeadLetter;
import io.caregrid.store.Progress;
import io.caregrid.store.ShardStore;
import io.caregrid.store.ShardStore.DeviceWrite;
import io.caregrid.store.Stored;
import io.caregrid.templates.capture.CaptureKey;
import io.caregrid.templates.device.Measurement;
import io.caregrid.templates.device.MeasurementJson;
import io.caregrid.templates.observation.FhirMapping;
import io.caregrid.templates.observation.GroupKey;
import io.caregrid.templates.observation.Identity;
import io.caregrid.templates.observation.ObservationFold;
import io.caregrid.templates.observation.UnusableEvent;
import io.caregrid.templates.sets.MappingMark;
import io.vertx.core.buffer.Buffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What a batch comes down to once the shard's progress is known: which events are new, into which Observation each goes, and which cannot be used.
 * Pure thinking, built and folded by one thread at a time.
 */
final class Plan {
  /** The events of one Observation, in log order. */
  private static final class Group {
    private final String id;
    private final List<Part> parts = new ArrayList<>();

    private Group(String id) {
      this.id = id;
    }

    private void add(Placed event, Way way) {
      Part last = parts.isEmpty() ? null : parts.get(parts.size() - 1);
      if (last == null || last.way.mapping != way.mapping) {
        last = new Part(way, new ArrayList<>());
        parts.add(last);
      }
      last.events.add(event);
    }

    private long weight() {
      return parts.stream().mapToLong(part -> part.way.mapping.weight(part.way.key)).max().orElse(0);
    }
  }

  /** Those that one mapping folds in before another one's come. Almost always all of them. */
  private record Part(Way way, List<Placed> events) {}

  /**
   * What goes into an Observation.
   *
   * @param event    as it came: this is what is set aside when it cannot go in
   * @param kept     its reading, or what stands for it by a capture rule
   * @param captured the rule's key, or null
   */
  private record Placed(Batch.Event event, Measurement kept, CaptureKey captured) {}

  /** By which an event goes into its Observation. */
  private record Way(FhirMapping mapping, GroupKey key) {}

  private static final byte[] UNREADABLE = {};
  /** Bytes of Observations folded at a time. */
  private static final long MOST_WEIGHT = 32L << 20;

  private final int shard;
  private final Map<MappingMark, FhirMapping> mappings;
  private final LetterLimit.Pass limit;
  private final Map<Way, Group> byWay = new HashMap<>();
  private final Map<String, Group> byId = new HashMap<>();
  private final Capturing capturing;
  /** Null when there are no rules over measurements. */
  private final Judging judging;
  private final List<DeadLetter> letters = new ArrayList<>();
  private final Map<String, Integer> limited = new HashMap<>();
  private Map<String, Source> marks = Map.of();
  private List<Group> groups = List.of();
  private int taken;
  private int repeated;
  private int thinned;
  private int observations;

  private Plan(int shard, Map<MappingMark, FhirMapping> mappings, Capturing capturing, Judging judging,
      LetterLimit.Pass limit) {
    this.capturing = capturing;
    this.judging = judging;
    this.shard = shard;
    this.mappings = mappings;
    this.limit = limit;
  }

  /**
   * @param owners    an answer for every claim in the batch
   * @param capturing what rules know of the readings before
   * @param judging   the same of rules over measurements; null when there are none
   */
  static Plan of(int shard, Batch batch, Progress before, Map<MappingMark, FhirMapping> mappings,
      Owners owners,
      Map<Owner.Claim, Owner> known, Capturing capturing, Judging judging,
      LetterLimit.Pass limit) {
    Plan plan = new Plan(shard, mappings, capturing, judging, limit);
    SourceMarks marks = new SourceMarks(before);
    for (Batch.Event event : batch.events()) {
      if (event.position() < before.applied()) plan.inEffect(marks, event);
      else if (!marks.take(event.source())) plan.repeated++;
      else if (event.measurement() == null) plan.letters.add(event.letter());
      else plan.place(event, known.get(claim(owners, event.measurement())));
    }
    plan.marks = marks.moved();
    plan.groups = new ArrayList<>(plan.byId.values());
    plan.groups.sort(Comparator.comparing(group -> group.id));
    return plan;
  }

  static Owner.Claim claim(Owners owners, Measurement measurement) {
    return owners.claim(measurement.device(), measurement.patient(), measurement.encounter());
  }

  /** Between an old owner's commit and a new one's the log may have lost its tail and grown again: positions alone would not tell. */
  private void inEffect(SourceMarks marks, Batch.Event event) {
    if (marks.above(event.source())) throw new Target.Rewritten(shard, event.position());
  }

  private void place(Batch.Event event, Owner known) {
    Owner owner = known.at(event.measurement().occurredAt());
    if (owner instanceof Owner.Unknown unknown) {
      setAside(event, unknown);
      return;
    }
    FhirMapping mapping = mappings.get(event.mapping());
    if (mapping == null) {
      letters.add(letter(event, "unknown-mapping", "The mapping " + event.mapping()
          + ", by which this was normalised, is not kept with this text any more, or this program cannot read it."
          + " Send it again, for it to go by the one in force."));
      return;
    }
    Identity identity = ((Owner.Known) owner).identity();
    CaptureKey captured = mapping.captureKey(event.measurement(), identity);
    if (judging != null) judging.read(event.measurement(), identity, mapping);
    try {
      Measurement kept = event.measurement();
      if (captured != null) {
        mapping.check(mapping.key(kept, identity), kept); // a rule must know nothing of what is set aside
        kept = capturing.kept(captured, mapping.capture(kept.type()), kept);
      }
      if (kept == null) {
        thinned++;
        return;
      }
      Way way = new Way(mapping, mapping.key(kept, identity));
      byWay.computeIfAbsent(way, this::group).add(new Placed(event, kept, captured), way);
      taken++;
    } catch (UnusableEvent unusable) {
      letters.add(letter(event, unusable.reason, unusable.getMessage()));
    }
  }

  /** Two keys may name the same Observation: its id decides, or the second would not see the first. */
  private Group group(Way way) {
    return byId.computeIfAbsent(way.key.observationId(), Group::new);
  }

  private void setAside(Batch.Event event, Owner.Unknown unknown) {
    Measurement measurement = event.measurement();
    // its old letter is marked as sent again: without a new one it would be gone
    if (event.again() || limit.keeps(measurement.device(), measurement.ingestedAt().toEpochMilli()))
      letters.add(letter(event, unknown.reason(), unknown.detail()));
    else
      limited.merge(unknown.reason(), 1, Integer::sum);
  }

  static DeadLetter letter(Batch.Event event, String reason, String detail) {
    if (event.measurement() == null) return event.letter();
    Measurement measurement = event.measurement();
    return new DeadLetter(event.source(), reason, detail, measurement.device(),
        Buffer.buffer(MeasurementJson.write(measurement)), measurement.ingestedAt(),
        Map.of(MappingMark.NAME_HEADER, event.mapping().name()), null);
  }

  /** The same, and never throws: whatever is odd about the event, it gets its letter. */
  static DeadLetter lastLetter(Batch.Event event, String reason, String detail) {
    try {
      return letter(event, reason, detail);
    } catch (RuntimeException | StackOverflowError unwritable) {
      Measurement measurement = event.measurement();
      return new DeadLetter(event.source(), reason, detail, measurement.device(), Buffer.buffer(),
          measurement.ingestedAt());
    }
  }

  /** Observations touched. */
  int size() {
    return groups.size();
  }

  /** Where a chunk that begins at {@code from} ends: {@code most} Observations further, or fewer where their samples are many; at least one. */
  int end(int from, int most) {
    long weight = 0;
    int to = from;
    while (to < groups.size() && to - from < most) {
      weight += groups.get(to).weight();
      if (to > from && weight > MOST_WEIGHT) break;
      to++;
    }
    return to;
  }

  /** Ids of the Observations {@code from..to-1}, ascending over the whole plan. */
  List<String> ids(int from, int to) {
    return groups.subList(from, to).stream().map(group -> group.id).toList();
  }

  /** Folds the Observations {@code from..to-1}. @param stored what the store holds of them, by id */
  List<DeviceWrite> fold(int from, int to, Map<String, Stored> stored) {
    List<DeviceWrite> writes = new ArrayList<>(to - from);
    for (Group group : groups.subList(from, to)) {
      Stored before = stored.get(group.id);
      if (before != null && before.unreadable()) {
        setAside(group);
        continue;
      }
      byte[] existing = before == null || before.deleted() ? null : before.body().getBytes();
      byte[] folded = folded(group, existing);
      if (folded == UNREADABLE) setAside(group);
      else if (folded != null) writes.add(new DeviceWrite(group.id, folded, before));
    }
    observations += writes.size();
    return writes;
  }

  /** Null when nothing changes, {@link #UNREADABLE} when what is stored is no JSON object. */
  private byte[] folded(Group group, byte[] existing) {
    byte[] changed = null;
    for (Part part : group.parts) {
      ObservationFold fold = open(part.way, changed == null ? existing : changed);
      if (fold == null) return UNREADABLE;
      for (Placed event : part.events) add(fold, event);
      if (fold.changed()) changed = fold.json();
    }
    return changed;
  }

  /** Null when what is stored is no JSON object. */
  private static ObservationFold open(Way way, byte[] existing) {
    try {
      return way.mapping.open(way.key, existing);
    } catch (IllegalArgumentException unreadable) {
      if (existing == null) throw unreadable;
      return null;
    }
  }

  /** Writing over it would be to decide that it is lost: that is for people, who can send these again when it is mended. */
  private void setAside(Group unreadable) {
    for (Part part : unreadable.parts) {
      for (Placed event : part.events)
        setAside(event, "unreadable-observation", "Observation/" + unreadable.id
            + " is kept but cannot be read any more. Bring its row back from a backup, or put or delete it.");
      taken -= part.events.size();
    }
  }

  /** What a rule knew before the batch stays, so that the reading counts when it is sent again. */
  private void setAside(Placed event, String reason, String detail) {
    letters.add(letter(event.event, reason, detail));
    if (event.captured != null) capturing.forget(event.captured);
  }

  private void add(ObservationFold fold, Placed event) {
    try {
      fold.add(event.kept);
    } catch (UnusableEvent unusable) {
      setAside(event, unusable.reason, unusable.getMessage());
      taken--;
    }
  }

  /** Complete once every Observation is folded. */
  List<DeadLetter> letters() {
    return letters;
  }

  /** What rules know after this batch; empty when no reading of it has one. */
  List<ShardStore.Captured> captured() {
    return capturing.changed();
  }

  /** What rules over measurements make of this batch. */
  ShardStore.Judged judged() {
    return judging == null ? ShardStore.Judged.NOTHING : judging.judged();
  }

  Map<String, Source> marks() {
    return marks;
  }

  /** The transaction is through: now it counts. */
  void committed(ShardMetrics metrics) {
    limit.committed();
    if (judging != null) judging.committed();
    metrics.events.increment(taken);
    metrics.repeated.increment(repeated);
    metrics.thinned.increment(thinned);
    metrics.observations.increment(observations);
    letters.forEach(letter -> metrics.deadLetters(letter.reason(), 1));
    limited.forEach(metrics::limited);
  }

  /** Dead letters not kept. */
  int limited() {
    return limited.values().stream().mapToInt(Integer::intValue).sum();
  }
}
