-- Rules over measurements. What they know of the readings before, what they found, and when devices were heard of last change in the transaction that keeps the
-- readings; what was found becomes resources from there.

-- What the thresholds know of one device. Goes with it or its Patient, and when no reading has come for 30 days and nothing lasts.
create table threshold_state (
  target   text not null,
  topic_id uuid not null,
  epoch    int  not null,
  shard    int  not null,
  device   text not null,     -- id of the Device
  patient  text not null,     -- id of the Patient of the newest reading
  state    text not null,     -- JSON, by rule
  lasts    boolean not null,  -- something that was found is not over
  day      date not null default current_date, -- of the last reading
  primary key (target, topic_id, epoch, shard, device)
);
create index on threshold_state (device);
create index on threshold_state (patient);
create index on threshold_state (day) where not lasts;

-- When something of a device came last, by the log. Only where there is a rule about silence.
create table device_heard (
  device text not null,         -- id of the Device
  type   text not null,         -- of the measurements, in small letters; empty: any
  shard  int not null,
  heard  timestamptz not null,
  primary key (device, type)
) with (fillfactor = 70);

-- What was found and is not over, and what of it has still to be written. The resource has the row's id.
create table rule_finding (
  id       text primary key,
  rule     text not null,
  makes    text not null,
  text     text not null,
  severity text not null,
  device   text not null,
  patient  text not null,
  began    timestamptz not null,
  ended    timestamptz,                    -- null: it lasts
  made     boolean not null default false, -- the resource has been written
  due      boolean not null default true,  -- it has still to be written, or ended
  tried    timestamptz not null default now()
);
create index on rule_finding (tried) where due;
create index on rule_finding (rule, device) where ended is null;
create index on rule_finding (device);
create index on rule_finding (patient);

-- Silence counts only while somebody listened: until when that was, and when nobody did, by type of measurements as in device_heard.
create table silence_watch (
  type text primary key,
  seen timestamptz not null
);
create table silence_gap (
  type  text not null,
  began timestamptz not null,
  ended timestamptz not null,
  primary key (type, began)
);
