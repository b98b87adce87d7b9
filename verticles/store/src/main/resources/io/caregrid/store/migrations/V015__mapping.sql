-- Device and FHIR mappings, every version of them that was ever in force: the highest one of a name is, unless it is the mark of its removal.
create table mapping_version (
  name           text not null,
  version        int not null,          -- from 1, without gaps; never given out again
  device_content bytea,                 -- as it was sent; null: the name was removed
  fhir_mapping   bytea,
  comment        text not null default '',
  changed_by     text not null,         -- who
  issuer         text,                  -- and who vouches for him
  changed_at     timestamptz not null default now(),
  restores       int,                   -- the version whose content was brought back
  -- a database that went back gives out a version again: what was normalised by the other text tells by this
  content_hash   text generated always as
    (left(encode(sha256(sha256(device_content) || sha256(fhir_mapping)), 'hex'), 16)) stored,
  primary key (name, version),
  check ((device_content is null) = (fhir_mapping is null))
);
