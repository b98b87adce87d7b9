package io.caregrid.device;

import io.caregrid.cluster.Source;
import io.caregrid.store.DeadLetter;
import io.caregrid.store.Progress;
import io.caregrid.store.ShardStore.DeviceWrite;
import io.caregrid.store.Stored;
import io.caregrid.templates.device.Measurement;
import io.caregrid.templates.device.MeasurementJson;
import io.caregrid.templates.observation.FhirMapping;
import io.caregrid.templates.observation.GroupKey;
import io.caregrid.templates.observation.ObservationFold;
import io.caregrid.templates.observation.UnusableEvent;
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
    private final GroupKey key;
    private final List<Batch.Event> events = new ArrayList<>();

    private Group(String id, GroupKey key) {
      this.id = id;
      this.key = key;
    }
  }

  private final int shard;
  private final FhirMapping mapping;
  private final LetterLimit.Pass limit;
  private final Map<GroupKey, Group> byKey = new HashMap<>();
  private final Map<String, Group> byId = new HashMap<>();
  private final List<DeadLetter> letters = new ArrayList<>();
  private final Map<String, Integer> limited = new HashMap<>();
  private Map<String, Source> marks = Map.of();
  private List<Group> groups = List.of();
  private int taken;
  private int repeated;
  private int observations;

  private Plan(int shard, FhirMapping mapping, LetterLimit.Pass limit) {
    this.shard = shard;
    this.mapping = mapping;
    this.limit = limit;
  }

  /** @param owners an answer for every claim in the batch */
  static Plan of(int shard, Batch batch, Progress before, FhirMapping mapping, Owners owners,
      Map<Owner.Claim, Owner> known,
      LetterLimit.Pass limit) {
    Plan plan = new Plan(shard, mapping, limit);
    SourceMarks marks = new SourceMarks(before);
    for (Batch.Event event : batch.events()) {
      if (event.position() < before.applied()) plan.inEffect(marks, event);
      else if (!marks.take(event.source())) plan.repeated++;
      else if (event.measurement() == null) plan.letters.add(event.letter());
      else plan.place(event, known.get(owners.claim(event.measurement().device(), event.measurement().patient())));
    }
    plan.marks = marks.moved();
    plan.groups = new ArrayList<>(plan.byId.values());
    plan.groups.sort(Comparator.comparing(group -> group.id));
    return plan;
  }

  /** Between an old owner's commit and a new one's the log may have lost its tail and grown again: positions alone would not tell. */
  private void inEffect(SourceMarks marks, Batch.Event event) {
    if (marks.above(event.source())) throw new Target.Rewritten(shard, event.position());
  }

  private void place(Batch.Event event, Owner owner) {
    if (owner instanceof Owner.Unknown unknown) {
      setAside(event, unknown);
      return;
    }
    try {
      GroupKey key = mapping.key(event.measurement(), ((Owner.Known) owner).identity());
      byKey.computeIfAbsent(key, this::group).events.add(event);
      taken++;
    } catch (UnusableEvent unusable) {
      letters.add(letter(event, unusable.reason, unusable.getMessage()));
    }
  }

  /** Two keys may name the same Observation: its id decides, or the second would not see the first. */
  private Group group(GroupKey key) {
    return byId.computeIfAbsent(key.observationId(), id -> new Group(id, key));
  }

  private void setAside(Batch.Event event, Owner.Unknown unknown) {
    Measurement measurement = event.measurement();
    if (limit.keeps(measurement.device(), measurement.ingestedAt().toEpochMilli()))
      letters.add(letter(event, unknown.reason(), unknown.detail()));
    else
      limited.merge(unknown.reason(), 1, Integer::sum);
  }

  static DeadLetter letter(Batch.Event event, String reason, String detail) {
    if (event.measurement() == null) return event.letter();
    Measurement measurement = event.measurement();
    return new DeadLetter(event.source(), reason, detail, measurement.device(),
        Buffer.buffer(MeasurementJson.write(measurement)),
        measurement.ingestedAt());
  }

  /** Observations touched. */
  int size() {
    return groups.size();
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
      ObservationFold fold = open(group, existing);
      if (fold == null) {
        setAside(group);
        continue;
      }
      for (Batch.Event event : group.events) add(fold, event);
      if (fold.changed()) writes.add(new DeviceWrite(group.id, fold.json(), before));
    }
    observations += writes.size();
    return writes;
  }

  /** Null when what is stored is no JSON object. */
  private ObservationFold open(Group group, byte[] existing) {
    try {
      return mapping.open(group.key, existing);
    } catch (IllegalArgumentException unreadable) {
      if (existing == null) throw unreadable;
      return null;
    }
  }

  /** Writing over it would be to decide that it is lost: that is for people, who can send these again when it is mended. */
  private void setAside(Group unreadable) {
    for (Batch.Event event : unreadable.events)
      letters.add(letter(event, "unreadable-observation", "Observation/" + unreadable.id
          + " is kept but cannot be read any more. Bring its row back from a backup, or put or delete it."));
    taken -= unreadable.events.size();
  }

  private void add(ObservationFold fold, Batch.Event event) {
    try {
      fold.add(event.measurement());
    } catch (UnusableEvent unusable) {
      letters.add(letter(event, unusable.reason, unusable.getMessage()));
      taken--;
    }
  }

  /** Complete once every Observation is folded. */
  List<DeadLetter> letters() {
    return letters;
  }

  Map<String, Source> marks() {
    return marks;
  }

  /** The transaction is through: now it counts. */
  void committed(ShardMetrics metrics) {
    limit.committed();
    metrics.events.increment(taken);
    metrics.repeated.increment(repeated);
    metrics.observations.increment(observations);
    letters.forEach(letter -> metrics.deadLetters(letter.reason(), 1));
    limited.forEach(metrics::limited);
  }

  /** Dead letters not kept. */
  int limited() {
    return limited.values().stream().mapToInt(Integer::intValue).sum();
  }
}
