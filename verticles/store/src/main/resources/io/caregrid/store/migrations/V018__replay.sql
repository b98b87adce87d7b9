-- What a dead letter needs to be sent again as it came, and whether it was.
alter table dead_letter
  add column headers     text,         -- JSON object: those of its record
  add column replayed    timestamptz,  -- when it was last sent again
  add column replayed_by text;
