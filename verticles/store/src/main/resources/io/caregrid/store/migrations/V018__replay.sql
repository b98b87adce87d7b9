-- What a dead letter needs to be sent again as it came, and whether it was.
alter table dead_letter
  add column headers     text,         -- JSON object: those of its record
  add column replayed    timestamptz,  -- when it was last sent again
  add column replayed_by text,
  add column kept_at     timestamptz not null default now();  -- by the clock of this database
create index on dead_letter (at, source) where replayed is null;
create index on dead_letter (reason, at, source);
