package io.caregrid.dicom.web;

import io.caregrid.contract.Audit;
import io.caregrid.contract.Caller;
import io.caregrid.contract.Gate;
import io.vertx.core.Future;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * One request as every handler of this shelf wants it.
 *
 * @param caller who asks
 * @param base   see {@link Addresses#base}
 */
record Visit(RoutingContext routing, Caller caller, String base) implements Client {

  static Visit of(RoutingContext routing) {
    return new Visit(routing, Gate.caller(routing), Addresses.base(routing));
  }

  /** Null when the address names none, like the next two. Invalid 400 when it cannot be a UID. */
  String study() {
    return Addresses.uid(routing, "study");
  }

  String series() {
    return Addresses.uid(routing, "series");
  }

  String instance() {
    return Addresses.uid(routing, "instance");
  }

  Accept accept() {
    return Accept.of(routing.request().headers().getAll(HttpHeaders.ACCEPT), parameter("accept"));
  }

  /** Null when it is not there. */
  String parameter(String name) {
    return routing.queryParams().get(name);
  }

  HttpServerResponse response() {
    return routing.response();
  }

  @Override
  public boolean isGone() {
    return response().closed();
  }

  @Override
  public boolean hasBegun() {
    return response().headWritten();
  }

  /** Of this visit in the audit trail: what the address names, and what was asked about it. */
  Audit.Entry entry(Audit.Deed deed) {
    List<String> what = Stream.of(study(), series(), instance()).filter(Objects::nonNull).map(Visit::urn).toList();
    return Audit.Entry.of(caller, deed, null).to(what).asking(routing.request().query());
  }

  /** PS3.5 section 9: a UID is an OID. */
  static String urn(String uid) {
    return "urn:oid:" + uid;
  }

  /**
   * Says which version this answer is; patient data may be kept by the client only, and only to be asked about again.
   *
   * @param strong the same bytes, not only the same content
   * @return true: the client has it
   */
  boolean holds(String fingerprint, boolean strong) {
    response().putHeader(HttpHeaders.ETAG, (strong ? "\"" : "W/\"") + fingerprint + "\"")
        .putHeader(HttpHeaders.CACHE_CONTROL, "private, no-cache")
        .putHeader(HttpHeaders.VARY, "Accept")
        .putHeader("X-Content-Type-Options", "nosniff");
    return Fingerprint.matches(routing.request().getHeader(HttpHeaders.IF_NONE_MATCH), fingerprint);
  }

  Future<Void> notModified() {
    return response().setStatusCode(304).end();
  }
}
