package io.caregrid.dicom.web;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What an answer of ours says, for tests. Multipart is read by our own reader: the black-box cases read us with somebody else's. */
final class Answers {
  private static final ObjectMapper JSON = new ObjectMapper();

  private Answers() {}

  static String text(HttpResponse<byte[]> answer) {
    return new String(answer.body(), StandardCharsets.UTF_8);
  }

  static JsonNode json(HttpResponse<byte[]> answer) throws IOException {
    return JSON.readTree(answer.body());
  }

  /** Null when it is not there. */
  static String header(HttpResponse<?> answer, String name) {
    return answer.headers().firstValue(name).orElse(null);
  }

  /** Failure Reason (0008,1197) of the first in Failed SOP Sequence; 0 when there is none. */
  static int reason(HttpResponse<byte[]> answer) throws IOException {
    return json(answer).at("/00081198/Value/0/00081197/Value/0").asInt();
  }

  /** Of the parts. */
  static String type(HttpResponse<?> answer) {
    return MediaType.of(header(answer, "Content-Type")).parameter("type");
  }

  /** Bodies of the parts, in their order; the answer must be 200. */
  static List<byte[]> parts(HttpResponse<byte[]> answer) {
    assertEquals(200, answer.statusCode(), () -> text(answer));
    Collected collected = new Collected();
    MultipartReader reader = new MultipartReader(MediaType.of(header(answer, "Content-Type")).parameter("boundary"),
        collected);
    reader.feed(Unpooled.wrappedBuffer(answer.body()));
    reader.finish();
    return collected.bodies;
  }

  private static final class Collected implements MultipartReader.Parts {
    final List<byte[]> bodies = new ArrayList<>();
    private final ByteArrayOutputStream part = new ByteArrayOutputStream();

    @Override
    public void begin(Map<String, String> headers) {
      part.reset();
    }

    @Override
    public void data(ByteBuf bytes) {
      part.writeBytes(ByteBufUtil.getBytes(bytes));
    }

    @Override
    public void end() {
      bodies.add(part.toByteArray());
    }
  }
}
