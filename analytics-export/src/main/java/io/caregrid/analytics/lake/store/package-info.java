/**
 * Where the lake's objects are: a folder or an S3-compatible store, behind six calls.
 *
 * <p>Start at {@link io.caregrid.analytics.lake.store.ObjectStore}. The one call that everything rests on is {@code putIfAbsent}: of many who write the
 * same name one wins, also when the answer was lost. Nothing here knows what is in an object.
 */
package io.caregrid.analytics.lake.store;
