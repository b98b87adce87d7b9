package io.caregrid.perf;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class WardTest {
  private final Ward ward = new Ward(999_999, Instant.parse("2026-11-22T10:17:00Z"));

  @Test
  void aMessageNamesItsDeviceTheSecondAndWhatWasMeasured() {
    assertEquals(
        "{\"deviceId\":\"perf-012345\",\"patientId\":\"perf-012345\",\"time\":\"2026-11-22T10:30:07Z\",\"heartRate\":114}",
        text(ward.message(12_345, 1_807)));
  }

  @Test
  void messagesOfOneSecondLeaveNothingOfEachOtherBehind() {
    Ward.Messages messages = ward.messages(59);

    for (int device : new int[] {999_998, 2, 1, 100_000}) {
      String name = ward.name(device);
      assertEquals("{\"deviceId\":\"" + name + "\",\"patientId\":\"" + name
          + "\",\"time\":\"2026-11-22T10:00:59Z\",\"heartRate\":" + ward.value(device, 59) + "}",
          text(messages.of(device)));
    }
  }

  private static String text(byte[] message) {
    return new String(message, StandardCharsets.US_ASCII);
  }
}
