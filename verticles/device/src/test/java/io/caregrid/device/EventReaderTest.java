package io.caregrid.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caregrid.templates.device.MeasurementJson;
import io.caregrid.templates.sets.MappingMark;
import java.nio.charset.StandardCharsets;
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

  private static ConsumerRecord<byte[], byte[]> marked(String header, byte[] value) {
    ConsumerRecord<byte[], byte[]> record = new ConsumerRecord<>("measurements", 0, 0, null,
        MeasurementJson.write(Readings.heartRate("a", 0, "70")));
    record.headers().add(new RecordHeader(header, value));
    return record;
  }
}
