-- The change feed of pictures, and extended query tags: by which attributes beside the usual ones pictures are found. See docs/adr/2611-dicom-change-feed-and-tags.md.
-- Nothing here looks at the instances that are there already: what they are told and searched by is made up for in pieces, while pictures come in.

-- Nobody adds a row between looking which is the last one and the trigger that tells of the next.
lock table image_study, image_series, image_instance in access exclusive mode;

-- What happened to instances and has no place in the feed yet. Of one instance the serials are in the order of the changes: its row is locked while one is taken.
create table image_change_queue (
  serial   bigint generated always as identity primary key,
  action   "char" not null,             -- C create, U update, D delete
  study    text collate "C" not null,
  series   text collate "C" not null,
  instance text collate "C" not null
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000, autovacuum_vacuum_cost_delay = 0);

-- The feed. Sequences are 1, 2, 3 …, nothing is ever taken out, and at never goes back: neither by sequence nor by time something comes before what was read.
create table image_feed (
  sequence bigint primary key,
  at       timestamptz not null,        -- when it got its place
  action   "char" not null,
  study    text collate "C" not null,
  series   text collate "C" not null,
  instance text collate "C" not null
);
create index on image_feed (at, sequence);
create index on image_feed (instance, sequence);

-- One row. Whoever gives places holds it.
create table image_feed_head (
  one      boolean primary key default true check (one),
  sequence bigint not null default 0,   -- the last one given
  at       timestamptz not null default '-infinity',
  filled   bigint not null default 0,   -- instances that were here before the feed have their place up to this sid
  fill_to  bigint not null              -- the last of those
);
insert into image_feed_head (fill_to) select coalesce(max(sid), 0) from image_instance;

-- Gives at most so many changes their place, and says how many it looked at. waits: for another who does it just now, so that all that was committed before is in the feed;
-- while what was here before the feed is entered, it is behind anyhow, and nobody waits.
create function stamp_image_changes(most int, waits boolean) returns int language plpgsql
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
declare
  head image_feed_head%rowtype;
  last bigint;
  moved int;
  taken_ int;
  stamp timestamptz;
begin
  -- nothing to do takes no lock; what another is moving just now is still in the queue that we see
  if exists (select from image_feed_head where filled < fill_to) then waits := false;
  elsif not exists (select from image_change_queue) then return 0;
  end if;
  if waits then
    select * into head from image_feed_head for update;
  else
    select * into head from image_feed_head for update skip locked;
  end if;
  if not found then return 0; end if;
  -- later than whatever was read, even where the clock was set back
  stamp := greatest(clock_timestamp(), head.at + interval '1 microsecond');

  -- first what was here before the feed, in the order it came: what happened since has to come behind it
  if head.filled < head.fill_to then
    select max(sid), count(*) into last, taken_ from (
      select sid from image_instance where sid > head.filled and sid <= head.fill_to order by sid limit most) first;
    -- each looked up by its key: a plan of joins that is made while the tables are empty may read all studies for each picture
    insert into image_feed (sequence, at, action, study, series, instance)
      select head.sequence + row_number() over (order by i.sid), stamp, 'C', s.study, e.series, i.instance
      from image_instance i,
        lateral (select x.series, x.study_id from image_series x where x.id = i.series_id offset 0) e,
        lateral (select y.study from image_study y where y.id = e.study_id offset 0) s
      where i.sid > head.filled and i.sid <= last;
    get diagnostics moved = row_count;
    -- some of them may have been removed since they were counted: that is no sign of the end
    update image_feed_head set sequence = head.sequence + moved, at = stamp,
      filled = case when taken_ < most then fill_to else last end;
    if taken_ >= most then return taken_; end if;
    head.sequence := head.sequence + moved;
  end if;

  select max(serial), count(*) into last, taken_ from (select serial from image_change_queue order by serial limit most) first;
  if last is null then return 0; end if;
  with taken as (delete from image_change_queue where serial <= last returning *),
  news as (
    select t.*, coalesce(lag(t.action) over (partition by t.instance order by t.serial),
      (select f.action from image_feed f where f.instance = t.instance order by f.sequence desc limit 1)) as before
    from taken t)
  -- created while it is here: its row was made anew from the files, which is no news
  insert into image_feed (sequence, at, action, study, series, instance)
    select head.sequence + row_number() over (order by serial), stamp, action, study, series, instance
    from news where not (action = 'C' and before is not null and before <> 'D');
  get diagnostics moved = row_count;
  if moved > 0 then update image_feed_head set sequence = head.sequence + moved, at = stamp; end if;
  return taken_;
