-- A place whose bytes are about to be erased takes no row: an insert that is asked again after its answer was lost may come after a removal.
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
