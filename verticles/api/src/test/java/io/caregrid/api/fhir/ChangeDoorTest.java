package io.caregrid.api.fhir;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.client.HttpResponse;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Conditions, patches, deletions, labels and histories over HTTP, also as entries of bundles. */
class ChangeDoorTest extends WithBundles {
  @Test
  void sixtyFourConditionalCreatesOverHttpAtOnceMakeOne() {
    List<Integer> statuses = IntStream.range(0, 64)
        .parallel()
        .mapToObj(i -> ward.send("POST", "/fhir/Patient", patient(),
            "If-None-Exist", "identifier=urn:door|" + mark).statusCode())
        .toList();

    assertEquals(1, statuses.stream().filter(status -> status == 201).count());
    assertEquals(63, statuses.stream().filter(status -> status == 200).count());
    assertEquals(1, found());
  }

  @Test
  void conditionsGoIntoTheAddressForPutPatchAndDelete() {
    String where = "/fhir/Patient?identifier=urn:door%7C" + mark;
    String patch = "[{\"op\":\"add\",\"path\":\"/active\",\"value\":true}]";

    HttpResponse<Buffer> made = ward.send("PUT", where, patient());
    HttpResponse<Buffer> patched = ward.send("PATCH", where, Buffer.buffer(patch), "Content-Type",
        "application/json-patch+json");
    HttpResponse<Buffer> gone = ward.send("DELETE", where, (String) null);

    assertEquals(201, made.statusCode());
    assertTrue(made.getHeader("Location").endsWith("/_history/1"));
    assertEquals(200, patched.statusCode());
    assertTrue(patched.bodyAsJsonObject().getBoolean("active"));
    assertEquals(200, gone.statusCode());
    assertEquals("1", gone.getHeader("Items-Deleted"));
    assertEquals(0, found());
    assertEquals(400, ward.send("DELETE", "/fhir/Patient", (String) null).statusCode());
    assertEquals(400, ward.send("PUT", "/fhir/Patient", patient()).statusCode());
  }

  @Test
  void aPatchThatBreaksTheResourceIsToldWithEverythingThatIsWrong() {
    String id = ward.send("POST", "/fhir/Patient", patient()).bodyAsJsonObject().getString("id");
    String patch = "[{\"op\":\"add\",\"path\":\"/gender\",\"value\":\"none\"},{\"op\":\"add\",\"path\":\"/birthDate\",\"value\":\"x\"}]";

    HttpResponse<Buffer> broken = ward.send("PATCH", "/fhir/Patient/" + id, Buffer.buffer(patch), "Content-Type",
        "application/json-patch+json");
    HttpResponse<Buffer> moved = ward.send("PATCH", "/fhir/Patient/" + id,
        Buffer.buffer("[{\"op\":\"replace\",\"path\":\"/id\",\"value\":\"other\"}]"), "Content-Type",
        "application/json-patch+json");

    assertEquals(422, broken.statusCode());
    assertEquals(2, broken.bodyAsJsonObject().getJsonArray("issue").size());
    assertEquals(422, moved.statusCode());
    assertTrue(
        ward.send("PATCH", "/fhir/Patient/" + id, Buffer.buffer("{}"), "Content-Type", "application/merge-patch+json")
            .bodyAsString()
            .contains("application/json-patch+json"));
    assertEquals(415, ward.send("PATCH", "/fhir/Patient/" + id, Buffer.buffer("x"), "Content-Type", "text/plain")
        .statusCode());
  }

  @Test
  void aHardDeleteLeavesNothing() {
    String id = ward.send("POST", "/fhir/Patient", patient()).bodyAsJsonObject().getString("id");

    assertEquals(200, ward.send("DELETE", "/fhir/Patient/" + id + "?_hardDelete=true", (String) null).statusCode());

    assertEquals(404, ward.send("GET", "/fhir/Patient/" + id, (String) null).statusCode());
    assertEquals(404, ward.send("GET", "/fhir/Patient/" + id + "/_history", (String) null).statusCode());
    assertEquals(404, ward.send("GET", "/fhir/Patient/" + id + "/_history/1", (String) null).statusCode());
  }

