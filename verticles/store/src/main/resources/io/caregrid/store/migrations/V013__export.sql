-- Bulk exports under way and done (FHIR Bulk Data 2.0): every node sees them, and whichever holds one makes its files.
create table export_job (
  id         uuid primary key,
  subject    text not null,        -- who asked, and who vouches for him
  issuer     text,
  request    text not null,        -- the address he asked at
  asked      text not null,        -- JSON: what he asked for
  state      text not null,        -- open, done, failed or cancelled
  created    timestamptz not null default now(),
  attempt    int not null default 0,
  holder     uuid,
  held_until timestamptz not null default '-infinity',
  progress   text not null default '',
  as_of      timestamptz,          -- everything changed until then is in the files
  result     text,                 -- JSON: the files
  failure    text,                 -- JSON: status, issue and what went wrong
  expires    timestamptz
);
create index on export_job (created);
