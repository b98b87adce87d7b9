/**
 * The two engines Caregrid stands on, small enough for a laptop: a real PostgreSQL and a real Kafka broker, from Maven Central, nothing to install.
 *
 * <p>Start at {@link io.caregrid.engines.LocalPostgres} and {@link io.caregrid.engines.LocalKafka}. They serve {@code caregrid demo} and the tests of
 * every room. The one invariant: what an engine acknowledged survives {@code kill -9} of this process, and a restart on the same folder goes on
 * where it stopped. Both listen on 127.0.0.1 only.
 *
 * <p>Never here: topics, tables, anything Caregrid keeps in them. In production both are machines of their own.
 */
package io.caregrid.engines;
