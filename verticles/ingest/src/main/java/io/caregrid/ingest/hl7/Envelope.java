package io.caregrid.ingest.hl7;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.caregrid.contract.Access;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Grants;
import java.util.Set;
import java.util.TreeSet;

/**
 * How a message came, and as whom it is stored: beside it in the log, and beside it among the dead letters.
 *
 * @param link    the way it came, which decides the partition: {@code mllp:10.1.2.3}, {@code http:system-7}
 * @param caller  who sent it, with what he may do
 * @param charset of messages whose MSH-18 names none; empty: ASCII
 */
record Envelope(String link, Caller caller, String charset) {

  private static final ObjectMapper JSON = new ObjectMapper();

  String written() {
    ObjectNode json = JSON.createObjectNode()
        .put("link", link)
        .put("charset", charset)
        .put("subject", caller.subject())
        .put("issuer", caller.issuer())
        .put("name", caller.name())
        .put("address", caller.address())
        .put("trace", caller.trace());
    ArrayNode roles = json.putArray("roles");
    new TreeSet<>(caller.roles()).forEach(roles::add);
    ArrayNode access = json.putArray("access");
    caller.grants().access().stream().sorted().forEach(one -> access.add(one.name()));
    return json.toString();
  }

  /** @throws IllegalArgumentException when this is none */
  static Envelope read(String text) {
    try {
      JsonNode json = JSON.readTree(text);
      Set<String> roles = new TreeSet<>();
      json.path("roles").forEach(one -> roles.add(one.asText()));
      Set<Access> access = new TreeSet<>();
      json.path("access").forEach(one -> access.add(Access.valueOf(one.asText())));
      Caller caller = new Caller(json.path("subject").asText(), json.path("issuer").asText(null),
          json.path("name").asText(null), roles, new Grants(access, Set.of()), null, json.path("address").asText(null),
          json.path("trace").asText(null));
      return new Envelope(json.path("link").asText(), caller, json.path("charset").asText());
    } catch (JsonProcessingException unreadable) {
      throw new IllegalArgumentException("no envelope of a message");
    }
  }
}