end $$;

-- How often the list of tags changed. What an instance is indexed by is read while it is taken in, before its row is written: the row says by which list.
create table image_tag_head (
  one   boolean primary key default true check (one),
  epoch int not null default 0
);
insert into image_tag_head default values;

create table image_tag (
  id      int generated always as identity primary key,
  path    text collate "C" not null unique, -- eight hexadecimal digits; of a private one the group, any block, and the element in its creator's
  vr      text not null,
  level   "char" not null check (level in ('S', 'E', 'I')), -- study, series, instance
  creator text,                             -- of a private one
  enabled boolean not null default true,    -- may be asked for
  ready   boolean not null default false,   -- all that was here before the tag is indexed
  operation uuid not null
);

-- Indexing what was here before the tags.
create table image_tag_operation (
  id      uuid primary key,
  paths   text[] not null,
  tags    int[] not null,
  began   timestamptz not null default now(),
  changed timestamptz not null default now(),
  ended   timestamptz
);

-- How far it has come: each archive folder is read by whoever has it.
create table image_tag_walk (
  tag  int not null,
  node text collate "C" not null,
  upto bigint not null,                     -- sid of the last instance that was here before the tag
  done bigint not null default 0,
  primary key (tag, node)
);

-- Instances whose tags were read by an older list, or not at all: to be read again.
create table image_tag_due (
  sid  bigint primary key,
  node text collate "C" not null
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000, autovacuum_vacuum_cost_delay = 0);
create index on image_tag_due (node, sid);

-- A value of a tag: shown with all it has, found by the first. Of a study or series that of the instance that came last.
create table image_tag_value (
  tag    int not null,
  id     bigint not null,                   -- of the row in image_study or image_series; an instance's sid
  sid    bigint not null,                   -- of the instance that has it
  value  jsonb not null,                    -- element of DICOM JSON
  text   text collate "C",                  -- as searched, up to 512 characters: lower case, names also without accents
  names  text collate "C",                  -- of a name, as image_study.patient_names
  words  text collate "C",                  -- of a name, as image_study.patient_words
  number double precision,                  -- of VRs that are numbers
  primary key (tag, id)
);
create index on image_tag_value (tag, text, id) where text is not null;
create index on image_tag_value (tag, number, id) where number is not null;

-- Values that could not be indexed, and files that could not be read.
create table image_tag_error (
  tag      int not null,
  study    text collate "C" not null,
  series   text collate "C" not null,
  instance text collate "C" not null,
  message  text not null,
  at       timestamptz not null default now(),
  primary key (tag, instance)
);
create index on image_tag_error (tag, at, instance);

alter table image_instance add tag_epoch int not null default 0;
alter table image_instance add tag_values jsonb; -- [{tag, value, text, names, words, number} or {tag, error}]: what image_tag_value is given, once; null: nothing

-- Puts the values of some instances in their places. Values of tags that are no more, and of instances, are left out. Whoever calls holds the lock on the list
-- of tags, shared, and the studies.
create function put_image_tags(rows_ jsonb) returns void language plpgsql
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
declare
  late boolean := exists (select from image_tag_due);
begin
  insert into image_tag_value as o (tag, id, sid, value, text, names, words, number)
    select distinct on (n.tag, n.id) n.tag, n.id, n.sid, n.value, n.text, n.names, n.words, n.number
    from (
      select t.id as tag, t.ready, case t.level when 'S' then e.study_id when 'E' then e.series_id else e.sid end as id,
        e.sid, v.value, v.text, v.names, v.words, v.number
      from (select i.sid, i.series_id, (select x.study_id from image_series x where x.id = i.series_id) as study_id, r."values" as vals
          from jsonb_to_recordset(rows_) as r(sid bigint, "values" jsonb),
            lateral (select y.sid, y.series_id from image_instance y where y.sid = r.sid offset 0) i) e,
        lateral jsonb_to_recordset(e.vals) as v(tag int, value jsonb, text text, names text, words text, number double precision)
        join image_tag t on t.id = v.tag
      where v.value is not null) n
    -- mostly the study has it already: then nobody waits for anybody. But as long as older instances are read again, it has to say which one has it
    where (select h.sid > n.sid or h.value = n.value and n.ready and not late
      from image_tag_value h where h.tag = n.tag and h.id = n.id) is not true
    order by n.tag, n.id, n.sid desc
  on conflict (tag, id) do update set sid = excluded.sid, value = excluded.value, text = excluded.text, names = excluded.names,
      words = excluded.words, number = excluded.number
    where o.sid <= excluded.sid;
  insert into image_tag_error (tag, study, series, instance, message)
    select t.id, s.study, e.series, i.instance, v.error
    from jsonb_to_recordset(rows_) as r(sid bigint, "values" jsonb),
      lateral (select y.instance, y.series_id from image_instance y where y.sid = r.sid offset 0) i,
      lateral (select x.series, x.study_id from image_series x where x.id = i.series_id offset 0) e,
      lateral (select z.study from image_study z where z.id = e.study_id offset 0) s,
      lateral jsonb_to_recordset(r."values") as v(tag int, error text)
      join image_tag t on t.id = v.tag
    where v.error is not null
    order by t.id, i.instance
  on conflict (tag, instance) do update set message = excluded.message, at = now();
