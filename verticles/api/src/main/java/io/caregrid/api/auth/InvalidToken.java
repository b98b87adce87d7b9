package io.caregrid.api.auth;

import io.caregrid.contract.Failure;

/** What is wrong with a token, said to whoever sent it: never a part of the token. */
final class InvalidToken {
  private InvalidToken() {}

  static Failure.Unauthenticated because(String why) {
    return new Failure.Unauthenticated("the access token is refused: " + why, "invalid_token");
  }
}
