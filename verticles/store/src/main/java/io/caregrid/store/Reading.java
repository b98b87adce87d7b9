package io.caregrid.store;

import io.caregrid.contract.Caller;
import io.vertx.core.Future;

/** What may be asked of the store: by itself, or within a transaction, which then sees what it has written so far. Every method is audited. */
public interface Reading {
  /** NotFound 404, Gone 410, Unreadable 500. */
  Future<Stored> read(Caller caller, String type, String id);

  /** NotFound 404, Gone 410 when that version is a deletion, Unreadable 500. */
  Future<Stored> vread(Caller caller, String type, String id, int version);

  /** Versions of one resource, newest first unless the query says otherwise. NotFound 404 when the id was never there. */
  Future<Page> history(Caller caller, String type, String id, HistoryQuery query);

  /**
   * Versions of all resources of a type, newest first unless the query says otherwise; without a total.
   *
   * @param type null for all types
   */
  Future<Page> history(Caller caller, String type, HistoryQuery query);

  /**
   * Newest created first unless {@code _sort} says otherwise. Invalid 400 when a value cannot be read, a modifier is not supported, or a parameter is
   * {@link FhirStore#unknown}: whoever wants to be lenient leaves those out before.
   */
  Future<Page> search(Caller caller, SearchQuery query);
}