end $$;

-- Whatever adds a row, this version or the one before: the feed is told, and the tags are indexed or noted to be.
create function image_added() returns trigger language plpgsql set enable_seqscan = off as $$
declare
  current_ int;
  told int;
begin
  -- each looked up by its key, whatever the plan is made over
  insert into image_change_queue (action, study, series, instance)
    select 'C', s.study, e.series, a.instance
    from added a,
      lateral (select x.series, x.study_id from image_series x where x.id = a.series_id offset 0) e,
      lateral (select y.study from image_study y where y.id = e.study_id offset 0) s
    order by a.sid;
  get diagnostics told = row_count;
  if told = 0 then return null; end if;
  -- Who changes the list of tags waits for us, and we for him. The next statement sees the list as it is then.
  perform pg_advisory_xact_lock_shared(hashtext('image'), hashtext('tags'));
  select epoch into current_ from image_tag_head;
  if current_ = 0 then return null; end if;
  insert into image_tag_due (sid, node) select sid, node from added where tag_epoch < current_;
  if exists (select from added where tag_values is not null) then
    perform put_image_tags((select jsonb_agg(jsonb_build_object('sid', sid, 'values', tag_values)) from added where tag_values is not null));
  end if;
  return null;
end $$;
create trigger image_added after insert on image_instance referencing new table as added
  for each statement execute function image_added();

-- What was indexed goes with its row.
create function image_instances_gone() returns trigger language plpgsql
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
declare
  one int;
begin
  if not exists (select from image_tag_head where epoch > 0) or not exists (select from gone) then return null; end if;
  delete from image_tag_due where sid = any(array(select g.sid from gone g));
  for one in select id from image_tag order by id loop
    delete from image_tag_value where tag = one and id = any(array(select g.sid from gone g)) and (select level from image_tag where id = one) = 'I';
    delete from image_tag_error where tag = one and instance = any(array(select g.instance from gone g));
  end loop;
  return null;
end $$;
create trigger image_gone after delete on image_instance referencing old table as gone
  for each statement execute function image_instances_gone();
-- Of a series or a study, whose level the trigger names.
create function image_values_gone() returns trigger language plpgsql
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
declare
  one int;
begin
  for one in select id from image_tag where level::text = tg_argv[0] order by id loop
    delete from image_tag_value where tag = one and id = any(array(select g.id from gone g));
  end loop;
  return null;
end $$;
create trigger image_gone after delete on image_series referencing old table as gone
  for each statement execute function image_values_gone('E');
create trigger image_gone after delete on image_study referencing old table as gone
  for each statement execute function image_values_gone('S');

-- Adds tags, all or none, and answers 'added', 'exists' or 'many'. Rows that are being added are waited for: those behind this know the new list, or are noted.
create function add_image_tags(operation_ uuid, tags jsonb, most int) returns text language plpgsql
set lock_timeout = '3s' set enable_seqscan = off
as $$
declare
  last bigint;
  ids int[];
begin
  perform pg_advisory_xact_lock(hashtext('image'), hashtext('tags'));
  if exists (select from jsonb_to_recordset(tags) as n(path text) join image_tag t on t.path = n.path) then return 'exists'; end if;
  if (select count(*) from image_tag) + jsonb_array_length(tags) > most then return 'many'; end if;
  update image_tag_head set epoch = epoch + 1;
  with added as (
    insert into image_tag (path, vr, level, creator, operation)
      select n.path, n.vr, n.level::"char", n.creator, operation_ from jsonb_to_recordset(tags) as n(path text, vr text, level text, creator text)
      returning id)
  select array_agg(id order by id) into ids from added;
  select coalesce(max(sid), 0) into last from image_instance;
  -- each folder once, by the index: there are few, and may be many millions of rows
  insert into image_tag_walk (tag, node, upto)
    with recursive folder as (
      (select node from image_instance order by node limit 1)
      union all
      select (select i.node from image_instance i where i.node > f.node order by i.node limit 1) from folder f where f.node is not null)
    select t, f.node, last from folder f, unnest(ids) t where f.node is not null;
  insert into image_tag_operation (id, paths, tags) select operation_, array_agg(n.path), ids from jsonb_to_recordset(tags) as n(path text);
  perform end_image_tag_walks();
  return 'added';
