-- HL7 v2 messages that are in the store, so that one that comes again changes nothing, however late: the SHA-256 of its bytes.
create table hl7_done (
  id bytea primary key,
  at timestamptz not null default now()
);
create index on hl7_done (at);
-- Those that could not be used, each once, with why and with what it takes to try again.
create table hl7_dead_letter (
  id         bytea primary key,    -- as above
  serial     bigint not null unique generated always as identity, -- of one sender's they are kept in the order in which they came
  sender     text not null,        -- MSH-3 and MSH-4, with a | between them
  control_id text not null,
  type       text not null,        -- MSH-9
  patients   text[] not null,      -- PID-2, PID-3, PID-4 and MRG-1 without their authorities, to find and remove one patient's
  reason     text not null,
  detail     text not null,
  envelope   text not null,        -- JSON: how it came, and as whom it is stored
  payload    bytea not null,
  received   timestamptz not null,
  at         timestamptz not null default now(),
  replayed   timestamptz           -- when it was last tried again
);
create index on hl7_dead_letter (at, id);
create index on hl7_dead_letter (control_id);
create index on hl7_dead_letter using gin (patients);
