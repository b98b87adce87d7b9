-- A target that gets resources as they are, and not what happened to them: a change waits for the next one of its resource, and what was there before the target
-- is told as well.
alter table tell_delivery add column wait int not null default 0; -- milliseconds from its enrolment that it is due at the earliest
alter table tell_target add column filled text collate "C";       -- ids up to here that were there before it are enrolled; null: all that shall be