end $$;

-- Tags that nobody has anything left to read for are ready, and operations without others have ended.
create function end_image_tag_walks() returns void language plpgsql set enable_seqscan = off as $$
begin
  -- of two who end the walks of one tag in two folders the second sees that the first one has
  perform from image_tag where not ready order by id for update;
  delete from image_tag_walk where done >= upto;
  update image_tag t set ready = true where not ready and not exists (select from image_tag_walk w where w.tag = t.id);
  update image_tag_operation o set ended = now(), changed = now()
    where ended is null and not exists (select from image_tag t where t.id = any(o.tags) and not t.ready);
end $$;

-- Removes a tag; its values go in pieces, afterwards (image_tag_value has none but those of tags that are). False: there is none.
create function remove_image_tag(path_ text) returns boolean language plpgsql
set lock_timeout = '3s' set enable_seqscan = off
as $$
declare
  gone int;
begin
  perform pg_advisory_xact_lock(hashtext('image'), hashtext('tags'));
  delete from image_tag where path = path_ returning id into gone;
  if gone is null then return false; end if;
  update image_tag_head set epoch = epoch + 1;
  delete from image_tag_walk where tag = gone;
  insert into image_tag_gone (tag) values (gone);
  perform end_image_tag_walks();
  return true;
end $$;
create table image_tag_gone (tag int primary key);

-- Removes some values and errors of tags that are no more; how many.
create function sweep_image_tags(most int) returns int language plpgsql as $$
declare
  one int;
  swept int;
  errors int;
begin
  select tag into one from image_tag_gone order by tag limit 1 for update skip locked;
  if one is null then return 0; end if;
  delete from image_tag_value where tag = one and id in (select id from image_tag_value where tag = one order by id limit most);
  get diagnostics swept = row_count;
  delete from image_tag_error where tag = one and instance in (select instance from image_tag_error where tag = one order by instance limit most);
  get diagnostics errors = row_count;
  if swept + errors = 0 then delete from image_tag_gone where tag = one; end if;
  return swept + errors;
end $$;

-- Adds what is new. Answers, for every instance named, where it is: at the place named here, or where it was before.
create or replace function add_images(studies jsonb, series_ jsonb, instances jsonb)
returns table (instance text, study text, series text, node text, file text, pos bigint, length bigint, crc int)
language plpgsql
-- a plan made while the tables are empty is kept when they are not: only index lookups, always
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off
as $$
#variable_conflict use_column
declare
  held int;
  known boolean;
  touched bigint[];
