-- What the capture rules of a FHIR mapping know of the readings before; changes in the transaction that keeps the readings. Goes with its Device or Patient,
-- and when no reading has come for 30 days.
create table capture_state (
  target   text not null,
  topic_id uuid not null,
  epoch    int  not null,
  shard    int  not null,
  key      text not null,     -- SHA-256 of device, patient, type, correlation and rule
  device   text not null,     -- id of the Device
  patient  text not null,     -- id of the Patient
  state    text not null,     -- JSON
  day      date not null default current_date, -- of the last reading
  primary key (target, topic_id, epoch, shard, key)
);
create index on capture_state (device);
create index on capture_state (patient);
create index on capture_state (day);
