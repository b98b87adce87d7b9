-- The index of the image archive: study, series, instance (PS3.3 A.1.2). Bytes lie in files (dicom-scp, archive); a row says where.
-- Rows of one study are added while its row is locked FOR KEY SHARE and removed while it is locked FOR UPDATE: senders of one study do not wait for
-- each other, and nobody removes a study under them. Counts are counted, never kept: a kept one would be the row they all wait for.

create table image_study (
  id              bigint generated always as identity primary key, -- order of arrival, so newest first is id desc
  study           text collate "C" not null unique,                -- Study Instance UID
  fp              bigint not null,                                 -- hash of attributes: the same hash, nothing to update
  patient_id      text collate "C",                                -- these as searched: lower case, names also without accents
  patient_name    text collate "C",                                -- alphabetic group
  patient_names   text collate "C",                                -- ideographic and phonetic group, each between =
  patient_words   text collate "C",                                -- the parts of all groups, each after a blank
  birth_date      text collate "C",                                -- YYYYMMDD
  accession       text collate "C",
  referring_name  text collate "C",
  referring_names text collate "C",
  referring_words text collate "C",
  study_date      text collate "C",                                -- YYYYMMDD
  description     text collate "C",
  attributes      jsonb not null                                   -- DICOM JSON (PS3.18 annex F) of the latest instance that came
) with (fillfactor = 80, toast_tuple_target = 256);
alter table image_study alter column attributes set storage external;
create index on image_study (patient_id, id);
create index on image_study (patient_name, id);
create index on image_study (accession, id);
create index on image_study (study_date, id);
create index on image_study (birth_date, id);

create table image_series (
  id         bigint generated always as identity primary key,
  study_id   bigint not null,
  series     text collate "C" not null,                            -- Series Instance UID
  fp         bigint not null,
  modality   text collate "C",                                     -- lower case
  model      text collate "C",
  step_date  text collate "C",                                     -- Performed Procedure Step Start Date, YYYYMMDD
  attributes jsonb not null,
  unique (study_id, series)                                        -- bad senders use one Series Instance UID in two studies
) with (fillfactor = 80, toast_tuple_target = 256);
alter table image_series alter column attributes set storage external;
create index on image_series (series);
create index on image_series (modality, study_id);

create table image_instance (
  sid             bigint generated always as identity,             -- order of arrival
  instance        text collate "C" primary key,                    -- SOP Instance UID: one in the whole archive
  series_id       bigint not null,
  sop_class       text collate "C" not null,
  transfer_syntax text collate "C" not null,
  frames          bigint not null,
  node            text collate "C" not null,                       -- the archive folder's own id
  file            text collate "C" not null,                       -- path below that folder
  pos             bigint not null,                                 -- first byte of the Part 10 file
  length          bigint not null,                                 -- bytes
  crc             int not null,                                    -- CRC32C of these bytes
  stored          timestamptz not null,
  attributes      jsonb not null
);
create index on image_instance (series_id, sid);
create index on image_instance (sid);
create index on image_instance (node, file, pos);

-- Bytes nobody finds any more, still to be erased. Written with the removal of the rows, deleted after the bytes are gone.
create table image_garbage (
  id     bigint generated always as identity primary key,
  node   text collate "C" not null,
  file   text collate "C" not null,
  pos    bigint not null,
  length bigint not null
);
create index on image_garbage (node, file, pos);

-- Studies that changed since somebody looked. One line a study and transaction, so that nobody waits; whoever has looked deletes the lines he saw.
create table image_study_change (
  serial bigint generated always as identity primary key,
  study  text collate "C" not null
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000, autovacuum_vacuum_cost_delay = 0);

-- Adds what is new. Answers, for every instance named, where it is: at the place named here, or where it was before.
create function add_images(studies jsonb, series_ jsonb, instances jsonb)
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
    insert into image_instance (instance, series_id, sop_class, transfer_syntax, frames, node, file, pos, length, crc, stored, attributes)
      select n.instance, e.id, n.sop_class, n.transfer_syntax, n.frames, n.node, n.file, n.pos, n.length, n.crc, n.stored, n.attributes
      from jsonb_to_recordset(instances) as n(study text, series text, instance text, sop_class text, transfer_syntax text, frames bigint,
        node text, file text, pos bigint, length bigint, crc int, stored timestamptz, attributes jsonb)
      join image_study s on s.study = n.study
      join image_series e on e.study_id = s.id and e.series = n.series
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

-- Removes series and studies that have no instance. The lock comes first and alone: only then does the next statement see what others added.
create function drop_empty_images(studies text[]) returns void language plpgsql as $$
begin
  perform from image_study where study = any(studies) order by study for update;
  delete from image_series e using image_study s
    where s.study = any(studies) and e.study_id = s.id and not exists (select from image_instance i where i.series_id = e.id);
  delete from image_study s where s.study = any(studies) and not exists (select from image_series e where e.study_id = s.id);
end $$;

-- Removes a study, one series of it or one instance of that, and notes their bytes as garbage. Answers how many instances.
create function remove_images(study_ text, series_ text, instance_ text) returns bigint language plpgsql as $$
declare
  gone bigint;
begin
  perform from image_study where study = study_ for update;
  with removed as (
    delete from image_instance i using image_series e, image_study s
      where s.study = study_ and e.study_id = s.id and i.series_id = e.id
        and (series_ is null or e.series = series_) and (instance_ is null or i.instance = instance_)
      returning i.node, i.file, i.pos, i.length)
  insert into image_garbage (node, file, pos, length) select node, file, pos, length from removed order by file, pos;
  get diagnostics gone = row_count;
  if gone > 0 then
    perform drop_empty_images(array[study_]);
    insert into image_study_change (study) values (study_);
  end if;
  return gone;
end $$;
