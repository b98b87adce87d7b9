package io.caregrid.api.auth;

import com.fasterxml.jackson.databind.JsonNode;
import io.caregrid.contract.Called;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Doorman;
import io.caregrid.contract.Failure;
import io.caregrid.contract.Roles;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.ext.web.RoutingContext;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Knows callers by the access token in their request (RFC 6750 section 2.1; the other two places a token could stand are refused).
 *
 * <p>What is cheap is checked first, so that a token which is wrong anyway costs neither a signature nor a question to its issuer. Signatures are checked
 * elsewhere ({@link Signatures}), each token's once, also when many requests bring it at the same time. A token that was found good is remembered until it
 * expires, and one that was found forged ({@link Admitted}): the next request with it costs one SHA-256.
 */
final class TokenDoorman implements Doorman {
  static final String TOKENS = "auth.tokens";
  private static final Pattern BEARER = Pattern.compile("(?i:bearer) +([A-Za-z0-9\\-._~+/]+=*) *");
  private static final Failure FORGED = InvalidToken.because("its signature is not that of its issuer");
  private final Map<String, Issuer> issuers;
  private final Roles roles;
  private final boolean open;
  private final Admitted admitted;
  private final Signatures signatures;
  private final Map<ByteBuffer, Future<Caller>> underWay = new ConcurrentHashMap<>();
  private final Clock clock;
  private final MeterRegistry metrics;

  /**
   * @param open    who sends no token is let in as {@link Caller#LOCAL}; who sends a wrong one is not
   * @param metrics counter {@code auth.tokens} (tag outcome: accepted, refused, unexamined)
   */
  TokenDoorman(Collection<Issuer> issuers, Roles roles, boolean open, Admitted admitted, Signatures signatures,
      Clock clock, MeterRegistry metrics) {
    this.issuers = issuers.stream().collect(Collectors.toMap(issuer -> issuer.terms().issuer(), Function.identity()));
    this.roles = roles;
    this.open = open;
    this.admitted = admitted;
    this.signatures = signatures;
    this.clock = clock;
    this.metrics = metrics;
  }

  @Override
  public Future<Caller> who(RoutingContext request) {
    List<String> headers = request.request().headers().getAll("Authorization");
    if (headers.isEmpty()) return open ? Future.succeededFuture(Caller.LOCAL) : Future.failedFuture(needed());
    if (headers.size() > 1)
      return Future.failedFuture(new Failure.Invalid("the header Authorization stands here more than once"));
    Matcher bearer = BEARER.matcher(headers.get(0));
    if (!bearer.matches()) return Future.failedFuture(needed());
    return sent(bearer.group(1), Called.of(request).client());
  }

  /** The same for a token that came alone. @param from the address that sent it */
  Future<Caller> sent(String token, String from) {
    return known(token, from).onComplete(done -> count(done.cause()));
  }

  private static Failure needed() {
    return new Failure.Unauthenticated("who are you? Send an access token in the header Authorization: Bearer TOKEN");
  }

  private void count(Throwable cause) {
    String outcome = cause == null ? "accepted" : cause instanceof Failure.Busy ? "unexamined" : "refused";
    metrics.counter(TOKENS, "outcome", outcome).increment();
  }

  /** Whose token this is. @param from where it was sent from; null: we fetched it ourselves */
  Future<Caller> known(String token, String from) {
    ByteBuffer digest = Admitted.digest(token);
    Future<Caller> before = remembered(digest);
    if (before != null) return before;
    try {
      Jws jws = Jws.parse(token);
      Issuer issuer = issuer(jws.claims());
      Claims claims = Claims.of(jws.claims(), issuer.terms(), clock.instant());
      long generation = admitted.generation();
      return issuer.keyFor(jws)
          .compose(key -> once(digest, () -> signatures.checked(from, () -> jws.isSignedBy(key))
              .map(good -> {
                if (good) return admitted.keep(digest, caller(claims, issuer), generation);
                throw admitted.keepForged(digest, FORGED, generation);
              })));
    } catch (Failure refused) {
      return Future.failedFuture(refused);
    }
  }

  /** Null when nothing is known of it. */
  private Future<Caller> remembered(ByteBuffer digest) {
    Caller caller = admitted.find(digest, clock.instant());
    if (caller != null) return Future.succeededFuture(caller);
    Failure forged = admitted.forged(digest);
    return forged == null ? null : Future.failedFuture(forged);
  }

  private Future<Caller> once(ByteBuffer digest, Supplier<Future<Caller>> examination) {
    Future<Caller> examined = underWay.computeIfAbsent(digest, first -> {
      Future<Caller> meanwhile = remembered(digest);
      return meanwhile == null ? examination.get() : meanwhile;
    });
    examined.onComplete(done -> underWay.remove(digest, examined));
    return examined;
  }

  private Issuer issuer(JsonNode claims) {
    Issuer issuer = claims.path("iss").isTextual() ? issuers.get(claims.path("iss").asText()) : null;
    if (issuer == null) throw InvalidToken.because("its issuer (iss) is not one that this node takes tokens of");
    return issuer;
  }

  private Caller caller(Claims claims, Issuer issuer) {
    Set<String> names = new LinkedHashSet<>();
    for (String value : claims.roles()) {
      List<String> meant = issuer.terms().roles().isEmpty()
          ? List.of(value)
          : issuer.terms().roles().getOrDefault(value, List.of());
      meant.forEach(name -> roles.find(name).ifPresent(role -> names.add(role.name())));
    }
    return new Caller(claims.subject(), issuer.terms().issuer(), claims.name(), names, roles.grants(names),
        claims.until(), null, null);
  }
}
