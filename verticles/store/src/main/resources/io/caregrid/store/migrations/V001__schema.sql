-- Caregrid's tables. Every resource type has the same two: r_<type> holds the current version of each resource with everything that searches it,
-- h_<type> the versions before. A new type is one call of add_resource_type.

create sequence resource_sid;

-- name  FHIR resource type; dated  has a primary date, so (d0) and (pat, d0) are indexed; fill  fillfactor: 70 where versions come often
create function add_resource_type(name text, dated boolean, fill int) returns void language plpgsql as $$
declare
  r text := 'r_' || lower(name);
  h text := 'h_' || lower(name);
begin
  execute format('create table %I (
    sid    bigint not null default nextval(''resource_sid''), -- given once, in order of creation
    pat    bigint,               -- hash of the Patient whose compartment it is in
    fp     bigint not null,      -- fingerprint of pat, d0 and tok: the same fingerprint, no index to change
    upd    timestamptz not null, -- meta.lastUpdated, milliseconds; not indexed, so that a merge stays a HOT update
    d0     timestamptz not null, -- primary date: from, inclusive
    d1     timestamptz not null, -- and to, exclusive
    ver    int not null,
    hour   int not null,         -- hour of upd since 1970: orders by time, and changes at most once an hour
    del    boolean not null,
    device boolean not null,     -- this version was written by a shard, not by a person or a program
    id     text collate "C" primary key,
    tok    bigint[] not null,    -- hashes of everything that finds it
    body   bytea                 -- one flag byte, then the JSON as answered; null when deleted
  ) with (fillfactor = %s, toast_tuple_target = 4080)', r, fill);
  execute format('alter table %I alter column body set storage external, alter column tok set statistics 400', r);
  execute format('create index on %I using gin (tok) with (fastupdate = off)', r);
  execute format('create index on %I (sid)', r);
  execute format('create index on %I (hour)', r);
  if dated then
    execute format('create index on %I (d0, sid)', r);
    execute format('create index on %I (pat, d0, sid)', r);
  else
    execute format('create index on %I (pat, sid)', r);
  end if;
  execute format('create table %I (
    id     text collate "C" not null,
    ver    int not null,
    upd    timestamptz not null,
    del    boolean not null,
    device boolean not null,
    body   bytea,
    primary key (id, ver)
  )', h);
  execute format('alter table %I alter column body set storage external', h);
end $$;

select add_resource_type('Patient', true, 90);
select add_resource_type('Device', false, 90);
select add_resource_type('Observation', true, 70);

-- The change feed. A change is queued by the statement that makes it, while that holds the resource's row, so serials of one resource follow
-- its versions (the sequence must not be cached per connection for that). stamp_changes gives queued changes their place in the feed.
create table change_queue (
  serial bigint generated always as identity primary key,
  type   text not null,
  id     text not null,
  ver    int not null,
  op     text not null,        -- C, U or D
  at     timestamptz not null
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000, autovacuum_vacuum_cost_delay = 0);

create table feed_head (
  one         boolean primary key default true check (one),
  incarnation int not null,
  position    bigint not null   -- the last one given
);
insert into feed_head (incarnation, position) values (1, 0);

create table feed (
  incarnation int not null,
  position    bigint not null,
  mark        uuid not null,
  type        text not null,
  id          text not null,
  ver         int not null,
  op          text not null,
  at          timestamptz not null,
  stamped     timestamptz not null,
  primary key (incarnation, position)
);

create table feed_listener (
  name        text primary key,
  incarnation int not null,
  position    bigint not null,
  mark        uuid             -- null only at position 0
);

-- Moves visible changes from the queue to the feed. Whoever holds the head's row is the sequencer; anybody else gets 0 at once.
create function stamp_changes(most int) returns int language plpgsql as $$
declare
  head feed_head%rowtype;
  moved int;
begin
  select * into head from feed_head for update skip locked;
  if not found then return 0; end if;
  with taken as (
    delete from change_queue where serial in (select serial from change_queue order by serial limit most) returning *)
  insert into feed (incarnation, position, mark, type, id, ver, op, at, stamped)
    select head.incarnation, head.position + row_number() over (order by serial), gen_random_uuid(), type, id, ver, op, at, now() from taken;
  get diagnostics moved = row_count;
  if moved > 0 then update feed_head set position = position + moved; end if;
  return moved;
end $$;

-- How far each shard's events are in effect in its target (SHARDING.md, "The heart").
create table shard_progress (
  target   text not null,
  topic_id uuid not null,
  epoch    int not null,
  shard    int not null,
  applied  bigint not null,
  sources  jsonb not null,
  primary key (target, topic_id, epoch, shard)
) with (fillfactor = 50);

create table dead_letter (
  source  text primary key,
  reason  text not null,
  detail  text not null,
  device  text,
  payload bytea not null,
  at      timestamptz not null
);
create index on dead_letter (at, source);
