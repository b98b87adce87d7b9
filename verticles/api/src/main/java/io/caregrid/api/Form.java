package io.caregrid.api;

import io.vertx.core.buffer.Buffer;
import io.vertx.ext.web.RoutingContext;
import java.util.function.UnaryOperator;

/**
 * In which form the client wants what a door says in FHIR's JSON, errors included. A door that offers several puts one at the request; else it is JSON.
 *
 * @param contentType of the answer
 * @param plain       the JSON is sent as it is
 * @param written     makes the answer's body of the JSON
 */
public record Form(String contentType, boolean plain, UnaryOperator<Buffer> written) {

  public static final Form JSON = new Form("application/fhir+json; charset=utf-8", true, UnaryOperator.identity());
  private static final String KEY = "form";

  public void put(RoutingContext request) {
    request.put(KEY, this);
  }

  public static Form of(RoutingContext request) {
    return request.get(KEY) instanceof Form form ? form : JSON;
  }
}