  @Test
  void whatIsLeftOfAPurgedHistoryIsTheCurrentVersionAsItWas() {
    String id = "p-" + mark;
    String address = "/fhir/Patient/" + id;
    for (String active : List.of("true", "false", "true"))
      ward.send("PUT", address, patient().replace("\"Patient\",", "\"Patient\",\"id\":\"" + id + "\",\"active\":"
          + active + ","));
    HttpResponse<Buffer> before = ward.send("GET", address, (String) null);
    HttpResponse<Buffer> outdated = ward.send("DELETE", address + "/$purge-history", (String) null, "If-Match",
        "W/\"2\"");
    assertEquals(3, versions(address));

    HttpResponse<Buffer> purged = ward.send("DELETE", address + "/$purge-history", (String) null);

    assertEquals(412, outdated.statusCode());
    assertEquals(204, purged.statusCode());
    assertNull(purged.body());
    assertEquals("W/\"3\"", purged.getHeader("ETag"));
    HttpResponse<Buffer> after = ward.send("GET", address, (String) null);
    assertEquals(before.body(), after.body());
    assertEquals(before.getHeader("ETag"), after.getHeader("ETag"));
    assertEquals(1, versions(address));
    assertEquals(404, ward.send("GET", address + "/_history/2", (String) null).statusCode());
    assertEquals(200, ward.send("GET", address + "/_history/3", (String) null).statusCode());
    assertEquals(405, ward.send("POST", address + "/$purge-history", "{}").statusCode());
    assertEquals(404,
        ward.send("DELETE", "/fhir/Patient/none-" + mark + "/$purge-history", (String) null).statusCode());
    ward.send("DELETE", address, (String) null);
    assertEquals(410, ward.send("DELETE", address + "/$purge-history", (String) null).statusCode());
    assertTrue(ward.send("GET", "/fhir/metadata", (String) null).bodyAsString().contains("\"purge-history\""));
  }

  private int versions(String address) {
    return ward.send("GET", address + "/_history", (String) null).bodyAsJsonObject().getInteger("total");
  }

  @Test
  void aBatchPurgesHistoriesAndATransactionDoesNot() {
    String id = ward.send("POST", "/fhir/Patient", patient()).bodyAsJsonObject().getString("id");
    String address = "/fhir/Patient/" + id;
    assertEquals(200, ward.send("POST", address + "/$meta-add", tagged("a")).statusCode());
    String purge = entry("DELETE", "Patient/" + id + "/$purge-history", null);

    assertEquals(405, bundle("transaction", purge).statusCode());
    assertEquals(2, versions(address));
    assertEquals(List.of("204"), statuses(bundle("batch", purge)));
    assertEquals(1, versions(address));
  }

  private List<String> tags(JsonObject parameters) {
    assertEquals("Parameters", parameters.getString("resourceType"));
    return parameters.getJsonArray("parameter")
        .getJsonObject(0)
        .getJsonObject("valueMeta")
        .getJsonArray("tag", new JsonArray())
        .stream()
        .map(tag -> ((JsonObject) tag).getString("code"))
        .toList();
  }

