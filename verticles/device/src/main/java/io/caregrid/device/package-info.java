/**
 * Gathers measurements per device and keeps them, exactly once in effect (SHARDING.md).
 *
 * <p>Start at {@link io.caregrid.device.ShardPump}: it reads the partitions this node owns and feeds one {@link io.caregrid.device.ShardVerticle}
 * each, which hands batches to {@link io.caregrid.device.BatchWriter}. Who a device belongs to is {@link io.caregrid.device.DeviceIdentity}'s
 * question, asked before the batch; what watchers see is {@link io.caregrid.device.LiveFeed}'s, which never waits for the batch.
 *
 * <p>Rules over measurements look on: {@link io.caregrid.device.Judging} in each batch; {@link io.caregrid.device.FindingsVerticle} makes resources of what they
 * found, {@link io.caregrid.device.SilenceWatch} finds out who says nothing, and {@link io.caregrid.device.Leftovers} ends what would never end.
 *
 * <p>Invariants, on which everything else rests:
 * <ol>
 * <li>The effect in the target is that of all events of the shard before {@code applied}, once, in log order. Progress and data change in the same
 * transaction, under the lock of the shard's row.
 * <li>{@code applied} never exceeds what was read contiguously: a batch begins at the position the pump continued from, and one that begins beyond
 * {@code applied} is refused.
 * <li>Memory holds only unapplied events and what can be asked for again. Two owners of one shard waste work and do no harm.
 * </ol>
 *
 * <p>Readings carry the Device, the Patient whose it was at that time, and the Encounter that the message names, if the store has it and it is that patient's.
 *
 * <p>Never here: reading raw payloads (ingest), deciding what a value means (templates), HTTP (api).
 */
package io.caregrid.device;
