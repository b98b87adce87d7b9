package io.caregrid.events;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;

class SignatureTest {
  /** The example that Standard Webhooks' libraries are tested with. */
  @Test
  void aReceiversLibraryTakesIt() {
    byte[] secret = Base64.getDecoder().decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    byte[] body = "{\"test\": 2432232314}".getBytes(StandardCharsets.UTF_8);
    Instant at = Instant.ofEpochSecond(1614265330);

    String one = Signature.of(List.of(secret), "msg_p5jXN8AQM9LWM0D4loKWxJek", at, body);

    assertEquals("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", one);
    assertEquals(one + " " + one, Signature.of(List.of(secret, secret), "msg_p5jXN8AQM9LWM0D4loKWxJek", at, body));
  }
}
