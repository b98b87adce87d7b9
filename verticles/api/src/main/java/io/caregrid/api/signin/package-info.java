/**
 * People sign in with a browser (OpenID Connect's authorization code flow with PKCE, RFC 7636), and their pages ask the doors as they.
 *
 * <p>Start at {@link io.caregrid.api.signin.SignIn}. The browser gets a cookie of 32 random bytes and nothing else: no token ever reaches a script. What
 * the cookie stands for lies in the database ({@link io.caregrid.store.WebSessions}), under its SHA-256; what renews it is sealed with a key that only
 * the cookie gives. Each request with that cookie and without a token of its own is the signed-in person's ({@link io.caregrid.api.signin.SessionDoorman}).
 *
 * <p>Who somebody is and may, the issuer's access token says, examined as every other token. Never here: passwords.
 */
package io.caregrid.api.signin;