  @Test
  void labelsAreAddedAndTakenByEntriesOfABatch() {
    String id = ward.send("POST", "/fhir/Patient", patient()).bodyAsJsonObject().getString("id");
    String where = "Patient/" + id + "/$meta-";

    HttpResponse<Buffer> added = bundle("batch", entry("POST", where + "add", tagged("a")),
        entry("POST", "Patient/none-" + mark + "/$meta-add", tagged("a")), entry("POST", where + "add", patient()),
        entry("POST", where + "add", null), entry("POST", where + "add", "{\"resourceType\":\"Parameters\"}"),
        entry("POST", where + "add", tagged("a").replace("\"tag\"", "\"tags\"")), entry("GET", where + "add", null),
        entry("PUT", where + "add", tagged("a")), entry("POST", "Patient/$meta-add", tagged("a")),
        entry("GET", "Patient/" + id + "/$meta", null));

    assertEquals(List.of("200", "404", "400", "400", "400", "422", "405", "400", "404", "200"), statuses(added),
        added.bodyAsString());
    assertEquals(List.of("a"), tags(resource(added, 0)));
    assertEquals(List.of("a"), tags(resource(added, 9)));
    assertEquals(List.of(), tags(resource(bundle("batch", entry("POST", where + "delete", tagged("a"))), 0)));
    assertEquals(3, versions("/fhir/Patient/" + id));
  }

  @Test
  void labelsAreAddedAndTakenWithAllElseOfATransactionOrNotAtAll() {
    String one = ward.send("POST", "/fhir/Patient", patient()).bodyAsJsonObject().getString("id");
    String other = ward.send("POST", "/fhir/Patient", patient()).bodyAsJsonObject().getString("id");
    ward.send("POST", "/fhir/Patient/" + other + "/$meta-add", tagged("old"));
    String add = entry("POST", "Patient/" + one + "/$meta-add", tagged("new"));
    String take = entry("POST", "Patient/" + other + "/$meta-delete", tagged("old"));

    assertEquals(404,
        bundle("transaction", add, take, entry("POST", "Patient/none-" + mark + "/$meta-add", tagged("x")))
            .statusCode());
    assertEquals(400, bundle("transaction", add, add).statusCode(), "both change the same Patient");
    assertEquals(422, bundle("transaction", add, entry("POST", "Patient/" + other + "/$meta-add",
        tagged("x").replace("\"tag\"", "\"tags\""))).statusCode());
    assertEquals(1, versions("/fhir/Patient/" + one));
    HttpResponse<Buffer> done = bundle("transaction", add, take, entry("POST", "Patient", patient()),
        entry("GET", "Patient/" + one + "/$meta", null));

    assertEquals(List.of("200", "200", "201", "200"), statuses(done), done.bodyAsString());
    assertEquals(List.of("new"), tags(resource(done, 0)));
    assertEquals(List.of(), tags(resource(done, 1)));
    assertEquals(List.of("new"), tags(resource(done, 3)));
  }

  @Test
  void aHardDeleteIsOneAsDotNetWritesItToo() {
    ward.send("POST", "/fhir/Patient", patient());
    String id = ward.send("POST", "/fhir/Patient", patient()).bodyAsJsonObject().getString("id");

    String where = "/fhir/Patient?identifier=urn:door%7C" + mark + "&_count=100&hardDelete=True";
    assertEquals("2", ward.send("DELETE", where, (String) null).getHeader("Items-Deleted"));

    assertEquals(404, ward.send("GET", "/fhir/Patient/" + id, (String) null).statusCode());
  }

  @Test
  void historiesOfATypeAndOfAllComeInPages() {
    for (int i = 0; i < 3; i++) ward.send("POST", "/fhir/Patient", patient());

    JsonObject type = ward.send("GET", "/fhir/Patient/_history?_count=2", (String) null).bodyAsJsonObject();
    JsonObject all = ward.send("GET", "/fhir/_history?_count=2", (String) null).bodyAsJsonObject();

    assertEquals("history", type.getString("type"));
    assertEquals(2, type.getJsonArray("entry").size());
    assertEquals("next", type.getJsonArray("link").getJsonObject(1).getString("relation"));
    assertEquals(2, all.getJsonArray("entry").size());
    String next = type.getJsonArray("link").getJsonObject(1).getString("url").substring(ward.base().length());
    assertEquals(200, ward.send("GET", next, (String) null).statusCode());
    assertEquals(400, ward.send("GET", "/fhir/Patient/_history?_sort=name", (String) null).statusCode());
  }
}
