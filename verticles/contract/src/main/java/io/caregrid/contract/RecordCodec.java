package io.caregrid.contract;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.eventbus.MessageCodec;
import io.vertx.core.json.Json;

/** Lets an immutable record travel the event bus: as itself inside one node, as JSON between nodes. */
public final class RecordCodec<R extends Record> implements MessageCodec<R, R> {
  private final Class<R> type;

  public RecordCodec(Class<R> type) {
    this.type = type;
  }

  @Override
  public void encodeToWire(Buffer wire, R value) {
    Buffer json = Json.encodeToBuffer(value);
    wire.appendInt(json.length()).appendBuffer(json);
  }

  @Override
  public R decodeFromWire(int pos, Buffer wire) {
    int start = pos + 4;
    return Json.decodeValue(wire.slice(start, start + wire.getInt(pos)), type);
  }

  @Override
  public R transform(R value) {
    return value;
  }

  @Override
  public String name() {
    return type.getName();
  }

  @Override
  public byte systemCodecID() {
    return -1;
  }
}
