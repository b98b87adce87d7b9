-- Who is told of changes, and of which not yet. A row of tell_delivery is an address, not a payload. Of each target's resource the oldest row has a due time
-- and the others have none: so what is due is found by an index however much waits, and no version overtakes another.

-- One node tells. Whoever takes over raises the term; what still runs in an earlier one changes nothing any more.
create table tell_teller (
  one  boolean primary key default true check (one),
  term int not null default 0,
  seen timestamptz not null default now()   -- when a node with targets or rules was there last
);
insert into tell_teller default values;

create table tell_target (
  name     text primary key,
  seen     timestamptz not null default now(),  -- when it was configured last
  failures int not null default 0,              -- in a row
  failing  timestamptz,                         -- since when it has been failing; null: it is well
  pause    timestamptz,                         -- while it fails nothing is tried before that
  answered timestamptz,                         -- when it was tried last, and with what
  status   int,                                 -- HTTP status; 0: no answer
  error    text,                                -- of the last failure, in our own words
  sent     bigint not null default 0,
  unfit    bigint not null default 0            -- changes on which its filter failed
);

create table tell_delivery (
  target      text not null,
  incarnation int not null,
  position    bigint not null,       -- in the change feed
  type        text collate "C" not null,
  id          text collate "C" not null,
  ver         int not null,
  op          text not null,         -- C, U or D; X: synchronise anew
  at          timestamptz not null,
  bare        boolean not null,      -- its filter failed: nothing of the resource is sent
  enrolled    timestamptz not null default now(),
  tries       int not null default 0,
  due         timestamptz,
  failed      timestamptz,           -- for the first time
  error       text,
  primary key (target, incarnation, position)
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000);
create index on tell_delivery (target, due, incarnation, position) where due is not null;
create index on tell_delivery (target, type, id, incarnation, position);

create table tell_dead (
  target      text not null,
  incarnation int not null,
  position    bigint not null,
  type        text not null,
  id          text not null,
  ver         int not null,
  op          text not null,
  at          timestamptz not null,
  tries       int not null,
  error       text,
  died        timestamptz not null default now(),
  primary key (target, incarnation, position)
);
create index on tell_dead (died);

create table tell_rule (
  name    text primary key,
  seen    timestamptz not null default now(),  -- when it was configured last
  found   bigint not null default 0,   -- how often something fitted that had not before
  errors  bigint not null default 0,
  error   text,                        -- the last one, without a value of a resource
  errored timestamptz
);

-- What fits a rule just now, and since which version: the name of what was made of it.
create table tell_found (
  rule text not null,
  type text collate "C" not null,
  id   text collate "C" not null,
  ver  int not null,
  primary key (rule, type, id)
);
