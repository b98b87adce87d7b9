package io.caregrid.api.fhir;

import io.caregrid.api.Ward;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.client.HttpResponse;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtendWith;

/** A test that sends bundles to a ward's door; its patients have a mark of their own. */
@ExtendWith(Ward.Key.class)
abstract class WithBundles {
  final String mark = UUID.randomUUID().toString();
  Ward ward;

  @BeforeEach
  void open(Ward ward) {
    this.ward = ward;
  }

  String patient() {
    return "{\"resourceType\":\"Patient\",\"identifier\":[{\"system\":\"urn:door\",\"value\":\"" + mark + "\"}]}";
  }

  static String entry(String method, String url, String resource) {
    return "{\"request\":{\"method\":\"" + method + "\",\"url\":\"" + url + "\"}"
        + (resource == null ? "" : ",\"resource\":" + resource) + "}";
  }

  HttpResponse<Buffer> bundle(String type, String... entries) {
    return ward.send("POST", "/fhir", "{\"resourceType\":\"Bundle\",\"type\":\"" + type + "\",\"entry\":["
        + String.join(",", entries) + "]}");
  }

  static JsonObject response(HttpResponse<Buffer> bundle, int entry) {
    return bundle.bodyAsJsonObject().getJsonArray("entry").getJsonObject(entry).getJsonObject("response");
  }

  static String issue(HttpResponse<Buffer> outcome) {
    return outcome.bodyAsJsonObject().getJsonArray("issue").getJsonObject(0).getJsonArray("expression").getString(0);
  }

  int found() {
    return ward.send("GET", "/fhir/Patient?identifier=urn:door%7C" + mark, (String) null)
        .bodyAsJsonObject()
        .getJsonArray("entry", new JsonArray())
        .size();
  }

  static JsonObject resource(HttpResponse<Buffer> bundle, int entry) {
    return bundle.bodyAsJsonObject().getJsonArray("entry").getJsonObject(entry).getJsonObject("resource");
  }

  static List<String> statuses(HttpResponse<Buffer> bundle) {
    return bundle.bodyAsJsonObject()
        .getJsonArray("entry")
        .stream()
        .map(entry -> ((JsonObject) entry).getJsonObject("response").getString("status").substring(0, 3))
        .toList();
  }

  static String tagged(String code) {
    return "{\"resourceType\":\"Parameters\",\"parameter\":[{\"name\":\"meta\",\"valueMeta\":{\"tag\":[{\"system\":\"urn:door\","
        + "\"code\":\"" + code + "\"}]}}]}";
  }
}
