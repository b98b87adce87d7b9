package io.caregrid.api.auth;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * Who gives the tokens that this node takes, for clients that have to find out.
 *
 * @param asks     every door asks who calls
 * @param issuer   its URL; null when nobody but the node itself gives tokens, or several do and none of them signs people in here
 * @param metadata what the issuer says of itself (OpenID Connect Discovery 1.0 section 3); null until it has answered for the first time
 */
public record Authority(boolean asks, String issuer, JsonNode metadata) {
  public static final Authority NONE = new Authority(false, null, null);
}
