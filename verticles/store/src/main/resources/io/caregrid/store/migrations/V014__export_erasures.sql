-- What was erased with its history, so that no export that was read before gives it out any more: which transaction erased something of a type, never what.
create table erasure (
  xid  xid8 not null default pg_current_xact_id(),
  type text not null,
  at   timestamptz not null default clock_timestamp(),
  primary key (xid, type)
);
create index on erasure (at);
alter table export_job add types text[];    -- what it exports; null: anything
alter table export_job add snapshot text;   -- the pg_snapshot its files are read from
