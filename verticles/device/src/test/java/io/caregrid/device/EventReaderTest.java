package io.caregrid.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.templates.device.Measurement;
import io.caregrid.templates.device.MeasurementJson;
import io.caregrid.templates.sets.MappingMark;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.UUID;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.junit.jupiter.api.Test;

class EventReaderTest {
  private final EventReader reader = new EventReader(UUID.randomUUID());

  @Test
  void aMarkThatIsNoneMakesALetterAndTellsNothingOfItself() {
    for (byte[] wrong : new byte[][] {null, {}, "x@secret".getBytes(StandardCharsets.UTF_8)}) {
      Batch.Event event = reader.read(marked(MappingMark.HEADER, wrong));

      assertNull(event.measurement());
      assertEquals("malformed-measurement", event.letter().reason());
      assertFalse(event.letter().detail().contains("secret"), event.letter().detail());
    }
  }

  @Test
  void whatIsSentAgainIsKnown() {
    assertTrue(reader.read(marked(MappingMark.AGAIN_HEADER, new byte[] {'1'})).again());
    assertFalse(reader.read(marked("other", null)).again());
  }

  @Test
  void anEventCountsWhatItHoldsAndNeighboursShareTheirShortNames() {
    String name = "n".repeat(Measurement.LONGEST_IDENTIFIER);
    Batch.Event usual = read("monitor-1", "p-1", "heartrate", "hr");

    assertTrue(usual.heap() >= 250 && usual.heap() <= 400, "heap " + usual.heap());
    for (Batch.Event large : List.of(read(name, "p-1", "heartrate", "hr"), read("monitor-1", name, "heartrate", "hr"),
        read("monitor-1", "p-1", name, "hr"), read("monitor-1", "p-1", "heartrate", name)))
      assertTrue(large.heap() >= usual.heap() + name.length() - 20, "heap " + large.heap());
    assertSame(usual.measurement().device(), read("monitor-1", null, "heartrate", "hr").measurement().device());
    assertNotSame(read(name, null, "heartrate", "hr").measurement().device(),
        read(name, null, "heartrate", "hr").measurement().device(), "too long to be kept for others");
  }

  private Batch.Event read(String device, String patient, String type, String property) {
    Measurement measurement = new Measurement(type, Readings.NOON, Readings.NOON, device, patient, null, null,
        List.of(new Measurement.Property(property, "70")));
    return reader.read(new ConsumerRecord<>("measurements", 0, 0, null, MeasurementJson.write(measurement)));
  }

  private static ConsumerRecord<byte[], byte[]> marked(String header, byte[] value) {
    ConsumerRecord<byte[], byte[]> record = new ConsumerRecord<>("measurements", 0, 0, null,
        MeasurementJson.write(Readings.heartRate("a", 0, "70")));
    record.headers().add(new RecordHeader(header, value));
    return record;
  }
}