begin
  -- before any row: whoever changes the list of tags waits for us, and those behind him for him
  perform pg_advisory_xact_lock_shared(hashtext('image'), hashtext('tags'));
  -- mostly study and series are here and say the same: then the instances are all there is to add
  perform from jsonb_to_recordset(series_) as n(study text, study_fp bigint, series text, fp bigint)
    join image_study s on s.study = n.study and s.fp = n.study_fp
    join image_series e on e.study_id = s.id and e.series = n.series and e.fp = n.fp
    order by s.study for key share of s;
  get diagnostics held = row_count;
  known := held = jsonb_array_length(series_);

  for attempt in 1..8 loop
    exit when known;
    insert into image_study (study, fp, patient_id, patient_name, patient_names, patient_words, birth_date, accession, referring_name,
        referring_names, referring_words, study_date, description, attributes)
      select n.study, n.fp, n.patient_id, n.patient_name, n.patient_names, n.patient_words, n.birth_date, n.accession, n.referring_name,
        n.referring_names, n.referring_words, n.study_date, n.description, n.attributes
      from jsonb_populate_recordset(null::image_study, studies) n
      where not exists (select from image_study o where o.study = n.study)
      order by n.study
      on conflict (study) do nothing;
    perform from image_study o where o.study in (select n.study from jsonb_populate_recordset(null::image_study, studies) n)
      order by o.study for key share;
    get diagnostics held = row_count;
    exit when held = jsonb_array_length(studies);
  end loop;
  if not known and held < jsonb_array_length(studies) then
    raise exception using errcode = 'serialization_failure', message = 'a study is added and removed at once';
  end if;

  if not known then
    insert into image_series (study_id, series, fp, modality, model, step_date, attributes)
      select s.id, n.series, n.fp, n.modality, n.model, n.step_date, n.attributes
      from jsonb_to_recordset(series_) as n(study text, series text, fp bigint, modality text, model text, step_date text, attributes jsonb)
      join image_study s on s.study = n.study
      where not exists (select from image_series o where o.study_id = s.id and o.series = n.series)
      order by s.id, n.series
      on conflict (study_id, series) do nothing;
  end if;

  with added as (
    insert into image_instance (instance, series_id, sop_class, transfer_syntax, frames, node, file, pos, length, crc, stored, attributes, tag_epoch, tag_values)
      select n.instance, e.id, n.sop_class, n.transfer_syntax, n.frames, n.node, n.file, n.pos, n.length, n.crc, n.stored, n.attributes,
        coalesce(n.tag_epoch, 0), n.tag_values
      from jsonb_to_recordset(instances) as n(study text, series text, instance text, sop_class text, transfer_syntax text, frames bigint,
        node text, file text, pos bigint, length bigint, crc int, stored timestamptz, attributes jsonb, tag_epoch int, tag_values jsonb)
      join image_study s on s.study = n.study
      join image_series e on e.study_id = s.id and e.series = n.series
      where not exists (select from image_garbage g where g.node = n.node and g.file = n.file and g.pos = n.pos)
      order by n.instance, n.pos
      on conflict (instance) do nothing
      returning series_id)
  select coalesce(array_agg(distinct series_id), '{}') into touched from added;

  if not known then
    update image_series o set fp = n.fp, modality = n.modality, model = n.model, step_date = n.step_date, attributes = n.attributes
      from (select s.id as study_id, r.*
        from jsonb_to_recordset(series_) as r(study text, series text, fp bigint, modality text, model text, step_date text, attributes jsonb)
        join image_study s on s.study = r.study) n
      where o.study_id = n.study_id and o.series = n.series and o.fp <> n.fp and o.id = any(touched);
    update image_study o set fp = n.fp, patient_id = n.patient_id, patient_name = n.patient_name, patient_names = n.patient_names,
        patient_words = n.patient_words, birth_date = n.birth_date, accession = n.accession, referring_name = n.referring_name,
        referring_names = n.referring_names, referring_words = n.referring_words, study_date = n.study_date, description = n.description,
        attributes = n.attributes
      from jsonb_populate_recordset(null::image_study, studies) n
      where o.study = n.study and o.fp <> n.fp and o.id in (select e.study_id from image_series e where e.id = any(touched));
  end if;
  insert into image_study_change (study)
    select s.study from image_study s where s.id in (select e.study_id from image_series e where e.id = any(touched));

  -- empty is only what an instance filed elsewhere left behind. Two that come with what is here must not both ask for the stronger lock: a deadlock
  if not known and cardinality(touched) < jsonb_array_length(series_) and exists (
      select from jsonb_to_recordset(series_) as n(study text, series text) join image_study s on s.study = n.study
      join image_series e on e.study_id = s.id and e.series = n.series
      where not exists (select from image_instance i where i.series_id = e.id)) then
    perform drop_empty_images(array(select n.study from jsonb_populate_recordset(null::image_study, studies) n));
  end if;

  return query select i.instance, s.study, e.series, i.node, i.file, i.pos, i.length, i.crc
    from image_instance i join image_series e on e.id = i.series_id join image_study s on s.id = e.study_id
    where i.instance in (select n.instance from jsonb_to_recordset(instances) as n(instance text));
end $$;

-- Removes a study, one series of it or one instance of that, notes their bytes as garbage and tells the feed. Answers how many instances.
create or replace function remove_images(study_ text, series_ text, instance_ text) returns bigint language plpgsql as $$
declare
  gone bigint;
begin
  perform from image_study where study = study_ for update;
  with removed as (
    delete from image_instance i using image_series e, image_study s
      where s.study = study_ and e.study_id = s.id and i.series_id = e.id
        and (series_ is null or e.series = series_) and (instance_ is null or i.instance = instance_)
      returning i.node, i.file, i.pos, i.length, i.sid, i.instance, e.series),
  told as (
    insert into image_change_queue (action, study, series, instance) select 'D', study_, series, instance from removed order by sid)
  insert into image_garbage (node, file, pos, length) select node, file, pos, length from removed order by file, pos;
  get diagnostics gone = row_count;
  if gone > 0 then
    perform drop_empty_images(array[study_]);
    insert into image_study_change (study) values (study_);
  end if;
  return gone;
end $$;
