package io.caregrid.contract;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import java.util.List;
import java.util.Locale;

/** How a door reads a request's body of JSON: whole, and no more of it than it may have. */
public final class JsonBody {
  private JsonBody() {}

  /**
   * Reads on from where the request was paused.
   *
   * @param types    media types that are taken, in small letters; who sends another one is told the first
   * @param maxBytes a body may have, as sent
   * @return fails with {@link Failure.UnsupportedMedia} 415 or {@link Failure.TooLarge} 413
   */
  public static Future<Buffer> read(HttpServerRequest http, List<String> types, int maxBytes) {
    return read(http, types, maxBytes, (maxBytes >> 20) + " MB");
  }

  /** @param most how who sends more is told of {@code maxBytes} */
  public static Future<Buffer> read(HttpServerRequest http, List<String> types, int maxBytes, String most) {
    String type = http.getHeader(HttpHeaders.CONTENT_TYPE);
    boolean json = type != null && types.contains(type.split(";", 2)[0].strip().toLowerCase(Locale.ROOT));
    if (!json)
      return Future.failedFuture(new Failure.UnsupportedMedia("this address reads Content-Type " + types.get(0)));
    if (http.getHeader(HttpHeaders.CONTENT_ENCODING) != null)
      return Future.failedFuture(new Failure.UnsupportedMedia("this address reads no Content-Encoding"));
    Promise<Buffer> whole = Promise.promise();
    Buffer body = Buffer.buffer();
    http.handler(part -> {
      if (body.length() + part.length() <= maxBytes) body.appendBuffer(part);
      else whole.tryFail(new Failure.TooLarge("the body is larger than " + most));
    });
    http.exceptionHandler(whole::tryFail);
    http.endHandler(end -> whole.tryComplete(body));
    http.resume();
    return whole.future();
  }

  /** What is said of one that is no JSON: Invalid 400 with the place. Jackson has none for what nests too deep, or for a number that is too long. */
  public static Failure unreadable(JsonProcessingException broken) {
    JsonLocation at = broken.getLocation();
    return new Failure.Invalid(at == null
        ? "the body nests deeper than 1000, or has a number of more than 1000 digits, or a name too long"
        : "the body is not JSON: line " + at.getLineNr() + ", column " + at.getColumnNr());
  }
}
