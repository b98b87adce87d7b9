package io.caregrid.perf;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.contract.Caller;
import io.caregrid.store.FhirStore;
import io.caregrid.store.ShardKey;
import io.caregrid.store.ShardStore;
import io.caregrid.templates.device.Measurement;
import io.caregrid.templates.observation.FhirMapping;
import io.caregrid.templates.observation.GroupKey;
import io.caregrid.templates.observation.Identity;
import io.caregrid.templates.observation.ObservationFold;
import io.caregrid.templates.observation.UnusableEvent;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * Puts the ward into the store as if it had been sending since the hour began: devices linked to patients, and one Observation each with the first seconds
 * of the hour. It goes through the store's own write path, past the log.
 */
final class Prefill {
  private static final Caller CALLER = Caller.system("perf");
  private static final int AT_ONCE = 200;
  private final Ward ward;
  private final FhirMapping mapping;
  private final FhirStore resources;
  private final ShardStore shards;
  private final ObjectMapper json = new ObjectMapper();

  Prefill(Ward ward, FhirMapping mapping, FhirStore resources, ShardStore shards) {
    this.ward = ward;
    this.mapping = mapping;
    this.resources = resources;
    this.shards = shards;
  }

  /** Ids are the names, so that the driver knows them; the node finds the device by its identifier as always. */
  Identity identity(int device) {
    return new Identity(ward.name(device), ward.name(device), null);
  }

  GroupKey key(int device) throws UnusableEvent {
    return mapping.key(measurement(device, 0), identity(device));
  }

  Future<Void> people() {
    return inSteps(0, ward.devices(), this::person);
  }

  /** @param seconds how much of the hour is filled, 0..3599 */
  Future<Void> observations(int seconds) {
    ShardKey key = new ShardKey("perf-prefill", UUID.randomUUID(), 0, 0);
    return shards.seed(CALLER, key, 1, 0).compose(seeded -> chunk(key, 0, seconds));
  }

  private Future<Void> chunk(ShardKey key, int from, int seconds) {
    if (from >= ward.devices() || seconds == 0) return Future.succeededFuture();
    int to = Math.min(ward.devices(), from + AT_ONCE);
    return shards.inShard(CALLER, key, transaction -> {
      List<ShardStore.DeviceWrite> writes = new ArrayList<>();
      for (int device = from; device < to; device++) writes.add(filled(device, seconds));
      return transaction.lockObservations(writes.stream().map(ShardStore.DeviceWrite::id).toList())
          .compose(locked -> transaction.writeObservations(writes));
    }).compose(written -> chunk(key, to, seconds));
  }

  private ShardStore.DeviceWrite filled(int device, int seconds) {
    try {
      GroupKey key = key(device);
      ObservationFold fold = mapping.open(key, null);
      for (int second = 0; second < seconds; second++) fold.add(measurement(device, second));
      return new ShardStore.DeviceWrite(key.observationId(), fold.json(), null);
    } catch (UnusableEvent impossible) {
      throw new IllegalStateException(impossible);
    }
  }

  private Measurement measurement(int device, int second) {
    return new Measurement(Ward.TYPE, ward.at(second), ward.at(second), ward.name(device), ward.name(device), null,
        null,
        List.of(new Measurement.Property(Ward.VALUE, Integer.toString(ward.value(device, second)))));
  }

  private Future<?> person(int device) {
    ObjectNode patient = json.createObjectNode().put("resourceType", "Patient").put("id", ward.name(device));
    patient.putArray("identifier").addObject().put("value", ward.name(device));
    ObjectNode monitor = json.createObjectNode().put("resourceType", "Device").put("id", ward.name(device));
    monitor.putArray("identifier").addObject().put("value", ward.name(device));
    monitor.putObject("patient").put("reference", "Patient/" + ward.name(device));
    return resources.createIfAbsent(CALLER, "Patient", ward.name(device), patient)
        .compose(there -> resources.createIfAbsent(CALLER, "Device", ward.name(device), monitor));
  }

  private Future<Void> inSteps(int from, int to, java.util.function.IntFunction<Future<?>> work) {
    if (from >= to) return Future.succeededFuture();
    List<Future<?>> step = new ArrayList<>();
    for (int i = from; i < Math.min(to, from + AT_ONCE); i++) step.add(work.apply(i));
    return Future.all(step).compose(done -> inSteps(from + AT_ONCE, to, work));
  }
}
