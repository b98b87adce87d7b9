/**
 * Who calls: access tokens of OpenID Connect issuers (RFC 6750, RFC 7519, OpenID Connect Discovery), and of this node's own key.
 *
 * <p>Start at {@link io.caregrid.api.auth.TokenDoorman}. Bytes to value is pure ({@link io.caregrid.api.auth.Jws},
 * {@link io.caregrid.api.auth.KeySet}, {@link io.caregrid.api.auth.Claims}); {@link io.caregrid.api.auth.Issuer} fetches keys around it. The one
 * invariant: <b>nobody becomes a caller without a signature that a key of the named issuer verifies, by an algorithm that the key is for</b>.
 *
 * <p>Never here: what a caller may (contract's Roles), the token itself in a log line, an error or a metric.
 */
package io.caregrid.api.auth;
