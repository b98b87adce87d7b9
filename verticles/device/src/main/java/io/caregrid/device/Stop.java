package io.caregrid.device;

import java.util.Locale;

/** Why a shard must not run until somebody has looked: to go on would lose events silently. */
enum Stop {
  /** Retention has deleted events that are not in effect. */
  LOG_BEGINS_AFTER_APPLIED(
      "retention deleted events that are not in the store; raise the epoch of this shard's progress to go on with the log's end"),
  /** The log lost its tail: what comes next would get positions that are in effect already. */
  LOG_ENDS_BEFORE_APPLIED(
      "the log has gone back behind the store and lost its tail; raise the epoch of this shard's progress to go on with the log's end"),
  /** The log lost its tail and has grown over it: records before {@code applied} are not the ones that were applied. */
  LOG_REWRITTEN(
      "the log went back and was written over: records before the shard's progress are not in the store; raise the epoch of this shard's progress"),
  /** The row of this shard's progress is gone. */
  NO_PROGRESS("the row of this shard in shard_progress is missing; insert it at the position the store has in effect");

  /** What happened and what to do, for the log line. */
  final String advice;

  Stop(String advice) {
    this.advice = advice;
  }

  String tag() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
