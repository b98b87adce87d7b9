package io.caregrid.platform.demo;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

/**
 * The device at one bed: heart rate, saturation and breathing every second, pressure every 30 s, temperature every 60 s. Now and then it falls silent, as
 * real ones do when a plug is pulled, and comes back.
 */
final class Monitor {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int PRESSURE_SECONDS = 30;
  private static final int TEMPERATURE_SECONDS = 60;
  /** In each such stretch of time a monitor may be silent once. */
  private static final int STRETCH_SECONDS = 600;
  private static final double SILENT_STRETCHES = 0.12;

  private final Bed bed;
  private final Physiology physiology;

  Monitor(Bed bed, Physiology physiology) {
    this.bed = bed;
    this.physiology = physiology;
  }

  Bed bed() {
    return bed;
  }

  /** The monitor sends nothing for 30 to 90 s. Those of the two stories never do. */
  boolean isSilent(Instant time) {
    if (bed.story() != Bed.Story.STEADY) return false;
    long stretch = Math.floorDiv(time.getEpochSecond(), STRETCH_SECONDS);
    long seed = bed.number() * 1000L;
    if (Noise.chance(seed + 30, stretch) > SILENT_STRETCHES) return false;
    double into = Math.floorMod(time.getEpochSecond(), (long) STRETCH_SECONDS);
    double begins = (STRETCH_SECONDS - 90) * Noise.chance(seed + 31, stretch);
    return into >= begins && into < begins + 30 + 60 * Noise.chance(seed + 32, stretch);
  }

  /** The message of this second, UTF-8 JSON. */
  byte[] message(Instant time) {
    Physiology.State state = physiology.at(bed, time);
    long second = time.getEpochSecond() + bed.number();
    ObjectNode message = JSON.createObjectNode()
        .put("deviceId", bed.device())
        .put("patientId", bed.mrn())
        .put("time", time.truncatedTo(ChronoUnit.MILLIS).toString())
        .put("heartRate", Math.round(state.heartRate()))
        .put("spo2", Math.round(Math.min(100, state.spo2())))
        .put("respiration", Math.round(state.respiration()));
    if (second % TEMPERATURE_SECONDS == 0) message.put("temperature", Math.round(state.temperature() * 10) / 10.0);
    if (second % PRESSURE_SECONDS == 0)
      message.put("systolic", Math.round(state.systolic())).put("diastolic", Math.round(state.diastolic()));
    try {
      return JSON.writeValueAsBytes(message);
    } catch (JsonProcessingException impossible) {
      throw new IllegalStateException(impossible);
    }
  }
}
