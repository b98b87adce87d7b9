/**
 * Where the lake's objects are: a folder or an S3-compatible store, behind a few calls.
 *
 * <p>Start at {@link io.caregrid.analytics.lake.store.ObjectStore}; {@link io.caregrid.analytics.lake.store.Place} opens the one that the settings name.
 * The one call that everything rests on is {@code putIfAbsent}: of many who write the same name one wins, also when the answer was lost. Nothing here knows
 * what is in an object.
 */
package io.caregrid.analytics.lake.store;
