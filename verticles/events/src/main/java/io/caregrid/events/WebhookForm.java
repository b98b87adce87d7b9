package io.caregrid.events;

import io.caregrid.events.Courier.Letter;
import io.vertx.core.buffer.Buffer;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** The event, signed. */
final class WebhookForm implements Form {
  private static final int AT_ONCE = 4;
  private final String source;
  private final List<byte[]> secrets;

  WebhookForm(String source, List<byte[]> secrets) {
    this.source = source;
    this.secrets = List.copyOf(secrets);
  }

  @Override
  public Message of(List<Letter> letters, Instant now) {
    Letter letter = letters.get(0);
    String id = letter.delivery().key();
    Buffer body = Event.of(letter.delivery(), source, letter.resource());
    return new Message(body, Map.of(Signature.ID, id, Signature.TIMESTAMP, Long.toString(now.getEpochSecond()),
        Signature.SIGNATURE, Signature.of(secrets, id, now, body.getBytes())));
  }

  @Override
  public int atOnce() {
    return AT_ONCE;
  }
}
